// Llama (Touvron et al., arXiv:2302.13971) and what has its form: Mistral adds a sliding window.
#include "core/language/architectures/architectures.h"

#include <algorithm>

namespace bitlathe {

namespace {

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
    {"blk.#.ffn_norm", "layers.#.post_attention_layernorm"},
    {"blk.#.ffn_gate", "layers.#.mlp.gate_proj"},
    {"blk.#.ffn_up", "layers.#.mlp.up_proj"},
    {"blk.#.ffn_down", "layers.#.mlp.down_proj"},
};
constexpr std::string_view kPrefixes[] = {"model.", "language_model.model.", "model.language_model.", "language_model.", ""};

}  // namespace

const TensorNames kLlamaNames{kNames, kPrefixes};

void describeLlama(const Hyperparameters& parameters, LanguageSpec& spec) {
    spec.rope.interleaved = parameters.isGguf();
    refuseOtherActivation(parameters, {"silu", "swish"}, spec);
    if (parameters.integer("expert_count", "num_local_experts").value_or(0) > 0) spec.whyNot = "mixtures of experts are not built here yet";
}

void refuseOtherActivation(const Hyperparameters& parameters, std::initializer_list<std::string_view> known, LanguageSpec& spec) {
    const auto name = parameters.text("", "hidden_activation|hidden_act|activation_function");
    if (name && std::find(known.begin(), known.end(), *name) == known.end()) spec.whyNot = "its activation '" + *name + "' is not " + spec.label + "'s";
}

void describeMistral(const Hyperparameters& parameters, LanguageSpec& spec) {
    describeLlama(parameters, spec);
    spec.window = parameters.integer("attention.sliding_window", "sliding_window").value_or(0);
}

}  // namespace bitlathe
