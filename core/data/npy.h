// NumPy's .npy: one array (NumPy enhancement proposal 1, format versions 1 to 3).
#pragma once

#include "core/data/dataset.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace bitlathe {

struct NpyHeader {
    ElementType type = ElementType::F32;  // String: an array of texts, which only its name and shape are known of
    std::int64_t elementBytes = 4;
    Shape shape;
    std::size_t dataOffset = 0;
};
// Bytes that hold at least the first 10; headerBytes says how many the whole header takes.
std::size_t npyHeaderBytes(std::span<const std::byte> head, const std::string& where);
NpyHeader parseNpyHeader(std::span<const std::byte> head, const std::string& where);

// A whole array; its bytes stay in the mapped file where they are aligned.
Tensor readNpy(const std::string& path);
// The header of a tensor's .npy form, padded to 64 bytes as NumPy does. F16 and BF16 need converting first
// where NumPy has no such type; packed types are refused by an assert.
std::string npyHeaderFor(const Tensor& tensor);
void writeNpy(const std::string& path, const Tensor& tensor);

bool recognizesNpy(const std::string& path);
// Labels are taken from the .npy beside it that labelNamesFor() names: images_test.npy has labels_test.npy.
Dataset openNpy(const std::string& path, const std::string& arrayName);

}  // namespace bitlathe
