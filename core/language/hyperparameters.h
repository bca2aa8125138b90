// The numbers by which a file describes its language model: GGUF's keys, or the entries of a config.json. One
// question per number, asked in both spellings. Knows no architectures.
#pragma once

#include "core/language/language_spec.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace bitlathe {

struct Model;

// Whose names the tensors of the model have: GGUF's keys come with GGUF's names.
TensorNaming namingOf(const Model& model) noexcept;

class Hyperparameters {
public:
    // Nothing where the file does not say that it is a language model: a GGUF file without general.architecture,
    // others without config.json in their metadata. Throws Error(Input) for a config.json that is none.
    static std::optional<Hyperparameters> of(const Model& model);

    TensorNaming naming() const noexcept { return m_naming; }
    bool isGguf() const noexcept { return m_naming == TensorNaming::Gguf; }
    const std::string& architecture() const noexcept { return m_architecture; }  // general.architecture, model_type

    // Of a config.json that wraps a model for texts (text_config) the inner entries go before the outer ones; what neither
    // says is what Hugging Face's class of that type takes (config_defaults.h), unless it is null.
    // gguf: the key behind "llama."; other: names in config.json, tried in turn: "n_head|num_attention_heads"; a dot
    // leads into an object. Nothing where it is absent or null. Throws Error(Input) naming key and file where the
    // value is of another kind, or a number beyond reason.
    std::optional<std::int64_t> integer(std::string_view gguf, std::string_view other) const;
    std::optional<double> real(std::string_view gguf, std::string_view other) const;
    std::optional<std::string> text(std::string_view gguf, std::string_view other) const;
    std::optional<bool> flag(std::string_view gguf, std::string_view other) const;
    bool has(std::string_view gguf, std::string_view other) const;
    std::vector<float> reals(std::string_view other) const;  // config.json alone

    // The number, which must be there and lie in least … most.
    std::int64_t needed(std::string_view gguf, std::string_view other, std::int64_t least, std::int64_t most) const;

    [[noreturn]] void refuse(const std::string& what) const;

private:
    Hyperparameters() = default;
    struct Found {
        std::string name, value;  // the value as text
        bool isText = false;
    };
    std::optional<Found> find(std::string_view gguf, std::string_view other) const;

    TensorNaming m_naming = TensorNaming::Gguf;
    std::string m_file, m_architecture;
    std::map<std::string, Found, std::less<>> m_values;  // by key; objects of config.json by dotted path
    std::map<std::string, Found, std::less<>> m_defaults;
};

}  // namespace bitlathe
