#include "core/formats/onnx/wire.h"

#include "core/base/error.h"

#include <cstring>

namespace bitlathe::onnx {

namespace {

enum WireType : unsigned { Varint = 0, Fixed64 = 1, Length = 2, Fixed32 = 5 };

enum class Message { Model, Graph, Function, Node, Attribute, Tensor, Other };

// The path to the tensors whose bytes are cut out; field numbers of onnx.proto.
Message memberOf(Message message, std::uint64_t field) noexcept {
    switch (message) {
    case Message::Model: return field == 7 ? Message::Graph : field == 25 ? Message::Function : Message::Other;
    case Message::Graph: return field == 1 ? Message::Node : field == 5 ? Message::Tensor : Message::Other;
    case Message::Function: return field == 7 ? Message::Node : Message::Other;
    case Message::Node: return field == 5 ? Message::Attribute : Message::Other;
    case Message::Attribute: return field == 5 ? Message::Tensor : Message::Other;
    default: return Message::Other;
    }
}
constexpr std::uint64_t kRawDataField = 9;

// Reads a varint at `at` and moves on; nothing when the bytes end or it is longer than 64 bits.
std::optional<std::uint64_t> varint(std::span<const std::byte> bytes, std::size_t& at) noexcept {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && at < bytes.size(); shift += 7) {
        const auto part = std::to_integer<std::uint64_t>(bytes[at++]);
        value |= (part & 127) << shift;
        if (part < 128) return value;
    }
    return std::nullopt;
}

void appendVarint(std::string& to, std::uint64_t value) {
    for (; value >= 128; value >>= 7) to += static_cast<char>(value | 128);
    to += static_cast<char>(value);
}

class Cutter {
public:
    Cutter(std::span<const std::byte> file, const std::string& fileName) : m_file(file), m_fileName(fileName) {}

    void cut(std::size_t begin, std::size_t end, Message message, std::string& out) const {
        const auto bytes = m_file.first(end);
        for (std::size_t at = begin; at < end;) {
            const std::size_t start = at;
            const auto tag = varint(bytes, at);
            if (!tag || *tag >> 3 == 0) damaged(start);
            const auto type = static_cast<unsigned>(*tag & 7);
            std::uint64_t size = 0;
            if (type == Varint) {
                if (!varint(bytes, at)) damaged(start);
            } else if (type == Length) {
                const auto length = varint(bytes, at);
                if (!length) damaged(start);
                size = *length;
            } else if (type == Fixed64 || type == Fixed32) {
                size = type == Fixed64 ? 8 : 4;
            } else {
                damaged(start);
            }
            if (size > end - at) truncated(start, size);
            const std::size_t body = at;
            at += static_cast<std::size_t>(size);
            const Message inner = type == Length ? memberOf(message, *tag >> 3) : Message::Other;
            if (message == Message::Tensor && type == Length && *tag >> 3 == kRawDataField) {
                const RawBytes record{body, size};
                appendVarint(out, *tag);
                appendVarint(out, sizeof(record));
                out.append(reinterpret_cast<const char*>(&record), sizeof(record));
            } else if (inner != Message::Other) {
                std::string part;
                cut(body, at, inner, part);
                appendVarint(out, *tag);
                appendVarint(out, part.size());
                out += part;
            } else {
                out.append(reinterpret_cast<const char*>(m_file.data()) + start, at - start);
            }
        }
    }

private:
    [[noreturn]] void damaged(std::size_t at) const {
        refuseInput("'" + m_fileName + "' is not an ONNX model or is damaged at byte " + std::to_string(at) + "; export or fetch it again");
    }
    [[noreturn]] void truncated(std::size_t at, std::uint64_t size) const {
        refuseInput("'" + m_fileName + "' is truncated or damaged: the field at byte " + std::to_string(at) + " claims " + std::to_string(size) +
                    " bytes, more than are left; fetch the file again");
    }
    std::span<const std::byte> m_file;
    const std::string& m_fileName;
};

}  // namespace

std::string withoutRawData(std::span<const std::byte> model, const std::string& fileName) {
    std::string out;
    Cutter(model, fileName).cut(0, model.size(), Message::Model, out);
    return out;
}

std::optional<RawBytes> rawBytesOf(std::string_view record) noexcept {
    if (record.size() != sizeof(RawBytes)) return std::nullopt;
    RawBytes raw;
    std::memcpy(&raw, record.data(), sizeof(raw));
    return raw;
}

bool looksLikeModel(std::span<const std::byte> head) noexcept {
    bool any = false;
    for (std::size_t at = 0; at < head.size();) {
        const auto tag = varint(head, at);
        if (!tag) return any && at >= head.size();
        const std::uint64_t field = *tag >> 3;
        const auto type = static_cast<unsigned>(*tag & 7);
        if (field == 1 || field == 5) {  // ir_version, model_version
            std::size_t before = at;
            const auto value = varint(head, at);
            if (type != Varint || (!value && before + 10 <= head.size())) return false;
            if (field == 1 && value && *value > 1000) return false;
        } else if ((field >= 2 && field <= 4) || field == 6 || field == 7 || field == 8 || field == 14 || field == 20 || field == 25 || field == 26) {
            const auto size = varint(head, at);
            if (type != Length) return false;
            if (!size || *size > head.size() - at) return true;
            at += static_cast<std::size_t>(*size);
        } else {
            return false;
        }
        any = true;
    }
    return any;
}

}  // namespace bitlathe::onnx
