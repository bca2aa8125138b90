#include "core/workflow/duel_formats.h"

#include "core/base/error.h"
#include "core/quant/codec.h"
#include "core/quant/ranges.h"
#include "core/quant/stored_scale.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace bitlathe {

namespace {

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
    throw Error(ErrorKind::Usage, "'" + std::string(text) + "' " + why + "; write a format and what shares a scale, such as 'int4 group 128', 'uint8 tensor', 'nf4 group 64', 'kmeans4', 'log2-4' or 'q4_k'; a name of 'bitlathe-cli list codecs' alone has 4 bits, or the nearest that it takes");
}

// Words separated by spaces and commas, in small letters.
std::vector<std::string> wordsOf(std::string_view text) {
    std::vector<std::string> words;
    bool inside = false;
    for (const char c : text) {
        const bool gap = c == ' ' || c == ',' || c == '\t';
        if (!gap && !inside) words.emplace_back();
        if (!gap) words.back() += char(std::tolower(static_cast<unsigned char>(c)));
        inside = !gap;
    }
    return words;
}

QuantSpec defaultsOf(const Codec& codec, int bits) {
    QuantSpec spec;
    spec.codec = std::string(codec.name);
    spec.bits = bits;
    if (codec.blockSize > 0) spec.granularity = PerGroup{codec.blockSize};
    if (!codec.scaleTypes.empty()) spec.scale = codec.scaleTypes.front();
    return spec;
}

// The format that has this name, by writing the names of all.
std::optional<QuantSpec> formatNamed(const std::string& word) {
    for (const Codec& codec : codecs()) {
        if (codec.takesTable) continue;  // its levels are no words
        for (int bits = codec.minBits; bits <= codec.maxBits; ++bits)
            for (const bool symmetric : {true, false}) {
                QuantSpec spec = defaultsOf(codec, bits);
                spec.symmetric = symmetric;
                std::string name = formatName(spec);
                std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return char(std::tolower(c)); });
                if (name == word) return spec;
                if (!codec.takesSymmetric) break;
            }
    }
    return std::nullopt;
}

// The codec of this plain name, with 4 bits or the nearest to it.
std::optional<QuantSpec> codecNamed(const std::string& word) {
    const Codec* codec = findCodec(word);
    if (!codec || codec->takesTable) return std::nullopt;
    return defaultsOf(*codec, std::clamp(4, codec->minBits, codec->maxBits));
}

// Whether the word is a width of the codec; then in bits.
bool isWidth(const std::string& word, const Codec& codec, int& bits) {
    int number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size() || number < codec.minBits || number > codec.maxBits) return false;
    bits = number;
    return true;
}

int groupSizeFrom(std::string_view text, const std::string& word) {
    int size = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), size);
    if (error != std::errc() || end != word.data() + word.size() || size < 1) refuse(text, "has no group size: '" + word + "' is no number above 0");
    return size;
}

}  // namespace

QuantSpec specFromText(std::string_view text) {
    const std::vector<std::string> words = wordsOf(text);
    if (words.empty()) refuse(text, "names no format");
    auto found = formatNamed(words[0]);
    const bool plain = !found;
    if (plain) found = codecNamed(words[0]);
    if (!found) refuse(text, "names no format that there is");
    QuantSpec spec = *found;
    const Codec& codec = codecOf(spec);
    const bool width = plain && words.size() > 1 && isWidth(words[1], codec, spec.bits);
    for (std::size_t i = width ? 2 : 1; i < words.size(); ++i) {
        const bool more = i + 1 < words.size();
        if (words[i] == "scale" && more) {
            const auto scale = std::find_if(codec.scaleTypes.begin(), codec.scaleTypes.end(), [&](ScaleType t) { return nameOf(t) == words[i + 1]; });
            if (scale == codec.scaleTypes.end()) refuse(text, "cannot store its scales as '" + words[i + 1] + "'");
            spec.scale = *scale;
            ++i;
            continue;
        }
        if (codec.blockSize > 0) refuse(text, "has blocks of its own and takes no '" + words[i] + "'");
        if (words[i] == "tensor") spec.granularity = PerTensor{};
        else if (words[i] == "channel") spec.granularity = PerChannel{};
        else if (words[i] == "group" && more) spec.granularity = PerGroup{groupSizeFrom(text, words[++i])};
        else refuse(text, "cannot be read at '" + words[i] + "'");
    }
    return spec;
}

std::string duelLabel(const QuantSpec& spec) {
    // How scales are stored is worth a word only where it is not the format's own way.
    QuantSpec plain = spec;
    const auto scales = codecOf(spec).scaleTypes;
    if (!scales.empty() && scaleTypeOf(spec) == scales.front()) plain.scale = ScaleType::F32;
    std::string label = shortText({plain, std::nullopt});
    if (codecOf(spec).takesRange && !std::holds_alternative<MinMax>(spec.range)) label += ", " + rangeText(spec.range);
    return label;
}

std::vector<QuantSpec> duelContenders(const std::optional<QuantSpec>& current) {
    std::vector<QuantSpec> all;
    const auto add = [&](const QuantSpec& spec) {
        if (std::find(all.begin(), all.end(), spec) == all.end()) all.push_back(spec);
    };
    if (current) add(*current);
    for (const char* text : {"int8 channel", "int4 group 128", "int4 group 32", "uint4 group 128", "nf4 group 64", "fp8e4m3 channel", "mxfp4", "q8_0", "q4_0", "q4_k", "q6_k", "iq4_nl", "kmeans4 channel", "int3 group 64", "int2 group 32"})
        add(specFromText(text));
    return all;
}

}  // namespace bitlathe
