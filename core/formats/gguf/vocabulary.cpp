#include "core/formats/gguf/vocabulary.h"

#include "core/base/byte_reader.h"
#include "core/base/mapped_file.h"
#include "core/base/plain_text.h"
#include "core/formats/gguf/container.h"

#include <cstring>
#include <limits>

namespace bitlathe::gguf {

namespace {

class Lists {
public:
    Lists(const Container& head, const std::string& file, JobContext& job) : m_head(head), m_file(file), m_job(job) {}

    std::vector<std::string> texts(std::string_view key) {
        std::vector<std::string> out;
        std::uint64_t count = 0;
        auto reader = open(key, {ValueType::String}, count);
        if (!reader) return out;
        out.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i) {
            out.emplace_back(reader->text(m_head.lengthBytes == 4 ? reader->number<std::uint32_t>() : reader->number<std::uint64_t>()));
            if ((i & 4095) == 0) m_job.checkpoint(0.5, "reading the vocabulary");
        }
        return out;
    }
    std::vector<float> scores(std::string_view key) {
        std::vector<float> out;
        std::uint64_t count = 0;
        auto reader = open(key, {ValueType::F32, ValueType::I32}, count);
        if (!reader) return out;
        out.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i) out.push_back(m_type == ValueType::F32 ? reader->number<float>() : static_cast<float>(reader->number<std::int32_t>()));
        return out;
    }
    std::vector<TokenKind> kinds(std::string_view key) {
        std::vector<TokenKind> out;
        std::uint64_t count = 0;
        auto reader = open(key, {ValueType::I32, ValueType::U32}, count);
        if (!reader) return out;
        out.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto kind = reader->number<std::int32_t>();
            if (kind < 0 || kind > 6) refuse(key, "gives token " + std::to_string(i) + " the unknown type " + std::to_string(kind));
            out.push_back(kind == 0 ? TokenKind::Normal : static_cast<TokenKind>(kind));  // 0: not said
        }
        return out;
    }
    std::string bytes(std::string_view key) {
        std::uint64_t count = 0;
        auto reader = open(key, {ValueType::I8, ValueType::U8}, count);
        return reader ? std::string(reader->text(count)) : std::string();
    }
    std::optional<std::int32_t> id(std::string_view name) {
        const std::string key = "tokenizer.ggml." + std::string(name) + "_token_id";
        const KeyValue* found = m_head.find(key);
        if (!found) return std::nullopt;
        const auto value = found->integer();
        if (!value || *value > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) refuse(key, "is " + toText(*found, m_head.lengthBytes) + ", which is no token");
        return static_cast<std::int32_t>(*value);
    }
    std::optional<bool> flag(std::string_view name) {
        const KeyValue* found = m_head.find("tokenizer.ggml." + std::string(name));
        if (!found || found->type != ValueType::Bool) return std::nullopt;
        return found->value[0] != std::byte(0);
    }

private:
    [[noreturn]] void refuse(std::string_view key, const std::string& what) const { refuseInput("'" + m_file + "': the key '" + std::string(key) + "' " + what + "; the file is damaged, fetch or convert it again"); }

    // A reader of the list's entries; none when there is no such key.
    std::optional<ByteReader> open(std::string_view key, std::initializer_list<ValueType> types, std::uint64_t& count) {
        const KeyValue* found = m_head.find(key);
        if (!found) return std::nullopt;
        if (found->type != ValueType::Array) refuse(key, "is no list");
        ByteReader reader(found->value, m_file);
        m_type = static_cast<ValueType>(reader.number<std::uint32_t>());
        count = m_head.lengthBytes == 4 ? reader.number<std::uint32_t>() : reader.number<std::uint64_t>();
        for (const ValueType type : types)
            if (m_type == type) return reader;
        refuse(key, "is a list of another type than llama.cpp writes");
    }

    const Container& m_head;
    const std::string& m_file;
    JobContext& m_job;
    ValueType m_type = ValueType::U8;
};

}  // namespace

std::optional<Vocabulary> readVocabulary(const std::filesystem::path& path, JobContext& job) {
    const auto file = MappedFile::open(path);
    const std::string name = path.string();
    const Container head = parse(file->bytes(), name, job);
    if (!head.find("tokenizer.ggml.tokens")) return std::nullopt;
    Lists lists(head, name, job);
    Vocabulary out;
    out.file = name;
    out.name = plainText(head.text("general.name"));
    out.model = head.text("tokenizer.ggml.model");
    out.pre = head.text("tokenizer.ggml.pre");
    out.tokens = lists.texts("tokenizer.ggml.tokens");
    out.scores = lists.scores("tokenizer.ggml.scores");
    out.kinds = lists.kinds("tokenizer.ggml.token_type");
    out.merges = lists.texts("tokenizer.ggml.merges");
    out.charsMap = lists.bytes("tokenizer.ggml.precompiled_charsmap");
    out.bos = lists.id("bos");
    out.eos = lists.id("eos");
    out.eot = lists.id("eot");
    out.unknown = lists.id("unknown");
    out.separator = lists.id("seperator");  // as llama.cpp spells it
    out.padding = lists.id("padding");
    out.mask = lists.id("mask");
    out.classify = lists.id("cls");
    out.addBos = lists.flag("add_bos_token");
    out.addEos = lists.flag("add_eos_token");
    out.addSeparator = lists.flag("add_sep_token");
    out.addSpacePrefix = lists.flag("add_space_prefix");
    out.dropExtraSpaces = lists.flag("remove_extra_whitespaces");
    checkVocabulary(out);
    return out;
}

}  // namespace bitlathe::gguf
