#include "core/language/config_defaults.h"

namespace bitlathe {

namespace {

constexpr ConfigDefault kDefaults[] = {
    {"llama", "max_position_embeddings", "2048"},
    {"llama", "rms_norm_eps", "1e-06"},
    {"mistral", "max_position_embeddings", "131072"},
    {"mistral", "rms_norm_eps", "1e-06"},
    {"mistral", "sliding_window", "4096"},
    {"mistral", "num_key_value_heads", "8"},
    {"qwen2", "max_position_embeddings", "32768"},
    {"qwen2", "rms_norm_eps", "1e-06"},
    {"qwen3", "max_position_embeddings", "32768"},
    {"qwen3", "rms_norm_eps", "1e-06"},
    {"qwen3", "head_dim", "128"},
    {"gemma", "max_position_embeddings", "8192"},
    {"gemma", "rms_norm_eps", "1e-06"},
    {"gemma", "head_dim", "256"},
    {"gemma", "tie_word_embeddings", "true"},
    {"gemma2", "max_position_embeddings", "8192"},
    {"gemma2", "rms_norm_eps", "1e-06"},
    {"gemma2", "head_dim", "256"},
    {"gemma2", "num_attention_heads", "8"},
    {"gemma2", "num_key_value_heads", "4"},
    {"gemma2", "query_pre_attn_scalar", "256"},
    {"gemma2", "sliding_window", "4096"},
    {"gemma2", "attn_logit_softcapping", "50.0"},
    {"gemma2", "final_logit_softcapping", "30.0"},
    {"gemma2", "tie_word_embeddings", "true"},
    {"gemma3_text", "max_position_embeddings", "131072"},
    {"gemma3_text", "rms_norm_eps", "1e-06"},
    {"gemma3_text", "head_dim", "256"},
    {"gemma3_text", "num_attention_heads", "8"},
    {"gemma3_text", "num_key_value_heads", "4"},
    {"gemma3_text", "query_pre_attn_scalar", "256"},
    {"gemma3_text", "sliding_window", "4096"},
    {"gemma3_text", "rope_theta", "1000000.0"},
    {"gemma3_text", "rope_local_base_freq", "10000.0"},
    {"gemma3_text", "vocab_size", "262208"},
    {"gemma3_text", "tie_word_embeddings", "true"},
    {"gpt2", "n_positions", "1024"},
    {"gpt2", "layer_norm_epsilon", "1e-05"},
    {"gpt2", "tie_word_embeddings", "true"},
    {"phi", "max_position_embeddings", "2048"},
    {"phi", "layer_norm_eps", "1e-05"},
    {"phi", "partial_rotary_factor", "0.5"},
    {"phi3", "max_position_embeddings", "4096"},
    {"phi3", "rms_norm_eps", "1e-05"},
    {"bert", "max_position_embeddings", "512"},
    {"bert", "layer_norm_eps", "1e-12"},
    {"bert", "type_vocab_size", "2"},
};

}  // namespace

std::span<const ConfigDefault> configDefaults() noexcept { return kDefaults; }

}  // namespace bitlathe
