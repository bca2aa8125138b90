// Reads a group as a Hdf5Node. For files of core/hdf5 alone; the caller holds the library's lock.
#pragma once

#include "core/hdf5/hdf5_node.h"

#include <functional>
#include <hdf5.h>
#include <string>
#include <vector>

namespace bitlathe::hdf5 {

// array: how a dataset of numbers is read, by its path. Throws Error(Input) naming `source`.
Hdf5Node readNode(hid_t file, const std::string& path, const std::string& source, const std::function<Tensor(const std::string& path)>& array);

std::vector<std::string> groupsIn(hid_t file, const std::string& path);

}  // namespace bitlathe::hdf5
