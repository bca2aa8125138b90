// llama-quantize's named mixtures ("Q4_K_M"): which tensor of a language model gets which block type. Rows of a
// table; the choice depends on a tensor's part in the network, its block, and the heads that share keys.
#pragma once

#include "core/quant/recipe.h"

#include <span>
#include <string_view>

namespace bitlathe {

struct Model;

enum class TensorShare : unsigned char { None, All, First2, First4, FirstEighth, FirstSixteenth, UseMore, Grouped4 };

// A codec for some of the tensors of one part; of several the first that holds counts.
struct MixtureStep {
    std::string_view codec;
    TensorShare share = TensorShare::None;
};

struct Mixture {
    std::string_view name, label, description;
    std::string_view base;  // codec of what nothing else names
    MixtureStep values[2] = {}, down[2] = {}, output = {}, fused = {};  // attn_v, ffn_down, attn_output, attn_qkv
    std::string_view embedding = {};  // where it has a tensor of its own; empty: base
};

// Those whose types we write, in the order in which people see them.
std::span<const Mixture> mixtures() noexcept;
const Mixture* findMixture(std::string_view name) noexcept;

// The types that llama-quantize (2025-02, without importance) gives the tensors of this model, before rows that no
// block divides get their substitutes. A model whose tensors have unknown names gets the base type everywhere.
Recipe mixtureRecipe(const Mixture& mixture, const Model& model);

}  // namespace bitlathe
