// BERT (Devlin et al., arXiv:1810.04805): every token sees every other, norms come after sums. What flows out of the last
// layer is the result.
#include "core/language/architectures/architectures.h"

namespace bitlathe {

namespace {

constexpr TensorName kNames[] = {
    {"token_embd", "embeddings.word_embeddings"},
    {"position_embd", "embeddings.position_embeddings"},
    {"token_types", "embeddings.token_type_embeddings"},
    {"token_embd_norm", "embeddings.LayerNorm"},
    {"blk.#.attn_q", "encoder.layer.#.attention.self.query"},
    {"blk.#.attn_k", "encoder.layer.#.attention.self.key"},
    {"blk.#.attn_v", "encoder.layer.#.attention.self.value"},
    {"blk.#.attn_output", "encoder.layer.#.attention.output.dense"},
    {"blk.#.attn_output_norm", "encoder.layer.#.attention.output.LayerNorm"},
    {"blk.#.ffn_up", "encoder.layer.#.intermediate.dense"},
    {"blk.#.ffn_down", "encoder.layer.#.output.dense"},
    {"blk.#.layer_output_norm", "encoder.layer.#.output.LayerNorm"},
};
constexpr std::string_view kPrefixes[] = {"bert.", ""};

}  // namespace

const TensorNames kBertNames{kNames, kPrefixes};

void describeBert(const Hyperparameters& parameters, LanguageSpec& spec) {
    spec.encoder = true;
    spec.norm = NormKind::Layer;
    if (!parameters.has("attention.layer_norm_epsilon", "layer_norm_eps")) spec.normEpsilon = 1e-12;
    spec.learnedPositions = true;
    spec.rope = {};
    spec.feedForward = FeedForward::Plain;
    spec.activation = "gelu";
    const std::string name = parameters.text("", "hidden_act").value_or("gelu");
    if (name == "gelu_new") spec.activation = "tanh_gelu";
    else if (name == "relu") spec.activation = "relu";
    else if (name != "gelu") spec.whyNot = "its activation '" + name + "' is not known here";
    if (parameters.text("", "position_embedding_type").value_or("absolute") != "absolute") spec.whyNot = "its relative positions are not built here";
}

}  // namespace bitlathe
