// The protobuf wire format, as far as it is needed to leave the weights where they lie: the large bytes
// of a ModelProto are cut out before protobuf parses the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bitlathe::onnx {

// Where a tensor's raw_data lies in the model file.
struct RawBytes {
    std::uint64_t offset = 0, size = 0;
};

// The serialized ModelProto with every raw_data of initializers and of tensor attributes replaced by a
// RawBytes record (16 bytes). Tensors inside subgraphs, sparse tensors and tensor lists stay as they are.
// Throws Error(Input) when the bytes are no protobuf message.
std::string withoutRawData(std::span<const std::byte> model, const std::string& fileName);

// The record that withoutRawData() left in a raw_data field; nothing when it is not one.
std::optional<RawBytes> rawBytesOf(std::string_view record) noexcept;

// True when the bytes begin like a ModelProto; they may end anywhere.
bool looksLikeModel(std::span<const std::byte> head) noexcept;

}  // namespace bitlathe::onnx
