// NumPy's .npz: a zip archive of .npy entries, stored or deflated, read entry by entry as a stream.
#pragma once

#include "core/data/dataset.h"

#include <string>
#include <utility>
#include <vector>

namespace bitlathe {

bool recognizesNpz(const std::string& path);
Dataset openNpz(const std::string& path, const std::string& arrayName);

// Every numeric array of the archive, whole, in the archive's order.
std::vector<std::pair<std::string, Tensor>> readNpz(const std::string& path);
// Stored, not deflated; the same bytes for the same tensors, whenever it is written.
void writeNpz(const std::string& path, const std::vector<std::pair<std::string, Tensor>>& arrays);

}  // namespace bitlathe
