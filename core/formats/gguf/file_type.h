// general.file_type: the number by which llama.cpp names a file's mixture of types. Private to this folder.
#pragma once

#include "core/formats/weights_format.h"
#include "core/quant/ggml_types.h"

#include <cstdint>
#include <span>

namespace bitlathe::gguf {

// What a file's layers are stored as.
struct StoredLayer {
    std::size_t layer = 0;  // of the model
    const GgmlType* type = nullptr;
};

// The number of the first named mixture that gives every one of these layers its type, with importance or without;
// else of the type that most weights have. layers: those that a recipe may quantize.
std::uint32_t fileTypeOf(const Model& model, std::span<const StoredLayer> layers, bool withImportance, const GgmlType& most);

}  // namespace bitlathe::gguf
