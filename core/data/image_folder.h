// A folder of pictures as samples, in one of three layouts:
// - a labels.csv: lines of FILE,LABEL, where a label is a number or a class name;
// - one folder for each class, pictures in it at any depth: classes in alphabetical order, or by their numbers where all
//   folders are called by whole numbers;
// - pictures alone: samples without labels.
#pragma once

#include "core/data/dataset.h"

#include <string>

namespace bitlathe {

bool recognizesImageFolder(const std::string& path);
// Samples are H × W × 3, U8, RGB, and may differ in size; in the order of the list, or of their paths.
Dataset openImageFolder(const std::string& path, const std::string& arrayName);

}  // namespace bitlathe
