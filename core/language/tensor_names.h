// What tensors are called: GGUF's names, and those of Hugging Face's checkpoints for the same. Knows no tensors.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bitlathe {

// Names without ".weight" or ".bias"; '#' stands for the number of the layer.
struct TensorName {
    std::string_view gguf, huggingFace;
};

struct TensorNames {
    std::span<const TensorName> names;
    std::span<const std::string_view> prefixes;  // that Hugging Face's names may have in front, the usual one first; may be ""
};

// "blk.3.attn_q.weight" → "model.layers.3.self_attn.q_proj.weight" and back; nothing where the table lacks it.
std::optional<std::string> huggingFaceName(const TensorNames& names, std::string_view gguf, std::string_view prefix);
std::optional<std::string> ggufName(const TensorNames& names, std::string_view huggingFace);

}  // namespace bitlathe
