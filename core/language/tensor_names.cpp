#include "core/language/tensor_names.h"

#include <cctype>

namespace bitlathe {

namespace {

// The name with '#' for its first run of digits between dots, and those digits.
struct Numbered {
    std::string form, number;
};
Numbered withoutNumber(std::string_view name) {
    for (std::size_t at = 0; at < name.size(); ++at) {
        if (at > 0 && name[at - 1] != '.') continue;
        std::size_t end = at;
        while (end < name.size() && std::isdigit(static_cast<unsigned char>(name[end]))) ++end;
        if (end > at && (end == name.size() || name[end] == '.'))
            return {std::string(name.substr(0, at)) + "#" + std::string(name.substr(end)), std::string(name.substr(at, end - at))};
    }
    return {std::string(name), {}};
}

std::string withNumber(std::string_view form, const std::string& number) {
    const std::size_t at = form.find('#');
    return at == std::string_view::npos ? std::string(form) : std::string(form.substr(0, at)) + number + std::string(form.substr(at + 1));
}

// ".weight" and the like go over as they are.
std::size_t endOfStem(std::string_view name) {
    for (const std::string_view ending : {".weight", ".bias"})
        if (name.ends_with(ending)) return name.size() - ending.size();
    return name.size();
}

}  // namespace

std::optional<std::string> huggingFaceName(const TensorNames& names, std::string_view gguf, std::string_view prefix) {
    const std::size_t end = endOfStem(gguf);
    const Numbered asked = withoutNumber(gguf.substr(0, end));
    for (const TensorName& name : names.names)
        if (name.gguf == asked.form) {
            const std::string stem = withNumber(name.huggingFace, asked.number);
            // Heads for words stand outside the body that the prefix names.
            const bool outside = stem == "lm_head" || stem.starts_with("cls.");
            return (outside ? std::string() : std::string(prefix)) + stem + std::string(gguf.substr(end));
        }
    return std::nullopt;
}

std::optional<std::string> ggufName(const TensorNames& names, std::string_view huggingFace) {
    const std::size_t end = endOfStem(huggingFace);
    for (const std::string_view prefix : names.prefixes) {
        if (!huggingFace.starts_with(prefix)) continue;
        const Numbered asked = withoutNumber(huggingFace.substr(prefix.size(), end - prefix.size()));
        for (const TensorName& name : names.names)
            if (name.huggingFace == asked.form) return withNumber(name.gguf, asked.number) + std::string(huggingFace.substr(end));
    }
    const Numbered asked = withoutNumber(huggingFace.substr(0, end));
    for (const TensorName& name : names.names)
        if (name.huggingFace == asked.form) return withNumber(name.gguf, asked.number) + std::string(huggingFace.substr(end));
    return std::nullopt;
}

}  // namespace bitlathe
