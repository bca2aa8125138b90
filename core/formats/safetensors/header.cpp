#include "core/formats/safetensors/header.h"

#include "core/base/error.h"
#include "core/base/plain_text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <unordered_set>

namespace bitlathe::safetensors {

namespace {

struct TypeRow {
    std::string_view name;
    std::optional<ElementType> type;
    int bits;
};
constexpr TypeRow kTypes[] = {
    {"F64", ElementType::F64, 64}, {"F32", ElementType::F32, 32}, {"F16", ElementType::F16, 16}, {"BF16", ElementType::BF16, 16},
    {"I64", ElementType::I64, 64}, {"I32", ElementType::I32, 32}, {"I16", ElementType::I16, 16}, {"I8", ElementType::I8, 8},
    {"U64", ElementType::U64, 64}, {"U32", ElementType::U32, 32}, {"U16", ElementType::U16, 16}, {"U8", ElementType::U8, 8}, {"BOOL", ElementType::Bool, 8},
    {"F8_E4M3", ElementType::F8E4M3FN, 8}, {"F8_E5M2", ElementType::F8E5M2, 8}, {"F8_E8M0", ElementType::F8E8M0, 8},
    {"F8_E4M3FNUZ", ElementType::F8E4M3FNUZ, 8}, {"F8_E5M2FNUZ", ElementType::F8E5M2FNUZ, 8}, {"F4", ElementType::F4E2M1, 4},
    {"F6_E2M3", std::nullopt, 6}, {"F6_E3M2", std::nullopt, 6}, {"C64", std::nullopt, 64},
};

const TypeRow* rowOf(std::string_view name) noexcept {
    const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeRow& row) { return row.name == name; });
    return found == std::end(kTypes) ? nullptr : found;
}

constexpr std::size_t kMostTensors = 4'000'000, kMostAxes = 64;

// What the JSON says, event by event: nothing of it is kept that is not asked for.
class Reading : public nlohmann::json_sax<nlohmann::json> {
public:
    Reading(const std::string& file, JobContext& job) : m_file(file), m_job(job) {}

    std::vector<HeaderEntry> entries;  // offsets from the beginning of the data; bytes: up to the end
    std::vector<std::pair<std::string, std::string>> metadata;

    bool null() override { unexpected("null"); }
    bool boolean(bool) override { unexpected("a truth value"); }
    bool number_integer(number_integer_t) override { unexpected("a negative number"); }
    bool number_float(number_float_t, const string_t&) override { unexpected("a fraction"); }
    bool binary(binary_t&) override { unexpected("bytes"); }
    bool number_unsigned(number_unsigned_t value) override {
        if (m_depth != 3) unexpected("a number");
        if (m_numbers.size() > kMostAxes) refuse("has a list of more than " + std::to_string(kMostAxes) + " numbers");
        m_numbers.push_back(value);
        return true;
    }
    bool string(string_t& text) override {
        if (m_depth != 2) unexpected("a text");
        if (m_inMetadata) metadata.emplace_back(m_field, text);
        else if (m_field == "dtype") entries.back().typeName = text;
        else unexpected("a text");
        return true;
    }
    bool start_object(std::size_t) override {
        if (++m_depth > 2) unexpected("an object");
        m_fields = 0;
        m_metadataKeys.clear();
        return true;
    }
    bool end_object() override {
        if (m_depth == 2 && !m_inMetadata && m_fields != 7) refuse("lacks dtype, shape or data_offsets");
        --m_depth;
        return true;
    }
    bool start_array(std::size_t) override {
        if (++m_depth != 3 || m_inMetadata || m_field == "dtype") unexpected("a list");
        m_numbers.clear();
        return true;
    }
    bool end_array() override {
        --m_depth;
        HeaderEntry& entry = entries.back();
        if (m_field == "shape") {
            std::vector<std::int64_t> dims;
            for (const std::uint64_t n : m_numbers) dims.push_back(n <= std::uint64_t(INT64_MAX) ? static_cast<std::int64_t>(n) : -1);
            if (!checkedCount(dims)) refuse("has a shape that is too large");
            entry.shape = Shape(std::move(dims));
        } else {
            if (m_numbers.size() != 2 || m_numbers[0] > m_numbers[1]) refuse("has data_offsets that are no begin and end");
            entry.offset = m_numbers[0];
            entry.bytes = m_numbers[1] - m_numbers[0];
        }
        return true;
    }
    bool key(string_t& name) override {
        if (m_depth == 1) {
            if (entries.size() >= kMostTensors) refuse("is one of more than " + std::to_string(kMostTensors) + " tensors");
            m_inMetadata = name == "__metadata__";
            m_name = name;
            if (name.empty()) refuse("has no name");
            if (!m_names.insert(name).second) refuse("is named twice");
            if (!m_inMetadata) entries.push_back({name, {}, {}, {}, 0, 0});
            if (entries.size() % 4096 == 0) m_job.checkpoint(0.1, "reading the head");
            return true;
        }
        m_field = name;
        if (m_inMetadata) {
            if (!m_metadataKeys.insert(name).second) refuse("has the key '" + plainText(name) + "' twice");
            return true;
        }
        const unsigned bit = name == "dtype" ? 1 : name == "shape" ? 2 : name == "data_offsets" ? 4 : 0;
        if (bit == 0) refuse("has the key '" + plainText(name) + "', which the format does not know");
        if (m_fields & bit) refuse("has the key '" + name + "' twice");
        m_fields |= bit;
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
        refuseInput("'" + m_file + "': the head is no well-formed JSON at byte " + std::to_string(position + 8) + "; the file is damaged, fetch it again");
    }

private:
    [[noreturn]] void refuse(const std::string& what) const {
        refuseInput("'" + m_file + "': tensor '" + plainText(m_name) + "' " + what + "; the file is damaged, fetch it again");
    }
    [[noreturn]] void unexpected(const std::string& what) const {
        if (m_depth < 2) refuseInput("'" + m_file + "': the head has " + what + " where a tensor should be described; the file is damaged, fetch it again");
        refuse("has " + what + " at an unexpected place");
    }

    const std::string& m_file;
    JobContext& m_job;
    int m_depth = 0;
    bool m_inMetadata = false;
    unsigned m_fields = 0;  // 1 dtype, 2 shape, 4 data_offsets
    std::string m_name, m_field;
    std::vector<std::uint64_t> m_numbers;
    std::unordered_set<std::string> m_names, m_metadataKeys;
};

// Types, sizes, and that the tensors cover the data without holes.
void check(Header& header, std::uint64_t dataBytes, const std::string& file) {
    const auto refuse = [&](const HeaderEntry& entry, const std::string& what) {
        refuseInput("'" + file + "': tensor '" + plainText(entry.name) + "' " + what + "; the file is truncated or damaged, fetch it again");
    };
    for (HeaderEntry& entry : header.tensors) {
        const TypeRow* row = rowOf(entry.typeName);
        if (!row) refuseInput("'" + file + "': tensor '" + plainText(entry.name) + "' is of type '" + plainText(entry.typeName) + "', which is not known; save it as F32, F16 or BF16");
        entry.type = row->type;
        const auto bits = static_cast<std::uint64_t>(entry.shape.count()) * static_cast<std::uint64_t>(row->bits);  // below 2^62 · 64: checked by the bytes
        if (static_cast<std::uint64_t>(entry.shape.count()) > (std::uint64_t(1) << 56) || (bits + 7) / 8 != entry.bytes)
            refuse(entry, "has " + std::to_string(entry.bytes) + " bytes, which do not fit " + toText(entry.shape) + " of " + entry.typeName);
        if (entry.offset > dataBytes || entry.bytes > dataBytes - entry.offset)
            refuse(entry, "ends at byte " + std::to_string(header.dataOffset) + " + " + std::to_string(entry.offset) + " + " + std::to_string(entry.bytes) + ", beyond the file's end at " + std::to_string(header.dataOffset + dataBytes));
    }
    std::stable_sort(header.tensors.begin(), header.tensors.end(),
                     [](const HeaderEntry& a, const HeaderEntry& b) { return a.offset != b.offset ? a.offset < b.offset : a.bytes < b.bytes; });
    std::uint64_t at = 0;
    for (HeaderEntry& entry : header.tensors) {
        if (entry.offset < at) refuse(entry, "shares bytes with another one");
        if (entry.offset > at) refuse(entry, "begins " + std::to_string(entry.offset - at) + " bytes after the one before it ends");
        at += entry.bytes;
        entry.offset += header.dataOffset;
    }
    if (at != dataBytes)
        refuseInput("'" + file + "': the last " + std::to_string(dataBytes - at) + " bytes belong to no tensor; the file is damaged, fetch it again");
}

std::uint64_t lengthOf(std::span<const std::byte> head) noexcept {
    std::uint64_t length = 0;
    std::memcpy(&length, head.data(), sizeof length);
    return length;
}

}  // namespace

std::optional<ElementType> typeNamed(std::string_view name) noexcept {
    const TypeRow* row = rowOf(name);
    return row ? row->type : std::nullopt;
}

std::string_view nameInFile(ElementType type) noexcept {
    for (const TypeRow& row : kTypes)
        if (row.type == type) return row.name;
    return {};
}

bool looksLikeHeader(std::span<const std::byte> head) noexcept {
    return head.size() >= 10 && head[8] == std::byte('{') && lengthOf(head) >= 2 && lengthOf(head) <= kLongestHeader;
}

Header parseHeader(std::span<const std::byte> file, const std::string& fileName, JobContext& job) {
    if (file.size() < 10) refuseInput("'" + fileName + "' has " + std::to_string(file.size()) + " bytes, too few for a safetensors file; fetch it again");
    const std::uint64_t length = lengthOf(file);
    if (length > kLongestHeader) refuseInput("'" + fileName + "': the head is said to have " + std::to_string(length) + " bytes, more than the 100 MB that the format allows; the file is damaged or no safetensors file");
    if (length > file.size() - 8)
        refuseInput("'" + fileName + "' ends at byte " + std::to_string(file.size()) + ", but its head has " + std::to_string(length) + " bytes; the file is truncated, fetch it again");
    if (file[8] != std::byte('{')) refuseInput("'" + fileName + "': the head does not begin with '{'; the file is damaged or no safetensors file");
    Reading reading(fileName, job);
    const auto* text = reinterpret_cast<const char*>(file.data()) + 8;
    nlohmann::json::sax_parse(text, text + length, &reading);
    Header header;
    header.tensors = std::move(reading.entries);
    header.metadata = std::move(reading.metadata);
    header.dataOffset = 8 + length;
    check(header, file.size() - header.dataOffset, fileName);
    return header;
}

}  // namespace bitlathe::safetensors
