#include "core/language/language_extents.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

constexpr std::int64_t kMostLayers = 4096, kMostWidth = 1 << 20, kMostHeads = 1 << 16, kMostContext = std::int64_t(1) << 32;

void readRope(const Hyperparameters& p, LanguageSpec& spec) {
    RopeSpec& rope = spec.rope;
    rope.dims = p.integer("rope.dimension_count", "").value_or(spec.headSize);
    if (const auto share = p.real("", "partial_rotary_factor|rotary_pct|rope_parameters.partial_rotary_factor|rope_parameters.full_attention.partial_rotary_factor"); share && !(*share >= 0 && *share <= 1)) p.refuse("positions turn " + std::to_string(*share) + " of each head");
    else if (share)
        rope.dims = static_cast<std::int64_t>(*share * static_cast<double>(spec.headSize));
    if (rope.dims < 0 || rope.dims > spec.headSize || rope.dims % 2 != 0)
        p.refuse("positions turn " + std::to_string(rope.dims) + " of the " + std::to_string(spec.headSize) + " numbers of a head");
    rope.base = p.real("rope.freq_base", "rope_theta|rope_parameters.rope_theta|rope_parameters.full_attention.rope_theta|rotary_emb_base").value_or(10000.0);
    if (!(rope.base > 0)) p.refuse("the base of its positions is " + std::to_string(rope.base));
    const std::string kind = p.text("rope.scaling.type", "rope_scaling.rope_type|rope_scaling.type|rope_parameters.rope_type|rope_parameters.full_attention.rope_type").value_or("none");
    rope.factor = p.real("rope.scaling.factor", "rope_scaling.factor|rope_parameters.factor|rope_parameters.full_attention.factor").value_or(1.0);
    if (const auto old = p.real("rope.scale_linear", ""); old && *old != 0 && !p.has("rope.scaling.factor", "")) rope.factor = *old, rope.scaling = RopeSpec::Scaling::Linear;
    rope.originalContext = p.real("rope.scaling.original_context_length", "rope_scaling.original_max_position_embeddings|rope_parameters.original_max_position_embeddings|original_max_position_embeddings")
                               .value_or(static_cast<double>(spec.context));
    rope.lowFactor = p.real("", "rope_scaling.low_freq_factor|rope_parameters.low_freq_factor").value_or(1.0);
    rope.highFactor = p.real("", "rope_scaling.high_freq_factor|rope_parameters.high_freq_factor").value_or(4.0);
    rope.betaFast = p.real("rope.scaling.yarn_beta_fast", "rope_scaling.beta_fast|rope_parameters.beta_fast").value_or(32.0);
    rope.betaSlow = p.real("rope.scaling.yarn_beta_slow", "rope_scaling.beta_slow|rope_parameters.beta_slow").value_or(1.0);
    rope.attentionFactor = p.real("rope.scaling.attn_factor", "rope_scaling.attention_factor|rope_parameters.attention_factor").value_or(0.0);
    if (const double own = 0.1 * std::log(std::max(1.0, rope.factor)) + 1.0; kind == "yarn") rope.attentionFactor = !p.isGguf() && rope.attentionFactor > 0 ? rope.attentionFactor : own * (rope.attentionFactor > 0 ? rope.attentionFactor : 1.0);
    if (kind == "linear") rope.scaling = RopeSpec::Scaling::Linear;
    else if (kind == "llama3") rope.scaling = RopeSpec::Scaling::Llama3;
    else if (kind == "yarn") rope.scaling = RopeSpec::Scaling::Yarn;
    else if (kind == "longrope" || kind == "su") rope.scaling = RopeSpec::Scaling::Factors;
    else if (kind != "none" && kind != "default") spec.whyNot = "its positions are stretched by '" + kind + "', which is not computed here";
    if (!(rope.factor > 0) || !(rope.originalContext >= 0)) p.refuse("the factor of its positions is " + std::to_string(rope.factor));
}

}  // namespace

void readExtents(const Hyperparameters& p, LanguageSpec& spec) {
    spec.layers = p.needed("block_count", "num_hidden_layers|n_layer", 1, kMostLayers);
    spec.width = p.needed("embedding_length", "hidden_size|n_embd", 1, kMostWidth);
    spec.context = p.needed("context_length", "max_position_embeddings|n_positions|n_ctx", 1, kMostContext);
    spec.heads = p.needed("attention.head_count", "num_attention_heads|n_head", 1, kMostHeads);
    spec.kvHeads = p.has("attention.head_count_kv", "num_key_value_heads") ? p.needed("attention.head_count_kv", "num_key_value_heads", 1, kMostHeads) : spec.heads;
    if (spec.heads % spec.kvHeads != 0) p.refuse(std::to_string(spec.heads) + " heads of queries cannot share " + std::to_string(spec.kvHeads) + " heads of keys");
    const auto headSize = p.integer("attention.key_length", "head_dim");
    if (!headSize && spec.width % spec.heads != 0) p.refuse("a width of " + std::to_string(spec.width) + " cannot be cut into " + std::to_string(spec.heads) + " heads");
    spec.headSize = headSize.value_or(spec.width / spec.heads);
    spec.valueSize = p.integer("attention.value_length", "").value_or(spec.headSize);
    if (spec.headSize < 1 || spec.headSize > kMostWidth || spec.valueSize < 1 || spec.valueSize > kMostWidth) p.refuse("heads of " + std::to_string(spec.headSize) + " and " + std::to_string(spec.valueSize) + " numbers are impossible");
    spec.vocabulary = p.integer("vocab_size", "vocab_size").value_or(0);
    const auto rmsEpsilon = p.real("attention.layer_norm_rms_epsilon", "rms_norm_eps");
    spec.normEpsilon = rmsEpsilon ? *rmsEpsilon : p.real("attention.layer_norm_epsilon", "layer_norm_eps|layer_norm_epsilon").value_or(1e-5);
    if (!(spec.normEpsilon >= 0)) p.refuse("the epsilon of its norms is negative");
    if (const auto tied = p.flag("", "tie_word_embeddings")) spec.tiedHead = *tied, spec.ownHead = !*tied;
    readRope(p, spec);
}

void readLayerTypes(const Hyperparameters& p, LanguageSpec& spec) {
    if (!p.has("", "layer_types.0")) return;
    std::vector<bool> windowed;
    for (std::int64_t layer = 0; layer < spec.layers; ++layer) {
        const std::string kind = p.text("", "layer_types." + std::to_string(layer)).value_or("none");
        if (kind != "full_attention" && kind != "sliding_attention") {
            spec.whyNot = "its layer " + std::to_string(layer) + " is of the kind '" + kind + "', which is not built here";
            return;
        }
        windowed.push_back(kind == "sliding_attention");
    }
    const auto full = std::find(windowed.begin(), windowed.end(), false);
    if (std::find(windowed.begin(), windowed.end(), true) == windowed.end()) {
        spec.window = 0;
        return;
    }
    if (spec.window == 0) p.refuse("layers with a window are listed, but 'sliding_window' is missing");
    spec.windowPeriod = full == windowed.end() ? spec.layers + 1 : full - windowed.begin() + 1;
    for (std::int64_t layer = 0; layer < spec.layers; ++layer)
        if (spec.windowed(layer) != windowed[static_cast<std::size_t>(layer)]) spec.whyNot = "its layers with and without a window follow no period, and such orders are not built here";
}

}  // namespace bitlathe
