#include "core/formats/onnx/tensor_in.h"

#include "core/base/error.h"
#include "core/formats/onnx/wire.h"

#include <onnx/onnx_pb.h>

#include <array>
#include <charconv>
#include <cstring>

namespace bitlathe::onnx {

namespace {

struct TypeRow { int number; ElementType type; };
// onnx.proto, TensorProto.DataType; the numbers above 16 are younger than the schema that Debian ships.
constexpr std::array kTypes = {
    TypeRow{1, ElementType::F32}, TypeRow{2, ElementType::U8}, TypeRow{3, ElementType::I8}, TypeRow{4, ElementType::U16},
    TypeRow{5, ElementType::I16}, TypeRow{6, ElementType::I32}, TypeRow{7, ElementType::I64}, TypeRow{8, ElementType::String},
    TypeRow{9, ElementType::Bool}, TypeRow{10, ElementType::F16}, TypeRow{11, ElementType::F64}, TypeRow{12, ElementType::U32},
    TypeRow{13, ElementType::U64}, TypeRow{16, ElementType::BF16}, TypeRow{17, ElementType::F8E4M3FN}, TypeRow{18, ElementType::F8E4M3FNUZ},
    TypeRow{19, ElementType::F8E5M2}, TypeRow{20, ElementType::F8E5M2FNUZ}, TypeRow{21, ElementType::U4}, TypeRow{22, ElementType::I4},
    TypeRow{23, ElementType::F4E2M1}, TypeRow{24, ElementType::F8E8M0}, TypeRow{25, ElementType::U2}, TypeRow{26, ElementType::I2},
};
constexpr int kMostDims = 64;
constexpr std::int64_t kMostElements = std::int64_t(1) << 58;  // so that a size in bytes cannot overflow

std::string place(const TensorSource& source, const std::string& name) { return "'" + source.fileName + "': tensor '" + name + "'"; }

[[noreturn]] void wrongSize(const TensorSource& source, const std::string& name, ElementType type, const Shape& shape, std::uint64_t due, std::uint64_t have) {
    refuseInput(place(source, name) + " of " + toText(shape) + " " + std::string(nameOf(type)) + " needs " + std::to_string(due) + " bytes but " +
                std::to_string(have) + " are there; the file is damaged, export or fetch it again");
}

int alignmentOf(ElementType type) noexcept { return std::max(1, bitsOf(type) / 8); }

// A view where the bytes lie aligned, else a copy.
Tensor viewOrCopy(ElementType type, Shape shape, std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % static_cast<std::uintptr_t>(alignmentOf(type)) == 0)
        return Tensor(type, std::move(shape), bytes, std::move(owner));
    std::byte* to = nullptr;
    Tensor tensor = Tensor::allocate(type, std::move(shape), to);
    std::memcpy(to, bytes.data(), bytes.size());
    return tensor;
}

std::uint64_t number(const std::string& text, const TensorSource& source, const std::string& name, const char* what) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        refuseInput(place(source, name) + ": the " + what + " of its external data, '" + text + "', is no number; export the model again");
    return value;
}

Tensor externalTensor(const ::onnx::TensorProto& proto, TensorSource& source, const std::string& name, ElementType type, Shape shape, std::uint64_t due) {
    std::string location;
    std::uint64_t offset = 0, length = due;
    for (const auto& entry : proto.external_data()) {
        if (entry.key() == "location") location = entry.value();
        else if (entry.key() == "offset") offset = number(entry.value(), source, name, "offset");
        else if (entry.key() == "length") length = number(entry.value(), source, name, "length");
    }
    if (length != due) wrongSize(source, name, type, shape, due, length);
    const auto part = source.external.bytes(location, offset, due, name);
    return viewOrCopy(type, std::move(shape), part.bytes, part.file);
}

// Values that protobuf stores one by one: each is narrowed to the element's width.
template <class To, class Field>
void narrow(const Field& field, std::byte* to) {
    for (int i = 0; i < field.size(); ++i) {
        const To value = static_cast<To>(field.Get(i));
        std::memcpy(to + static_cast<std::size_t>(i) * sizeof(To), &value, sizeof(To));
    }
}

struct TypedField { int size = 0; int elementBytes = 0; bool packedBytes = false; };

TypedField typedField(const ::onnx::TensorProto& proto, ElementType type) {
    using enum ElementType;
    switch (type) {
    case F32: return {proto.float_data_size(), 4};
    case F64: return {proto.double_data_size(), 8};
    case I64: return {proto.int64_data_size(), 8};
    case U64: return {proto.uint64_data_size(), 8};
    case U32: return {proto.uint64_data_size(), 4};
    case I4: case U4: case I2: case U2: case F4E2M1: return {proto.int32_data_size(), 1, true};
    default: return {proto.int32_data_size(), bitsOf(type) / 8};
    }
}

Tensor typedTensor(const ::onnx::TensorProto& proto, const TensorSource& source, const std::string& name, ElementType type, Shape shape, std::uint64_t due) {
    const TypedField field = typedField(proto, type);
    const std::uint64_t have = static_cast<std::uint64_t>(field.size) * static_cast<std::uint64_t>(field.elementBytes);
    if (have != due) wrongSize(source, name, type, shape, due, have);
    std::byte* to = nullptr;
    Tensor tensor = Tensor::allocate(type, std::move(shape), to);
    switch (type) {
    case ElementType::F32: narrow<float>(proto.float_data(), to); break;
    case ElementType::F64: narrow<double>(proto.double_data(), to); break;
    case ElementType::I64: narrow<std::int64_t>(proto.int64_data(), to); break;
    case ElementType::U64: narrow<std::uint64_t>(proto.uint64_data(), to); break;
    case ElementType::U32: narrow<std::uint32_t>(proto.uint64_data(), to); break;
    default:
        if (field.elementBytes == 4) narrow<std::int32_t>(proto.int32_data(), to);
        else if (field.elementBytes == 2) narrow<std::uint16_t>(proto.int32_data(), to);
        else narrow<std::uint8_t>(proto.int32_data(), to);
    }
    return tensor;
}

}  // namespace

std::optional<ElementType> elementTypeOf(int dataType) noexcept {
    for (const TypeRow& row : kTypes)
        if (row.number == dataType) return row.type;
    return std::nullopt;
}

int dataTypeOf(ElementType type) noexcept {
    for (const TypeRow& row : kTypes)
        if (row.type == type) return row.number;
    return 0;
}

bool isForeign(const ::onnx::TensorProto& proto) noexcept {
    return proto.data_type() == 8 || proto.data_type() == 14 || proto.data_type() == 15;
}

Tensor toTensor(const ::onnx::TensorProto& proto, TensorSource& source, const std::string& name) {
    const auto type = elementTypeOf(proto.data_type());
    if (!type || *type == ElementType::String)
        refuseInput(place(source, name) + " has element type " + std::to_string(proto.data_type()) +
                    ", which cannot be read; store it as numbers, or update the program");
    if (proto.has_segment()) refuseInput(place(source, name) + " is stored in segments, which cannot be read; export the model again");
    const auto count = checkedCount({proto.dims().data(), static_cast<std::size_t>(proto.dims_size())});
    if (proto.dims_size() > kMostDims || !count || *count > kMostElements)
        refuseInput(place(source, name) + " has an impossible shape; the file is damaged, export or fetch it again");
    Shape shape(std::vector<std::int64_t>(proto.dims().begin(), proto.dims().end()));
    const auto due = static_cast<std::uint64_t>(bytesFor(*type, *count));
    if (proto.data_location() == ::onnx::TensorProto_DataLocation_EXTERNAL) return externalTensor(proto, source, name, *type, std::move(shape), due);
    if (!proto.has_raw_data()) return typedTensor(proto, source, name, *type, std::move(shape), due);
    const auto raw = rawBytesOf(proto.raw_data());
    const auto file = source.file->bytes();
    if (!raw || raw->offset > file.size() || raw->size > file.size() - raw->offset)
        refuseInput(place(source, name) + " has no readable bytes; the file is damaged, fetch it again");
    if (raw->size != due) wrongSize(source, name, *type, shape, due, raw->size);
    return viewOrCopy(*type, std::move(shape), file.subspan(static_cast<std::size_t>(raw->offset), static_cast<std::size_t>(raw->size)), source.file);
}

std::string serialized(const ::onnx::AttributeProto& proto, const TensorSource& source) {
    if (!proto.has_t() || !proto.t().has_raw_data()) return proto.SerializeAsString();
    ::onnx::AttributeProto whole = proto;
    const auto raw = rawBytesOf(proto.t().raw_data());
    const auto file = source.file->bytes();
    if (!raw || raw->offset > file.size() || raw->size > file.size() - raw->offset)
        refuseInput("'" + source.fileName + "': attribute '" + proto.name() + "' has no readable bytes; the file is damaged, fetch it again");
    whole.mutable_t()->set_raw_data(file.data() + raw->offset, static_cast<std::size_t>(raw->size));
    return whole.SerializeAsString();
}

}  // namespace bitlathe::onnx
