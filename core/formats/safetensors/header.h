// The head of a safetensors file: a JSON object that says of each tensor its type, shape and place
// (huggingface/safetensors, README). Nothing is believed before it was checked. Knows no models.
#pragma once

#include "core/base/job.h"
#include "core/tensor/element_type.h"
#include "core/tensor/shape.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bitlathe::safetensors {

inline constexpr std::uint64_t kLongestHeader = 100'000'000;  // bytes; the format's own limit

struct HeaderEntry {
    std::string name;
    std::string typeName;              // as the file spells it: "BF16"
    std::optional<ElementType> type;   // nothing for types that are known and that nobody here reads (F6_E2M3, C64 …)
    Shape shape;
    std::uint64_t offset = 0;  // in the file
    std::uint64_t bytes = 0;
};

struct Header {
    std::vector<HeaderEntry> tensors;  // in the order of their bytes; no name twice, all inside the file, without holes
    std::vector<std::pair<std::string, std::string>> metadata;  // of "__metadata__", in the file's order
    std::uint64_t dataOffset = 0;
};

// Whether the first bytes could be a head.
bool looksLikeHeader(std::span<const std::byte> head) noexcept;

// Throws Error(Input) naming the file, the place and the cure.
Header parseHeader(std::span<const std::byte> file, const std::string& fileName, JobContext& job);

// "BF16" ⇄ the element type. Nothing for names outside the format, and for types that the format lacks.
std::optional<ElementType> typeNamed(std::string_view name) noexcept;
std::string_view nameInFile(ElementType type) noexcept;

}  // namespace bitlathe::safetensors
