// Files list tensors by type and name, so that block 10 stands before block 2 and the head before the embedding.
// Private to this folder.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bitlathe::safetensors {

// The order in which a network computes, as far as names tell: embeddings, blocks by number, heads last; otherwise as
// listed. A permutation of 0 … names.size() − 1.
std::vector<std::size_t> readingOrder(const std::vector<std::string>& names);

}  // namespace bitlathe::safetensors
