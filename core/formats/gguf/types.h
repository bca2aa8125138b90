// Which ggml type a codec's weights have in a file, what rows it can hold, and what takes its place where it
// cannot. Private to this folder.
#pragma once

#include "core/formats/weights_format.h"
#include "core/quant/ggml_types.h"

#include <map>

namespace bitlathe::gguf {

// Null where GGUF has none.
const GgmlType* typeOf(std::string_view codec) noexcept;

// The type that the weight is stored as in the source.
const GgmlType* storedType(const Value& value) noexcept;

WeightChoice choose(const Layer& layer, const QuantSpec& asked);

}  // namespace bitlathe::gguf
