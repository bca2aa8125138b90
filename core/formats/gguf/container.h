// What the head of a GGUF file says, versions 1 to 3 (ggml/docs/gguf.md): keys with values, and where each tensor
// lies. Views of the file's bytes; nothing is believed before it was checked. Knows no models.
#pragma once

#include "core/base/job.h"
#include "core/quant/ggml_types.h"
#include "core/tensor/shape.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe::gguf {

enum class ValueType : std::uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };

struct KeyValue {
    std::string_view key;
    ValueType type = ValueType::U8;
    std::span<const std::byte> value;  // as the file has it; lengths are lengthBytes wide

    std::optional<std::uint64_t> integer() const noexcept;  // of any integer type, when it is not negative
};

struct TensorInfo {
    std::string_view name;
    Shape shape;  // outermost first: the file has it the other way round
    const GgmlType* type = nullptr;
    std::uint64_t offset = 0;  // in the file
    std::uint64_t bytes = 0;
};

struct Container {
    std::uint32_t version = 3;
    int lengthBytes = 8;  // 4 in version 1
    std::uint64_t alignment = 32;
    std::vector<KeyValue> keys;        // in the file's order, no key twice
    std::vector<TensorInfo> tensors;   // in the file's order, no name twice, all inside the file

    const KeyValue* find(std::string_view key) const noexcept;
    // The text of a key; empty when there is none or it is no text.
    std::string_view text(std::string_view key) const noexcept;
};

// Throws Error(Input) naming the file, the place and the cure. bytes must outlive the result.
Container parse(std::span<const std::byte> bytes, const std::string& fileName, JobContext& job);

// The value for people: numbers and texts as they are, of arrays type, length and the first entries.
std::string toText(const KeyValue& key, int lengthBytes);

// The value with lengths of 8 bytes, as versions 2 and 3 have them.
std::string withLongLengths(const KeyValue& key, int lengthBytes);

// Bytes of a number; 0 for texts and arrays.
std::size_t sizeOf(ValueType type) noexcept;

}  // namespace bitlathe::gguf
