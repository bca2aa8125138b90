// A weight as codes and parameters. Immutable once made; shared between threads by value (the bytes are
// shared). Knows no model and no file format.
#pragma once

#include "core/kernels/isa.h"
#include "core/model/layer.h"
#include "core/quant/affine.h"
#include "core/quant/scheme.h"
#include "core/quant/stored_scale.h"
#include "core/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bitlathe {

class JobContext;
class Workers;

// Where the groups of a weight lie. Group order is channel-major: channel c has groups
// c · perChannel … (c + 1) · perChannel − 1, which cut its elements in order; the last one of a channel
// may be shorter. Per tensor: one group.
struct GroupGrid {
    std::int64_t groups = 0;      // in all
    std::int64_t perChannel = 0;  // 0: one group for the tensor
    std::int64_t size = 0;        // elements of a full group
    bool operator==(const GroupGrid&) const = default;
    // The group of element e (0 … layout.perChannel() − 1) of channel c.
    std::int64_t groupOf(std::int64_t channel, std::int64_t element) const noexcept {
        return perChannel == 0 ? 0 : channel * perChannel + element / size;
    }
};
GroupGrid groupGrid(const ChannelLayout& layout, const QuantSpec& spec) noexcept;

struct QuantizedTensor {
    QuantSpec spec;
    ChannelLayout layout;
    Tensor codes;  // the weight's shape and order, of codec.codeType(): I8 for symmetric integers, U8 for asymmetric ones
    std::vector<float> scales;              // one per group, as they read back from the file
    SharedScales shared;                    // what the file holds instead, where groups share a scale
    std::vector<std::int32_t> zeroPoints;   // one per group; 0 for symmetric formats
    std::vector<std::byte> inner;           // codec's inner bytes, group after group; empty for integers
    std::vector<std::uint8_t> taken;        // per group, where the range rule chose: a place in rangeCandidates(); else empty

    const Shape& shape() const noexcept { return codes.shape(); }
    GroupGrid grid() const noexcept { return groupGrid(layout, spec); }
    AffineParameters affine(std::int64_t group) const noexcept {
        return {scales[static_cast<std::size_t>(group)], zeroPoints[static_cast<std::size_t>(group)]};
    }
    bool operator==(const QuantizedTensor&) const = default;
};

// values: F32, the weight's own order; layout must fit its count; spec must be valid for codecOf(spec).
// NaN is coded as 0, infinities saturate; neither changes a range. The result is the same for every
// number of threads and every isa. importance: empty, or one weight >= 0 per element of a channel, the mean
// square of what multiplies it: k-means, signs and ternary formats lessen Σ importance · error². Throws
// Cancelled.
QuantizedTensor quantizeWeights(const Tensor& values, const ChannelLayout& layout, const QuantSpec& spec, Workers& workers,
                                JobContext& job, Isa isa = detectIsa(), std::span<const float> importance = {});

// F32 in the weight's own order and shape.
Tensor dequantize(const QuantizedTensor& quantized, Workers& workers, Isa isa = detectIsa());

// Bytes that a file needs: codes packed at b bits, the parameters of every group (for integers a scale,
// and for asymmetric ones a zero point of b bits), and what groups share.
std::int64_t storedBytes(const ChannelLayout& layout, const QuantSpec& spec) noexcept;
// storedBytes in bits over the number of weights; 0 for an empty weight.
double bitsPerWeight(const ChannelLayout& layout, const QuantSpec& spec) noexcept;

}  // namespace bitlathe
