// Gemma (arXiv:2403.08295): embeddings times √width, GeGLU, norms by 1 + weight. Gemma 2 (arXiv:2408.00118) adds norms
// behind each part, caps, and windows in every other layer; Gemma 3 (arXiv:2503.19786) has norms of heads instead of
// caps, windows in five layers of six, and slower positions in the sixth.
#include "core/language/architectures/architectures.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

// What follows the attention is a norm of its result from Gemma 2 on.
constexpr TensorName kNames[] = {
    {"token_embd", "embed_tokens"},
    {"output_norm", "norm"},
    {"output", "lm_head"},
    {"blk.#.attn_norm", "layers.#.input_layernorm"},
    {"blk.#.attn_q", "layers.#.self_attn.q_proj"},
    {"blk.#.attn_k", "layers.#.self_attn.k_proj"},
    {"blk.#.attn_v", "layers.#.self_attn.v_proj"},
    {"blk.#.attn_output", "layers.#.self_attn.o_proj"},
    {"blk.#.attn_q_norm", "layers.#.self_attn.q_norm"},
    {"blk.#.attn_k_norm", "layers.#.self_attn.k_norm"},
    {"blk.#.post_attention_norm", "layers.#.post_attention_layernorm"},
    {"blk.#.ffn_norm", "layers.#.pre_feedforward_layernorm"},
    {"blk.#.post_ffw_norm", "layers.#.post_feedforward_layernorm"},
    {"blk.#.ffn_gate", "layers.#.mlp.gate_proj"},
    {"blk.#.ffn_up", "layers.#.mlp.up_proj"},
    {"blk.#.ffn_down", "layers.#.mlp.down_proj"},
};
constexpr std::string_view kPrefixes[] = {"model.", "language_model.model.", "model.language_model.", "language_model.", ""};

}  // namespace

const TensorNames kGemma2Names{kNames, kPrefixes};

void describeGemma(const Hyperparameters& parameters, LanguageSpec& spec) {
    spec.normAddsOne = !parameters.isGguf();  // GGUF's files have the sum
    spec.activation = "tanh_gelu";
    refuseOtherActivation(parameters, {"gelu_pytorch_tanh", "gelu_new", "gelu"}, spec);  // the first files say "gelu" and mean the same
    spec.embeddingScale = std::sqrt(static_cast<double>(spec.width));
}

void describeGemma2(const Hyperparameters& parameters, LanguageSpec& spec) {
    describeGemma(parameters, spec);
    spec.postNorms = true;
    spec.attentionCap = parameters.real("attn_logit_softcapping", "attn_logit_softcapping").value_or(0.0);
    spec.logitCap = parameters.real("final_logit_softcapping", "final_logit_softcapping").value_or(0.0);
    spec.window = parameters.integer("attention.sliding_window", "sliding_window").value_or(0);
    spec.windowPeriod = 2;
    if (const auto scalar = parameters.real("", "query_pre_attn_scalar"); scalar && *scalar > 0) spec.attentionScale = 1.0 / std::sqrt(*scalar);
    else if (parameters.isGguf() && spec.layers == 46) spec.attentionScale = 1.0 / std::sqrt(static_cast<double>(spec.width) / static_cast<double>(spec.heads));  // the model of 27 B
}

void describeGemma3(const Hyperparameters& parameters, LanguageSpec& spec) {
    describeGemma2(parameters, spec);
    spec.queryKeyNorm = true;
    spec.attentionCap = 0.0;
    spec.windowPeriod = std::max<std::int64_t>(1, parameters.integer("attention.sliding_window_pattern", "sliding_window_pattern|_sliding_window_pattern").value_or(6));
    spec.localRope = {.dims = spec.rope.dims, .base = parameters.real("rope.freq_base_swa", "rope_local_base_freq|rope_parameters.sliding_attention.rope_theta").value_or(10000.0)};
    if (parameters.isGguf()) {
        if (!parameters.has("rope.freq_base", "")) spec.rope.base = 1e6;
        spec.attentionScale = spec.layers == 62 ? 1.0 / std::sqrt(static_cast<double>(spec.width) / static_cast<double>(spec.heads)) : 0.0;
    }
}

}  // namespace bitlathe
