// llama-quantize's named mixtures ("Q4_K_M"): which tensor of a language model gets which block type. Rows of a
// table; the choice depends on a tensor's part in the network, its block, the heads
// that share keys, and the number of experts.
#pragma once

#include "core/quant/recipe.h"

#include <span>
#include <string_view>

namespace bitlathe {

struct Model;

enum class TensorShare : unsigned char { None, All, First2, First4, FirstEighth, FirstSixteenth, Middle, UseMore, Grouped4 };
// Whether a step is for files that are made by importance.
enum class ByImportance : unsigned char { Either, With, Without };

// A codec for some of the tensors of one part; of several the first that holds counts.
struct MixtureStep {
    std::string_view codec;
    TensorShare share = TensorShare::None;
    ByImportance when = ByImportance::Either;
};

struct Mixture {
    std::string_view name, label, description;
    int fileType = 0;       // llama.cpp's number of it, general.file_type
    std::string_view base;  // codec of what nothing else names
    MixtureStep values[2] = {}, down[2] = {}, output = {}, fused = {};  // attn_v, ffn_down, attn_output, attn_qkv
    std::string_view embedding = {};  // where it has a tensor of its own; empty: base
    MixtureStep queries = {}, keys = {}, gates = {};  // attn_q, attn_k, ffn_gate and ffn_up
    std::string_view head = "q6_k";                   // the output, and the embedding where it is the output too
    bool expertOutput = false;  // attn_output is Q5_K in models of eight experts
    bool lowest = false;        // IQ1 and IQ2, whose types for experts are others
};

// Those whose types we write, in the order in which people see them.
std::span<const Mixture> mixtures() noexcept;
const Mixture* findMixture(std::string_view name) noexcept;

// The types that llama-quantize (2025-02) gives the tensors of this model, before rows that no block divides get
// their substitutes; some differ where it is given importance. A model whose tensors have unknown names gets the base
// type everywhere.
Recipe mixtureRecipe(const Mixture& mixture, const Model& model, bool withImportance = false);

}  // namespace bitlathe
