// The head of a GGUF file of version 3, as bytes. Private to this folder.
#pragma once

#include "core/formats/gguf/container.h"

#include <string>
#include <utility>
#include <vector>

namespace bitlathe::gguf {

struct TensorOut {
    std::size_t source = 0;  // index in the source's Container::tensors
    const GgmlType* type = nullptr;
    std::uint64_t offset = 0;  // from the beginning of the data
    std::uint64_t bytes = 0;
};

struct NewKeys {
    std::vector<std::pair<std::string, std::string>> texts;
    std::vector<std::pair<std::string, std::uint32_t>> numbers;
};

// Sets the tensors' offsets: each begins at a multiple of the source's alignment, right after the one before.
void place(const Container& source, std::vector<TensorOut>& tensors) noexcept;

// Up to where the data begins, padding included. A key that the source has keeps its place and gets the new value.
std::string headOf(const Container& source, const NewKeys& keys, const std::vector<TensorOut>& tensors);

inline std::uint64_t padded(std::uint64_t bytes, std::uint64_t alignment) noexcept { return (bytes + alignment - 1) / alignment * alignment; }

}  // namespace bitlathe::gguf
