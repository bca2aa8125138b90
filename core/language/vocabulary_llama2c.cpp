#include "core/language/vocabulary_llama2c.h"

#include "core/base/byte_reader.h"
#include "core/base/error.h"
#include "core/language/tokenizer_text.h"

#include <cstring>

namespace bitlathe {

namespace {

constexpr std::size_t kHead = 4, kEntry = 8;  // the longest piece; a score and a length
constexpr std::int32_t kLongestPiece = 1 << 16;
constexpr std::size_t kLeast = 3;  // unknown, beginning and end

template <class T>
T at(std::span<const std::byte> bytes, std::size_t place) noexcept {
    T value;
    std::memcpy(&value, bytes.data() + place, sizeof value);
    return value;
}

}  // namespace

bool isLlama2cVocabulary(std::span<const std::byte> bytes) noexcept {
    if (bytes.size() < kHead) return false;
    const auto longest = at<std::int32_t>(bytes, 0);
    if (longest < 1 || longest > kLongestPiece) return false;
    std::size_t place = kHead, count = 0;
    for (; bytes.size() - place >= kEntry; ++count) {
        const auto length = at<std::int32_t>(bytes, place + 4);
        if (length < 0 || length > longest || static_cast<std::size_t>(length) > bytes.size() - place - kEntry) return false;
        place += kEntry + static_cast<std::size_t>(length);
    }
    return place == bytes.size() && count >= kLeast;
}

Vocabulary readLlama2cVocabulary(std::span<const std::byte> bytes, const std::string& file) {
    if (!isLlama2cVocabulary(bytes)) refuseInput("'" + file + "' is no vocabulary of llama2.c; fetch it again, or open a GGUF file or a tokenizer.json");
    ByteReader reader(bytes, file);
    reader.take(kHead);
    Vocabulary made;
    made.file = file;
    made.model = "llama";
    while (reader.left() > 0) {
        const auto score = reader.number<float>();
        const auto length = reader.number<std::int32_t>();
        std::string piece(reader.text(static_cast<std::uint64_t>(length)));
        const std::size_t id = made.tokens.size();
        // What these three stand for is written between line ends there.
        if (id < kLeast) piece = id == 0 ? "<unk>" : id == 1 ? "<s>" : "</s>";
        replaceAll(piece, " ", kSpaceMark);
        made.kinds.push_back(id == 0 ? TokenKind::Unknown : id < kLeast ? TokenKind::Control : namedByte(piece) ? TokenKind::Byte : TokenKind::Normal);
        made.tokens.push_back(std::move(piece));
        made.scores.push_back(score);
    }
    made.unknown = 0, made.bos = 1, made.eos = 2;
    made.eot = 1;  // these models end a text by beginning the next one
    checkVocabulary(made);
    return made;
}

}  // namespace bitlathe
