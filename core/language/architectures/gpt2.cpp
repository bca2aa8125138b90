// GPT-2 (Radford et al. 2019): a table of positions, norms with means and biases, one weight for queries, keys and
// values. Hugging Face's files hold its matrices [in, out].
#include "core/language/architectures/architectures.h"

namespace bitlathe {

namespace {

constexpr TensorName kNames[] = {
    {"token_embd", "wte"},
    {"position_embd", "wpe"},
    {"output_norm", "ln_f"},
    {"output", "lm_head"},
    {"blk.#.attn_norm", "h.#.ln_1"},
    {"blk.#.attn_qkv", "h.#.attn.c_attn"},
    {"blk.#.attn_output", "h.#.attn.c_proj"},
    {"blk.#.ffn_norm", "h.#.ln_2"},
    {"blk.#.ffn_up", "h.#.mlp.c_fc"},
    {"blk.#.ffn_down", "h.#.mlp.c_proj"},
};
constexpr std::string_view kPrefixes[] = {"transformer.", ""};

}  // namespace

const TensorNames kGpt2Names{kNames, kPrefixes};

void describeGpt2(const Hyperparameters& parameters, LanguageSpec& spec) {
    spec.norm = NormKind::Layer;
    spec.learnedPositions = true;
    spec.rope = {};
    spec.feedForward = FeedForward::Plain;
    spec.activation = "tanh_gelu";
    spec.inputsFirst = true;
    spec.kvHeads = spec.heads;
    refuseOtherActivation(parameters, {"gelu_new", "gelu_pytorch_tanh"}, spec);
    if (parameters.flag("", "scale_attn_by_inverse_layer_idx").value_or(false)) spec.whyNot = "its attention is scaled by the number of the layer, which is not built here";
    if (!parameters.flag("", "scale_attn_weights").value_or(true)) spec.attentionScale = 1.0;
}

}  // namespace bitlathe
