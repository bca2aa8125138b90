// What config.json says of how weights are quantized (transformers' quantization_config, GPTQ's quantize_config.json,
// AWQ's quant_config.json). Knows no tensors. Private to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe::safetensors {

// How weights of one group of modules are coded (compressed-tensors: config_groups), or all of them.
struct WeightScheme {
    int bits = 0;               // 0: not said
    std::int64_t groupSize = 0; // 0: not said; -1: a channel
    bool symmetric = true;
    bool isFloat = false;
    std::int64_t blockRows = 0, blockColumns = 0;  // of scales over blocks; 0: none
};

struct QuantizationConfig {
    std::string method;             // "gptq", "awq", "compressed-tensors", "fp8"; empty: none
    bool zeroMinusOne = true;       // GPTQ's first version stores zero points less 1
    std::vector<WeightScheme> schemes;
};

struct Checkpoint;

// Of the files beside; what is damaged or not known is as if it were not there, and `note` says so.
QuantizationConfig quantizationConfigOf(const Checkpoint& checkpoint, std::string& note);

// model_type of config.json, of the model for texts where it wraps one (text_config); empty when there is none.
std::string modelType(const Checkpoint& checkpoint);

}  // namespace bitlathe::safetensors
