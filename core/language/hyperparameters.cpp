#include "core/language/hyperparameters.h"

#include "core/base/error.h"
#include "core/language/config_defaults.h"
#include "core/model/model.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

namespace bitlathe {

namespace {

using Json = nlohmann::json;

constexpr int kDeepest = 8;

// {"a": {"b": 1}} is "a.b"; entries of lists are "a.0".
template <class Add>
void flatten(const Json& json, const std::string& path, int depth, const Add& add) {
    if (json.is_structured()) {
        if (depth == kDeepest) return;
        std::size_t index = 0;
        for (const auto& [key, value] : json.items()) {
            const std::string name = json.is_array() ? std::to_string(index++) : key;
            flatten(value, path.empty() ? name : path + "." + name, depth + 1, add);
        }
    } else if (!json.is_null()) {
        add(path, json);
    }
}

template <class T>
std::optional<T> parse(const std::string& text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

TensorNaming namingOf(const Model& model) noexcept { return model.format == "gguf" || model.format == "llama2c" ? TensorNaming::Gguf : TensorNaming::HuggingFace; }

std::optional<Hyperparameters> Hyperparameters::of(const Model& model) {
    Hyperparameters found;
    found.m_file = model.source.empty() ? model.name : model.source.string();
    const auto entry = [&](std::string_view key) -> const std::string* {
        const auto at = std::find_if(model.metadata.begin(), model.metadata.end(), [&](const auto& one) { return one.first == key; });
        return at == model.metadata.end() ? nullptr : &at->second;
    };
    if (namingOf(model) == TensorNaming::Gguf) {
        const std::string* architecture = entry("general.architecture");
        if (!architecture || architecture->empty()) return std::nullopt;
        found.m_architecture = *architecture;
        for (const auto& [key, value] : model.metadata) found.m_values[key] = {key, value, false};
        return found;
    }
    const std::string* config = entry("config.json");
    if (!config) return std::nullopt;
    found.m_naming = TensorNaming::HuggingFace;
    const Json json = Json::parse(*config, nullptr, false);
    if (!json.is_object()) found.refuse("its config.json is no JSON object");
    const auto add = [&](const std::string& path, const Json& value) { found.m_values[path] = {path, value.is_string() ? value.get<std::string>() : value.dump(), value.is_string()}; };
    flatten(json, "", 0, add);
    const auto inner = json.find("text_config");
    const bool wrapped = inner != json.end() && inner->is_object();
    if (wrapped) flatten(*inner, "", 0, add);
    if (const auto type = found.text("", "model_type")) found.m_architecture = *type;
    else return std::nullopt;
    for (const ConfigDefault& one : configDefaults())
        if (one.modelType == found.m_architecture && !json.contains(one.key) && !(wrapped && inner->contains(one.key))) found.m_defaults[std::string(one.key)] = {std::string(one.key), std::string(one.value), false};
    return found;
}

void Hyperparameters::refuse(const std::string& what) const { refuseInput("'" + m_file + "': " + what + "; fetch or convert the model again"); }

std::optional<Hyperparameters::Found> Hyperparameters::find(std::string_view gguf, std::string_view other) const {
    if (isGguf()) {
        if (gguf.empty()) return std::nullopt;
        const auto at = m_values.find(m_architecture + "." + std::string(gguf));
        return at == m_values.end() ? std::nullopt : std::optional(at->second);
    }
    for (const auto* values : {&m_values, &m_defaults})
        for (std::string_view left = other; !left.empty();) {
            const std::string_view name = left.substr(0, left.find('|'));
            if (const auto at = values->find(name); at != values->end()) return at->second;
            left.remove_prefix(std::min(left.size(), name.size() + 1));
        }
    return std::nullopt;
}

bool Hyperparameters::has(std::string_view gguf, std::string_view other) const { return find(gguf, other).has_value(); }

std::optional<std::int64_t> Hyperparameters::integer(std::string_view gguf, std::string_view other) const {
    const auto found = find(gguf, other);
    if (!found) return std::nullopt;
    const auto value = parse<std::int64_t>(found->value);
    if (!value || found->isText) refuse("'" + found->name + "' is '" + found->value.substr(0, 64) + "', but must be one whole number");
    return value;
}

std::optional<double> Hyperparameters::real(std::string_view gguf, std::string_view other) const {
    const auto found = find(gguf, other);
    if (!found) return std::nullopt;
    const auto value = parse<double>(found->value);
    if (!value || found->isText || !std::isfinite(*value)) refuse("'" + found->name + "' is '" + found->value.substr(0, 64) + "', but must be a number");
    return value;
}

std::optional<std::string> Hyperparameters::text(std::string_view gguf, std::string_view other) const {
    const auto found = find(gguf, other);
    return found ? std::optional(found->value) : std::nullopt;
}

std::optional<bool> Hyperparameters::flag(std::string_view gguf, std::string_view other) const {
    const auto found = find(gguf, other);
    if (!found) return std::nullopt;
    if (found->value != "true" && found->value != "false") refuse("'" + found->name + "' is '" + found->value.substr(0, 64) + "', but must be true or false");
    return found->value == "true";
}

std::vector<float> Hyperparameters::reals(std::string_view other) const {
    std::vector<float> values;
    while (true) {
        const auto at = m_values.find(std::string(other) + "." + std::to_string(values.size()));
        if (at == m_values.end()) return values;
        const auto value = parse<double>(at->second.value);
        if (!value) refuse("'" + at->first + "' is no number");
        values.push_back(static_cast<float>(*value));
    }
}

std::int64_t Hyperparameters::needed(std::string_view gguf, std::string_view other, std::int64_t least, std::int64_t most) const {
    const std::string name = isGguf() ? m_architecture + "." + std::string(gguf) : std::string(other.substr(0, other.find('|')));
    const auto value = integer(gguf, other);
    if (!value) refuse("'" + name + "' is missing, without which the network cannot be built");
    if (*value < least || *value > most) refuse("'" + name + "' is " + std::to_string(*value) + ", but must lie in " + std::to_string(least) + " to " + std::to_string(most));
    return *value;
}

}  // namespace bitlathe
