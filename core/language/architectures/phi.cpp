// Phi 1 and 2 (Li et al., arXiv:2309.05463): attention and feed-forward side by side, positions that turn a part of each
// head, biases everywhere. Phi 3 (arXiv:2404.14219) is of Llama's form with joined weights.
#include "core/language/architectures/architectures.h"

#include <cmath>

namespace bitlathe {

namespace {

constexpr TensorName kNames2[] = {
    {"token_embd", "embed_tokens"},
    {"output_norm", "final_layernorm"},
    {"output", "lm_head"},
    {"blk.#.attn_norm", "layers.#.input_layernorm"},
    {"blk.#.attn_qkv", "layers.#.self_attn.qkv_proj"},
    {"blk.#.attn_q", "layers.#.self_attn.q_proj"},
    {"blk.#.attn_k", "layers.#.self_attn.k_proj"},
    {"blk.#.attn_v", "layers.#.self_attn.v_proj"},
    {"blk.#.attn_output", "layers.#.self_attn.dense"},
    {"blk.#.ffn_up", "layers.#.mlp.fc1"},
    {"blk.#.ffn_down", "layers.#.mlp.fc2"},
};
constexpr TensorName kNames3[] = {
    {"token_embd", "embed_tokens"},
    {"output_norm", "norm"},
    {"output", "lm_head"},
    {"blk.#.attn_norm", "layers.#.input_layernorm"},
    {"blk.#.attn_qkv", "layers.#.self_attn.qkv_proj"},
    {"blk.#.attn_output", "layers.#.self_attn.o_proj"},
    {"blk.#.ffn_norm", "layers.#.post_attention_layernorm"},
    {"blk.#.ffn_up", "layers.#.mlp.gate_up_proj"},
    {"blk.#.ffn_down", "layers.#.mlp.down_proj"},
};
constexpr std::string_view kPrefixes[] = {"model.", "language_model.model.", "model.language_model.", "language_model.", ""};

}  // namespace

const TensorNames kPhi2Names{kNames2, kPrefixes}, kPhi3Names{kNames3, kPrefixes};

void describePhi2(const Hyperparameters& parameters, LanguageSpec& spec) {
    spec.norm = NormKind::Layer;
    spec.parallel = true;
    spec.feedForward = FeedForward::Plain;
    spec.activation = "tanh_gelu";
    refuseOtherActivation(parameters, {"gelu_new", "gelu_pytorch_tanh", "gelu_fast"}, spec);
    if (parameters.flag("", "qk_layernorm").value_or(false)) spec.whyNot = "norms of its heads are not built here";
}

void describePhi3(const Hyperparameters& parameters, LanguageSpec& spec) {
    spec.window = parameters.integer("attention.sliding_window", "sliding_window").value_or(0);
    if (spec.window >= spec.context) spec.window = 0;
    refuseOtherActivation(parameters, {"silu", "swish"}, spec);
    for (const std::string list : {"rope_scaling.short_factor", "rope_parameters.short_factor"}) {
        if (!parameters.has("", list + ".0")) continue;
        // Stretched by two lists, one for short texts and one for long: texts as long as before it was stretched use the first.
        spec.rope.scaling = RopeSpec::Scaling::Factors;
        spec.rope.factors = parameters.reals(list);
        if (static_cast<std::int64_t>(spec.rope.factors.size()) != spec.rope.dims / 2) parameters.refuse("its short_factor has " + std::to_string(spec.rope.factors.size()) + " entries instead of " + std::to_string(spec.rope.dims / 2));
        const double original = spec.rope.originalContext, stretch = static_cast<double>(spec.context) / original;
        if (spec.rope.attentionFactor == 0 && stretch > 1 && original > 1) spec.rope.attentionFactor = std::sqrt(1.0 + std::log(stretch) / std::log(original));
    }
    // GGUF has the two lists as tensors, and says no kind of scaling.
    if (parameters.isGguf() && spec.rope.scaling == RopeSpec::Scaling::None && parameters.has("rope.scaling.original_context_length", "")) spec.rope.scaling = RopeSpec::Scaling::Factors;
    // Further on the other list would hold, and the keys of a text that is already read would be wrong.
    if (spec.rope.scaling == RopeSpec::Scaling::Factors && spec.rope.originalContext >= 1 && spec.rope.originalContext < static_cast<double>(spec.context)) spec.context = static_cast<std::int64_t>(spec.rope.originalContext);
}

}  // namespace bitlathe
