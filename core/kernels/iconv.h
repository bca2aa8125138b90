// Integer 2-D convolution: 8-bit activations in NHWC, 8-bit weights, exact int32 sums, int32 or
// requantized output in NHWC. 1-D convolutions have height 1.
//
// Activations are NHWC (channels adjacent) because then every kernel tap of a pixel is a run of adjacent
// bytes that the matrix tiles of igemm.h read in place: no copy of the image is made. Three ways lead
// through it, chosen by shape alone:
//   depthwise   one channel per group, one output per channel: a kernel of its own
//   in place    16 or more channels per group: row pointers, one segment per tap
//   copied      fewer channels (a first layer): rows are gathered into a small buffer on the stack
// transpose.h turns NCHW into NHWC and back. Knows no tensors and no layers; allocates nothing.
#pragma once

#include <cstdint>

#include "core/kernels/igemm.h"

namespace bitlathe {

struct IconvShape {
    std::int64_t batch = 1;
    std::int64_t height = 1, width = 1, channels = 1;  // input
    std::int64_t outputs = 1;                          // output channels
    std::int64_t groups = 1;                           // divides channels and outputs
    std::int64_t kernelHeight = 1, kernelWidth = 1;
    std::int64_t strideHeight = 1, strideWidth = 1;
    std::int64_t dilationHeight = 1, dilationWidth = 1;
    std::int64_t padTop = 0, padLeft = 0;  // bottom and right follow from the output size
    std::int64_t outHeight = 1, outWidth = 1;
    friend bool operator==(const IconvShape&, const IconvShape&) = default;

    std::int64_t taps() const noexcept { return kernelHeight * kernelWidth; }
    std::int64_t pixels() const noexcept { return batch * outHeight * outWidth; }
};

// False for kernels of more than 4096 taps: iconv must not be called for them.
bool iconvFits(const IconvShape& shape) noexcept;

// True where the depthwise kernel serves this shape.
bool iconvIsDepthwise(const IconvShape& shape) noexcept;

// The kernel that runs it, for reports: a `kind` of kernel_list.h.
const char* iconvKernelKind(const IconvShape& shape) noexcept;

// Weights as ONNX has them: [outputs][channels / groups][kernelHeight][kernelWidth], u8 or s8.
// `packed`: iconvPackedBytes bytes, aligned to 64. Depends on the shape's channels, outputs, groups and
// kernel only.
std::int64_t iconvPackedBytes(const IconvShape& shape) noexcept;
void iconvPack(const IconvShape& shape, const void* weights, ByteType type, void* packed) noexcept;

// Zero points and bias folded per output channel, as igemmOffsets does; weight zero points: none, one, or
// one per output. `offsets` and `outputZeros` have iconvOffsetCount entries. Returns true where
// IconvCall::outputZeros must be set.
std::int64_t iconvOffsetCount(const IconvShape& shape) noexcept;
bool iconvOffsets(const IconvShape& shape, const void* packed, const IgemmZeroPoints& zeros,
                  const std::int32_t* bias, std::int32_t* offsets, std::int32_t* outputZeros) noexcept;

struct IconvCall {
    IconvShape shape;
    const void* packed = nullptr;
    const std::int32_t* offsets = nullptr;
    const std::int32_t* outputZeros = nullptr;  // only where iconvOffsets returned true

    const void* x = nullptr;  // [batch][height][width][channels]
    ByteType xType = ByteType::U8;
    const void* paddingRow = nullptr;  // `channels` bytes that hold x's zero point; unused without padding

    // [batch][outHeight][outWidth][outputs]: `c` (int32) or, where c is null, `y` through `rule`.
    std::int32_t* c = nullptr;
    void* y = nullptr;
    Requantize rule;  // scales: one, or one per output
};

// Output pixels [pixelBegin, pixelEnd) of shape.pixels(), all output channels. Disjoint ranges may run on
// different threads; any cut gives the same bits, multiples of 96 are fastest.
void iconv(Isa isa, const IconvCall& call, std::int64_t pixelBegin, std::int64_t pixelEnd) noexcept;

// The definition, straight from unpacked weights: what tests compare against. `wz`: one per output or
// nullptr. c: [batch][outHeight][outWidth][outputs].
void iconvDefinition(const IconvShape& shape, const void* x, ByteType xType, std::int32_t xz, const void* weights,
                     ByteType wType, const std::int32_t* wz, const std::int32_t* bias, std::int32_t* c) noexcept;

}  // namespace bitlathe
