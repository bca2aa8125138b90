// Reads the raw little-endian arrays in tests/golden.
#pragma once

#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace bitlathe {

template <class T>
std::vector<T> golden(const std::string& name) {
    const std::string path = std::string(BITLATHE_SOURCE_DIR) + "/tests/golden/" + name;
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) throw std::runtime_error("cannot open " + path);
    std::vector<T> values(static_cast<std::size_t>(file.tellg()) / sizeof(T));
    file.seekg(0);
    file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
    return values;
}

}  // namespace bitlathe
