#include "tests/core/engine/suite_reader.h"

#include "core/tensor/convert.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <fstream>

namespace bitlathe {

namespace {

std::optional<ElementType> elementType(int type) {
    using T = ElementType;
    switch (type) {
        case onnx::TensorProto::FLOAT: return T::F32;
        case onnx::TensorProto::UINT8: return T::U8;
        case onnx::TensorProto::INT8: return T::I8;
        case onnx::TensorProto::UINT16: return T::U16;
        case onnx::TensorProto::INT16: return T::I16;
        case onnx::TensorProto::INT32: return T::I32;
        case onnx::TensorProto::INT64: return T::I64;
        case onnx::TensorProto::BOOL: return T::Bool;
        case onnx::TensorProto::FLOAT16: return T::F16;
        case onnx::TensorProto::DOUBLE: return T::F64;
        case onnx::TensorProto::UINT32: return T::U32;
        case onnx::TensorProto::UINT64: return T::U64;
        case onnx::TensorProto::BFLOAT16: return T::BF16;
        default: return std::nullopt;
    }
}

template <class To, class From>
Tensor copied(ElementType type, const Shape& shape, const From& values) {
    std::byte* bytes = nullptr;
    Tensor tensor = Tensor::allocate(type, shape, bytes);
    auto* to = reinterpret_cast<To*>(bytes);
    for (int i = 0; i < values.size(); ++i) to[i] = static_cast<To>(values[i]);
    return tensor;
}

std::optional<Tensor> convert(const onnx::TensorProto& proto) {
    const auto type = elementType(proto.data_type());
    if (!type) return std::nullopt;
    const Shape shape(std::vector<std::int64_t>(proto.dims().begin(), proto.dims().end()));
    // A file of another kind (a sequence, an optional) may parse as a tensor by accident.
    const auto count = checkedCount(shape.dims());
    if (!count) return std::nullopt;
    if (proto.has_raw_data()) {
        if (bytesFor(*type, *count) != static_cast<std::int64_t>(proto.raw_data().size())) return std::nullopt;
        std::byte* bytes = nullptr;
        Tensor tensor = Tensor::allocate(*type, shape, bytes);
        std::copy_n(reinterpret_cast<const std::byte*>(proto.raw_data().data()), tensor.bytes().size(), bytes);
        return tensor;
    }
    const std::int64_t given = std::max({proto.float_data_size(), proto.double_data_size(), proto.int64_data_size(),
                                         proto.uint64_data_size(), proto.int32_data_size()});
    if (given != *count) return std::nullopt;
    switch (*type) {
        case ElementType::F32: return copied<float>(*type, shape, proto.float_data());
        case ElementType::F64: return copied<double>(*type, shape, proto.double_data());
        case ElementType::I64: return copied<std::int64_t>(*type, shape, proto.int64_data());
        case ElementType::U64: return copied<std::uint64_t>(*type, shape, proto.uint64_data());
        case ElementType::U32: return copied<std::uint32_t>(*type, shape, proto.uint64_data());
        default:
            if (bitsOf(*type) == 8) return copied<std::uint8_t>(*type, shape, proto.int32_data());
            if (bitsOf(*type) == 16) return copied<std::uint16_t>(*type, shape, proto.int32_data());
            return copied<std::int32_t>(*type, shape, proto.int32_data());
    }
}

}  // namespace

std::optional<Tensor> readSuiteTensor(const std::filesystem::path& path) {
    onnx::TensorProto proto;
    std::ifstream file(path, std::ios::binary);
    if (!proto.ParseFromIstream(&file) || proto.data_type() == 0) return std::nullopt;
    return convert(proto);
}

}  // namespace bitlathe
