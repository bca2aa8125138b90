// A folder of pictures with a labels.csv: lines of FILE,LABEL, where a label is a number or a class name.
#pragma once

#include "core/data/dataset.h"

#include <string>

namespace bitlathe {

bool recognizesImageFolder(const std::string& path);
// Samples are H × W × 3, U8, RGB, and may differ in size. Class names are numbered in alphabetical order.
// A preprocess.json in the folder becomes Dataset::preprocessing.
Dataset openImageFolder(const std::string& path, const std::string& arrayName);

}  // namespace bitlathe
