#include "core/workflow/perplexity.h"

#include "core/base/error.h"
#include "core/base/number_text.h"
#include "core/language/tokenizer_text.h"

#include <algorithm>

namespace bitlathe {

namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\n\r\v\f";
    const std::size_t begin = text.find_first_not_of(kSpace);
    return begin == std::string_view::npos ? std::string_view() : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::vector<std::string_view> slicesOf(std::string_view text, const WindowRule& rule) {
    std::vector<std::string_view> slices;
    if (!rule.separator.empty()) {
        for (std::size_t at = 0; at <= text.size();) {
            const std::size_t end = std::min(text.find(rule.separator, at), text.size());
            if (const auto slice = trimmed(text.substr(at, end - at)); !slice.empty()) slices.push_back(slice);
            at = end + rule.separator.size();
        }
        return slices;
    }
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        for (std::int64_t characters = 0; end < text.size() && characters < rule.sliceCharacters; ++characters)
            do ++end;
            while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
        slices.push_back(text.substr(at, end - at));
        at = end;
    }
    return slices;
}

// Cold windows over each slice, BOS before its first.
std::vector<TextWindow> sliceWindows(std::string_view text, const Tokenizer& tokenizer, const WindowRule& rule, JobContext& job) {
    std::vector<TextWindow> windows;
    for (const std::string_view slice : slicesOf(text, rule)) {
        std::vector<std::int32_t> tokens = tokenizer.encode(slice, {false, false}, job);
        if (tokenizer.bos()) tokens.insert(tokens.begin(), *tokenizer.bos());
        const auto context = static_cast<std::size_t>(rule.context);
        for (std::size_t begin = 0; begin + 1 < tokens.size(); begin += context) {
            const std::size_t end = std::min(tokens.size(), begin + context + 1);
            windows.push_back({{tokens.begin() + static_cast<std::ptrdiff_t>(begin), tokens.begin() + static_cast<std::ptrdiff_t>(end)}, 0});
        }
    }
    return windows;
}

}  // namespace

std::vector<TextWindow> windowsOf(std::string_view text, const Tokenizer& tokenizer, const WindowRule& rule, JobContext& job) {
    constexpr std::int64_t kLeast = 4;
    if (rule.context < kLeast) throw Error(ErrorKind::Usage, "a window of " + std::to_string(rule.context) + " tokens is too short; take at least " + std::to_string(kLeast));
    if (rule.stride < 0 || rule.stride >= rule.context)
        throw Error(ErrorKind::Usage, "a stride of " + std::to_string(rule.stride) + " does not fit windows of " + std::to_string(rule.context) + " tokens; take 1 to " + std::to_string(rule.context - 1) + ", or 0 for windows side by side");
    if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos)
        refuseInput("this is no text: byte " + std::to_string(zero) + " is 0; give a text file in UTF-8");
    for (std::size_t at = 0; at < text.size();) {
        const Utf8Char next = utf8At(text, at);
        if (!next.valid) refuseInput("the text is not in UTF-8: byte " + std::to_string(at) + " begins no character; convert it, for instance with iconv -t UTF-8");
        at += static_cast<std::size_t>(next.bytes);
    }
    std::vector<TextWindow> windows;
    std::size_t length = 0;
    if (rule.slices()) {
        windows = sliceWindows(text, tokenizer, rule, job);
    } else {
        const std::vector<std::int32_t> tokens = tokenizer.encode(text, {}, job);
        length = tokens.size();
        const auto context = static_cast<std::size_t>(rule.context), step = rule.stride > 0 ? static_cast<std::size_t>(rule.stride) : context;
        for (std::size_t begin = 0; begin + context <= tokens.size(); begin += step) {
            TextWindow window{{tokens.begin() + static_cast<std::ptrdiff_t>(begin), tokens.begin() + static_cast<std::ptrdiff_t>(begin + context)}, rule.context / 2};
            if (rule.stride > 0) window.first = rule.context - 1 - rule.stride;
            if (tokenizer.addsBos()) window.tokens[0] = *tokenizer.bos();
            windows.push_back(std::move(window));
        }
    }
    if (windows.empty())
        refuseInput("the text of " + countText(text.size()) + " bytes has " + countText(length) + " tokens, less than one window of " + countText(static_cast<std::uint64_t>(rule.context)) + "; take a longer text");
    return windows;
}

}  // namespace bitlathe
