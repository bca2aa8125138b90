// What a config.json means where it says nothing: the defaults of Hugging Face's configuration classes (transformers,
// models/*/configuration_*.py). Files leave out what equals them. Private to hyperparameters.cpp.
#pragma once

#include <span>
#include <string_view>

namespace bitlathe {

struct ConfigDefault {
    std::string_view modelType, key, value;  // the value as JSON writes it
};

std::span<const ConfigDefault> configDefaults() noexcept;

}  // namespace bitlathe
