// Samples and labels in an HDF5 file, read row by row.
#pragma once

#include "core/data/dataset.h"

#include <string>

namespace bitlathe {

bool recognizesHdf5(const std::string& path);
// The JSON of an attribute `preprocess` on the samples or on the file becomes Dataset::preprocessing.
Dataset openHdf5Dataset(const std::string& path, const std::string& arrayName);

}  // namespace bitlathe
