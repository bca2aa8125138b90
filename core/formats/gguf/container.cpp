#include "core/formats/gguf/container.h"

#include "core/base/byte_reader.h"
#include "core/base/plain_text.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <unordered_set>

namespace bitlathe::gguf {

namespace {

constexpr std::uint32_t kTypes = 13;
constexpr std::uint64_t kLongestKey = 65535, kLongestName = 65535, kMostDims = 4;
constexpr std::uint64_t kMostAlignment = std::uint64_t(1) << 20;
constexpr std::int64_t kMostValues = std::int64_t(1) << 56;  // of a tensor: more than any file, and bytes still fit
constexpr int kDeepest = 8;  // arrays in arrays
// The least that one entry takes in any version: lengths of 4 bytes and nothing in them.
constexpr std::uint64_t kLeastKey = 4 + 4 + 1, kLeastTensor = 4 + 4 + 4 + 8;

class Parser {
public:
    Parser(std::span<const std::byte> bytes, const std::string& file, JobContext& job) : m_bytes(bytes), m_reader(bytes, file), m_file(file), m_job(job) {}

    Container run() {
        readVersion();
        const std::uint64_t tensors = readLength(), keys = readLength();
        if (keys > m_reader.left() / kLeastKey) refuse(std::to_string(keys) + " keys are announced, more than the file could hold");
        if (tensors > m_reader.left() / kLeastTensor) refuse(std::to_string(tensors) + " tensors are announced, more than the file could hold");
        for (std::uint64_t i = 0; i < keys; ++i) readKey();
        readAlignment();
        for (std::uint64_t i = 0; i < tensors; ++i) readTensor();
        placeTensors();
        return std::move(m_result);
    }

private:
    [[noreturn]] void refuse(const std::string& what) const { refuseInput("'" + m_file + "': " + what + "; the file is damaged, fetch or convert it again"); }

    void readVersion() {
        if (m_bytes.empty()) refuseInput("'" + m_file + "' is empty; fetch it again");
        if (m_reader.text(4) != "GGUF") refuseInput("'" + m_file + "' is no GGUF file: it does not begin with 'GGUF'; fetch it again, or convert the model to GGUF");
        m_result.version = m_reader.number<std::uint32_t>();
        if (m_result.version > 0 && (m_result.version & 0xffff) == 0)
            refuseInput("'" + m_file + "' has its numbers in big-endian order; convert it with gguf_convert_endian.py of llama.cpp");
        if (m_result.version < 1 || m_result.version > 3)
            refuseInput("'" + m_file + "' has version " + std::to_string(m_result.version) + " of GGUF; versions 1 to 3 can be read, convert it with a current llama.cpp");
        m_result.lengthBytes = m_result.version == 1 ? 4 : 8;
    }
    std::uint64_t readLength() { return m_result.lengthBytes == 4 ? m_reader.number<std::uint32_t>() : m_reader.number<std::uint64_t>(); }

    ValueType readType(std::string_view key) {
        const auto type = m_reader.number<std::uint32_t>();
        if (type >= kTypes) refuse("the key '" + std::string(key) + "' has a value of unknown type " + std::to_string(type));
        return static_cast<ValueType>(type);
    }
    void skipValue(ValueType type, std::string_view key, int depth) {
        if (const std::size_t size = sizeOf(type); size > 0) {
            m_reader.take(size);
        } else if (type == ValueType::String) {
            m_reader.take(readLength());
        } else {
            if (depth == kDeepest) refuse("the key '" + std::string(key) + "' has arrays in arrays beyond depth " + std::to_string(kDeepest));
            const ValueType of = readType(key);
            const std::uint64_t count = readLength();
            const std::size_t each = std::max<std::size_t>(sizeOf(of), sizeOf(of) > 0 ? 1 : static_cast<std::size_t>(m_result.lengthBytes));
            if (count > m_reader.left() / each) refuse("the key '" + std::string(key) + "' announces " + std::to_string(count) + " entries, more than the file could hold");
            if (sizeOf(of) > 0) m_reader.take(count * sizeOf(of));
            else
                for (std::uint64_t i = 0; i < count; ++i) {
                    skipValue(of, key, depth + 1);
                    breathe();
                }
        }
    }
    void readKey() {
        const std::uint64_t at = m_reader.offset(), length = readLength();
        if (length > kLongestKey) refuse("the key at byte " + std::to_string(at) + " is " + std::to_string(length) + " bytes long; " + std::to_string(kLongestKey) + " are allowed");
        KeyValue key;
        key.key = m_reader.text(length);
        if (!isPlainText(key.key)) refuse("the key at byte " + std::to_string(at) + " is no text");
        key.type = readType(key.key);
        const std::size_t begin = m_reader.offset();
        skipValue(key.type, key.key, 0);
        key.value = m_bytes.subspan(begin, m_reader.offset() - begin);
        if (!m_keys.insert(key.key).second) refuse("the key '" + std::string(key.key) + "' is there twice");
        m_result.keys.push_back(key);
        breathe();
    }
    void readAlignment() {
        const KeyValue* key = m_result.find("general.alignment");
        if (!key) return;
        const auto alignment = key->integer();
        if (key->type != ValueType::U32 || !alignment || *alignment < 8 || *alignment > kMostAlignment || !std::has_single_bit(*alignment))
            refuse("general.alignment is " + toText(*key, m_result.lengthBytes) + ", but must be a power of two from 8 to " + std::to_string(kMostAlignment));
        m_result.alignment = *alignment;
    }
    void readTensor() {
        const std::uint64_t at = m_reader.offset(), length = readLength();
        if (length > kLongestName) refuse("the tensor name at byte " + std::to_string(at) + " is " + std::to_string(length) + " bytes long");
        TensorInfo tensor;
        tensor.name = m_reader.text(length);
        if (tensor.name.empty() || !isPlainText(tensor.name)) refuse("the tensor name at byte " + std::to_string(at) + " is no text");
        const std::string name = "tensor '" + std::string(tensor.name) + "'";
        const auto rank = m_reader.number<std::uint32_t>();
        if (rank > kMostDims) refuse(name + " has " + std::to_string(rank) + " dimensions; GGUF has at most 4");
        std::vector<std::int64_t> dims(rank);
        for (std::uint32_t d = 0; d < rank; ++d) dims[rank - 1 - d] = static_cast<std::int64_t>(readLength());
        const auto id = m_reader.number<std::uint32_t>();
        tensor.type = ggmlTypeOf(id);
        if (!tensor.type) refuseInput("'" + m_file + "': " + name + " has type " + std::to_string(id) + ", which is not known here; convert the model with a current llama.cpp, or to F16");
        const auto count = checkedCount(dims);
        if (!count || *count > kMostValues) refuse(name + " has impossible dimensions");
        const std::int64_t row = dims.empty() ? 1 : dims.back();
        const auto &form = tensor.type->blocks;
        if (row % form.values != 0)
            refuse(name + " has rows of " + std::to_string(row) + " values, which " + std::string(tensor.type->name) + " in blocks of " + std::to_string(form.values) + " cannot hold");
        tensor.shape = Shape(std::move(dims));
        tensor.bytes = static_cast<std::uint64_t>(*count / form.values) * static_cast<std::uint64_t>(form.bytes);
        tensor.offset = m_reader.number<std::uint64_t>();
        if (tensor.offset % m_result.alignment != 0)
            refuse(name + " begins at byte " + std::to_string(tensor.offset) + " of the data, which is no multiple of " + std::to_string(m_result.alignment));
        if (!m_names.insert(tensor.name).second) refuse(name + " is there twice");
        m_result.tensors.push_back(std::move(tensor));
        breathe();
    }
    void placeTensors() {
        const std::uint64_t size = m_bytes.size(), start = std::min<std::uint64_t>(size, (m_reader.offset() + m_result.alignment - 1) / m_result.alignment * m_result.alignment);
        const std::uint64_t data = size - start;
        std::uint64_t all = 0;
        for (TensorInfo& tensor : m_result.tensors) {
            if (tensor.offset > data || tensor.bytes > data - tensor.offset)
                refuseInput("'" + m_file + "' ends at byte " + std::to_string(size) + ", within or before tensor '" + std::string(tensor.name) + "', which has " + std::to_string(tensor.bytes) +
                            " bytes from byte " + std::to_string(tensor.offset) + " of the data; the file is truncated or damaged, fetch it again");
            tensor.offset += start;
            all += tensor.bytes;
            if (all > data) refuseInput("'" + m_file + "': its tensors lie on top of each other, for they hold more bytes than the file; it is damaged, fetch it again");
        }
    }
    void breathe() {
        if ((++m_steps & 4095) == 0) m_job.checkpoint(0.0, "reading the file's head");
    }

    std::span<const std::byte> m_bytes;
    ByteReader m_reader;
    std::string m_file;
    JobContext& m_job;
    Container m_result;
    std::unordered_set<std::string_view> m_keys, m_names;
    std::uint64_t m_steps = 0;
};

template <class T>
T numberAt(std::span<const std::byte> bytes) noexcept {
    T value{};
    std::memcpy(&value, bytes.data(), std::min(sizeof value, bytes.size()));
    return value;
}

// As few digits as give the number back.
template <class T>
std::string shortest(T value) {
    char digits[64];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return {digits, end};
}

std::string numberText(ValueType type, std::span<const std::byte> bytes) {
    switch (type) {
        case ValueType::U8: return std::to_string(numberAt<std::uint8_t>(bytes));
        case ValueType::I8: return std::to_string(numberAt<std::int8_t>(bytes));
        case ValueType::U16: return std::to_string(numberAt<std::uint16_t>(bytes));
        case ValueType::I16: return std::to_string(numberAt<std::int16_t>(bytes));
        case ValueType::U32: return std::to_string(numberAt<std::uint32_t>(bytes));
        case ValueType::I32: return std::to_string(numberAt<std::int32_t>(bytes));
        case ValueType::U64: return std::to_string(numberAt<std::uint64_t>(bytes));
        case ValueType::I64: return std::to_string(numberAt<std::int64_t>(bytes));
        case ValueType::F32: return shortest(numberAt<float>(bytes));
        case ValueType::F64: return shortest(numberAt<double>(bytes));
        case ValueType::Bool: return numberAt<std::uint8_t>(bytes) ? "true" : "false";
        default: return {};
    }
}

std::uint64_t lengthFrom(ByteReader& reader, int lengthBytes) { return lengthBytes == 4 ? reader.number<std::uint32_t>() : reader.number<std::uint64_t>(); }

std::string quoted(std::string_view text) {
    constexpr std::size_t kShown = 64;
    return "'" + (text.size() <= kShown ? plainText(text, true) : plainText(text.substr(0, kShown), true) + "…") + "'";
}

template <class T>
void append(std::string& out, T value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); }

void appendLong(std::string& out, ValueType type, ByteReader& from, int lengthBytes) {
    if (const std::size_t size = sizeOf(type); size > 0) {
        out += from.text(size);
    } else if (type == ValueType::String) {
        const std::uint64_t length = lengthFrom(from, lengthBytes);
        append(out, length);
        out += from.text(length);
    } else {
        const auto of = from.number<std::uint32_t>();
        const std::uint64_t count = lengthFrom(from, lengthBytes);
        append(out, of);
        append(out, count);
        for (std::uint64_t i = 0; i < count; ++i) appendLong(out, static_cast<ValueType>(of), from, lengthBytes);
    }
}

}  // namespace

std::size_t sizeOf(ValueType type) noexcept {
    switch (type) {
        case ValueType::U8:
        case ValueType::I8:
        case ValueType::Bool: return 1;
        case ValueType::U16:
        case ValueType::I16: return 2;
        case ValueType::U32:
        case ValueType::I32:
        case ValueType::F32: return 4;
        case ValueType::U64:
        case ValueType::I64:
        case ValueType::F64: return 8;
        default: return 0;
    }
}

std::optional<std::uint64_t> KeyValue::integer() const noexcept {
    const auto whole = [](auto number) -> std::optional<std::uint64_t> { return number < 0 ? std::nullopt : std::optional<std::uint64_t>(static_cast<std::uint64_t>(number)); };
    switch (type) {
        case ValueType::U8: return numberAt<std::uint8_t>(value);
        case ValueType::U16: return numberAt<std::uint16_t>(value);
        case ValueType::U32: return numberAt<std::uint32_t>(value);
        case ValueType::U64: return numberAt<std::uint64_t>(value);
        case ValueType::I8: return whole(numberAt<std::int8_t>(value));
        case ValueType::I16: return whole(numberAt<std::int16_t>(value));
        case ValueType::I32: return whole(numberAt<std::int32_t>(value));
        case ValueType::I64: return whole(numberAt<std::int64_t>(value));
        default: return std::nullopt;
    }
}

const KeyValue* Container::find(std::string_view key) const noexcept {
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const KeyValue& one) { return one.key == key; });
    return found == keys.end() ? nullptr : &*found;
}

std::string_view Container::text(std::string_view key) const noexcept {
    const KeyValue* found = find(key);
    if (!found || found->type != ValueType::String) return {};
    const auto letters = found->value.subspan(static_cast<std::size_t>(lengthBytes));
    return {reinterpret_cast<const char*>(letters.data()), letters.size()};
}

Container parse(std::span<const std::byte> bytes, const std::string& fileName, JobContext& job) { return Parser(bytes, fileName, job).run(); }

std::string toText(const KeyValue& key, int lengthBytes) {
    if (sizeOf(key.type) > 0) return numberText(key.type, key.value);
    ByteReader reader(key.value, std::string(key.key));
    if (key.type == ValueType::String) return plainText(reader.text(lengthFrom(reader, lengthBytes)), true);
    constexpr std::uint64_t kShown = 8;
    const auto of = static_cast<ValueType>(reader.number<std::uint32_t>());
    const std::uint64_t count = lengthFrom(reader, lengthBytes);
    std::string text = std::to_string(count) + " entries";
    for (std::uint64_t i = 0; i < std::min(count, kShown) && of != ValueType::Array; ++i) {
        text += i == 0 ? ": " : ", ";
        text += of == ValueType::String ? quoted(reader.text(lengthFrom(reader, lengthBytes))) : numberText(of, reader.take(sizeOf(of)));
    }
    return count > kShown ? text + " …" : text;
}

std::string withLongLengths(const KeyValue& key, int lengthBytes) {
    if (lengthBytes == 8) return {reinterpret_cast<const char*>(key.value.data()), key.value.size()};
    std::string out;
    ByteReader reader(key.value, std::string(key.key));
    appendLong(out, key.type, reader, lengthBytes);
    return out;
}

}  // namespace bitlathe::gguf
