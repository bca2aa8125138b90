#include "core/language/vocabulary_sentencepiece.h"

#include "core/base/byte_reader.h"
#include "core/base/error.h"

#include <cstring>

namespace bitlathe {

namespace {

[[noreturn]] void refuse(const std::string& file, const std::string& what) { refuseInput("'" + file + "' is no vocabulary of SentencePiece: " + what + "; it is damaged, fetch it again"); }

// One message, field by field (protobuf's encoding: a number of field and kind, then the value).
class Fields {
public:
    Fields(std::span<const std::byte> bytes, const std::string& file) : m_reader(bytes, file), m_file(file) {}

    // False at the end.
    bool next() {
        if (m_reader.left() == 0) return false;
        const std::uint64_t tag = varint();
        number = tag >> 3;
        kind = static_cast<int>(tag & 7);
        bytes = {}, whole = 0;
        if (kind == 0) whole = varint();
        else if (kind == 1) bytes = m_reader.take(8);
        else if (kind == 2) bytes = m_reader.take(varint());
        else if (kind == 5) bytes = m_reader.take(4);
        else refuse(m_file, "a field at byte " + std::to_string(m_reader.offset()) + " is of no known kind");
        return true;
    }
    std::string text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
    bool isText() const noexcept { return kind == 2; }

    std::uint64_t number = 0, whole = 0;
    int kind = 0;
    std::span<const std::byte> bytes;

private:
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            const auto byte = m_reader.number<std::uint8_t>();
            value |= std::uint64_t(byte & 0x7F) << shift;
            if (byte < 0x80) return value;
        }
        refuse(m_file, "a number before byte " + std::to_string(m_reader.offset()) + " has more than 64 bits");
    }
    ByteReader m_reader;
    const std::string& m_file;
};

void readPiece(const Fields& field, const std::string& file, Vocabulary& out) {
    const std::string at = "piece " + std::to_string(out.tokens.size());
    if (!field.isText()) refuse(file, at + " is none");
    std::string piece;
    float score = 0;
    std::uint64_t kind = 1;
    for (Fields part(field.bytes, file); part.next();) {
        if (part.number == 1 && part.isText()) piece = part.text();
        if (part.number == 2 && part.kind == 5) std::memcpy(&score, part.bytes.data(), sizeof score);
        if (part.number == 3 && part.kind == 0) kind = part.whole;
    }
    if (kind < 1 || kind > 6) refuse(file, at + " is of the unknown type " + std::to_string(kind));
    out.tokens.push_back(std::move(piece));
    out.scores.push_back(score);
    out.kinds.push_back(static_cast<TokenKind>(kind));  // the numbers are the same
}

// A number may be −1: there is no such token.
std::optional<std::int32_t> idOf(std::uint64_t whole) {
    const auto id = static_cast<std::int64_t>(whole);
    return id >= 0 && id < (std::int64_t(1) << 24) ? std::optional(static_cast<std::int32_t>(id)) : std::nullopt;
}

struct Trainer {
    std::uint64_t type = 1;  // unigrams, where nothing is said
    std::optional<std::int32_t> unknown = 0, bos = 1, eos = 2, padding;
};

Trainer trainerOf(const Fields& field, const std::string& file) {
    Trainer trainer;
    for (Fields part(field.bytes, file); part.next();) {
        if (part.kind != 0) continue;
        if (part.number == 3) trainer.type = part.whole;
        if (part.number == 40) trainer.unknown = idOf(part.whole);
        if (part.number == 41) trainer.bos = idOf(part.whole);
        if (part.number == 42) trainer.eos = idOf(part.whole);
        if (part.number == 43) trainer.padding = idOf(part.whole);
    }
    return trainer;
}

void readNormalizer(const Fields& field, const std::string& file, Vocabulary& out) {
    for (Fields part(field.bytes, file); part.next();) {
        if (part.number == 2 && part.isText()) out.charsMap = part.text();
        if (part.number == 3 && part.kind == 0) out.addSpacePrefix = part.whole != 0;
        if (part.number == 4 && part.kind == 0) out.dropExtraSpaces = part.whole != 0;
    }
}

}  // namespace

bool isSentencePiece(std::span<const std::byte> bytes) noexcept {
    // Field 1, a message shorter than 128 bytes, in it field 1, a text that ends inside of it.
    const auto at = [&](std::size_t i) { return std::to_integer<std::size_t>(bytes[i]); };
    return bytes.size() >= 8 && at(0) == 0x0A && at(1) >= 3 && at(1) < 128 && at(2) == 0x0A && at(3) + 2 <= at(1) && at(1) + 2 <= bytes.size();
}

Vocabulary readSentencePiece(std::span<const std::byte> bytes, const std::string& file) {
    if (!isSentencePiece(bytes)) refuseInput("'" + file + "' is no vocabulary of SentencePiece (tiktoken's lists have the same name); put the model's tokenizer.json beside it");
    Vocabulary out;
    out.file = file;
    out.addSpacePrefix = true;
    out.dropExtraSpaces = true;
    Trainer trainer;
    for (Fields field(bytes, file); field.next();) {
        if (field.number == 1) readPiece(field, file, out);
        else if (field.number == 2 && field.isText()) trainer = trainerOf(field, file);
        else if (field.number == 3 && field.isText()) readNormalizer(field, file, out);
    }
    if (trainer.type != 1 && trainer.type != 2)
        throw Error(ErrorKind::Unsupported, "'" + file + "' is a vocabulary of SentencePiece whose pieces are whole " + (trainer.type == 3 ? "words" : "characters") + "; byte pairs and unigrams are known here");
    out.model = trainer.type == 2 ? "llama" : "t5";
    const auto inside = [&](std::optional<std::int32_t> id) { return id && static_cast<std::size_t>(*id) < out.tokens.size() ? id : std::nullopt; };
    out.unknown = inside(trainer.unknown), out.bos = inside(trainer.bos), out.eos = inside(trainer.eos), out.padding = inside(trainer.padding);
    checkVocabulary(out);
    return out;
}

}  // namespace bitlathe
