// Attention of a language model over the tokens that it has read, and what belongs to it. Domain "bitlathe".
//
// CachedAttention: inputs q [1, T, heads · size], k [1, T, kv_heads · size], v [1, T, kv_heads · valueSize]; output
// [1, T, heads · valueSize]. Adds k and v to layer `layer` of the run's cache (kv_cache.h), behind the tokens that
// it keeps, and attends to all of them; a token sees itself and those before it. Without a cache the tokens of
// this run are all there are. Attributes: layer, num_heads, kv_num_heads, scale (absent: 1/√size), softcap (0: none),
// window (0: all; else a token sees so many, itself included). Keys are read in tiles of fixed size, never unpacked
// as a whole, and softmax is joined tile by tile (Milakov and Gimelshein, arXiv:1805.02867).
//
// RotaryAngles: inputs positions (int64 [1, T]) and frequencies [half] per position; outputs cosines and sines
// [1, T, half], times the attribute scale (1).
//
// Gated: inputs gate and up, of one shape; output activation(gate) · up. Attribute activation: "silu" (absent),
// "gelu", "tanh_gelu", "relu".
#pragma once

namespace bitlathe {

class OperatorContext;

void runCachedAttention(OperatorContext& context);
void runRotaryAngles(OperatorContext& context);
void runGated(OperatorContext& context);

}  // namespace bitlathe
