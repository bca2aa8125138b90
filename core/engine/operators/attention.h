// Scaled dot-product attention and what belongs to it: rotary embeddings and the key-value cache.
#pragma once

namespace bitlathe {

class OperatorContext;

// Multi-head, grouped-query and multi-query forms, 3-D or 4-D; masks, causal and sliding windows, soft cap,
// caches inside (past_key) and outside (nonpad_kv_seqlen). A query that may see no key gives zeros.
void runAttention(OperatorContext& context);
void runRotaryEmbedding(OperatorContext& context);
void runRotaryEmbeddingMicrosoft(OperatorContext& context);  // the same with its inputs in another order
void runTensorScatter(OperatorContext& context);

}  // namespace bitlathe
