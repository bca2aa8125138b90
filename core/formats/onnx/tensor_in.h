// TensorProto → Tensor. Every count is checked against the bytes that are there before anything is allocated.
#pragma once

#include "core/formats/onnx/external_data.h"
#include "core/tensor/tensor.h"

#include <memory>
#include <optional>
#include <string>

namespace onnx {
class TensorProto;
class AttributeProto;
}

namespace bitlathe::onnx {

// The file that a message was cut from (wire.h), and the files beside it.
struct TensorSource {
    std::string fileName;
    std::shared_ptr<const MappedFile> file;
    ExternalData external;
};

// TensorProto.DataType as an element type; nothing for complex numbers and for numbers we do not know.
std::optional<ElementType> elementTypeOf(int dataType) noexcept;
int dataTypeOf(ElementType type) noexcept;

// True for text and complex numbers: tensors that are kept as they are but have no Tensor.
bool isForeign(const ::onnx::TensorProto& proto) noexcept;

// `name` is for messages. Throws Error(Input).
Tensor toTensor(const ::onnx::TensorProto& proto, TensorSource& source, const std::string& name);

// The message as the file has it, with the bytes that were cut out put back.
std::string serialized(const ::onnx::AttributeProto& proto, const TensorSource& source);

}  // namespace bitlathe::onnx
