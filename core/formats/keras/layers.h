// The list of Keras layers that can be expressed as operators: class names, and how each is built.
// Knows no files.
#pragma once

#include "core/formats/keras/layer_call.h"

#include <string_view>
#include <vector>

namespace bitlathe::keras {

using BuildLayer = std::vector<Flow> (*)(const LayerCall&);

// Null when the class is not known.
BuildLayer findLayerClass(std::string_view className) noexcept;

// An image with its channels where ONNX wants them. spatial: extents; -1 is not known.
struct Image {
    ValueId value = kNoValue;
    std::int64_t batch = -1, channels = -1;
    std::vector<std::int64_t> spatial;
};
// The call's flow as an image with `axes` spatial axes; refuses another rank.
Image imageOf(const LayerCall& call, const Flow& flow, std::size_t axes);
// The other way round, in the layer's own data format.
Flow flowOf(const LayerCall& call, const Image& image);

// How a window moves over the spatial axes: the attributes of a Conv or a pool, and the extents afterwards.
struct Window {
    std::vector<std::int64_t> kernel, strides, dilations;
    std::string padding = "valid";  // "same", "valid", "causal"
};
Window windowOf(const LayerCall& call, std::vector<std::int64_t> kernel, std::size_t axes, std::string_view stridesKey, std::int64_t strideAbsent);
// pads (or auto_pad where an extent is not known) for the window over the image; sets image.spatial to the result's.
void applyWindow(const LayerCall& call, const Window& window, Image& image, Attributes& attributes);
// One value for each of `axes`, from a list of one or of as many.
std::vector<std::int64_t> perAxis(const LayerCall& call, std::string_view key, std::size_t axes, std::int64_t absent);

// The values with all axes in Keras's order, and with no more than is known of their shape.
std::vector<Flow> buildConv(const LayerCall&);
std::vector<Flow> buildDepthwiseConv(const LayerCall&);
std::vector<Flow> buildSeparableConv(const LayerCall&);
std::vector<Flow> buildConvTranspose(const LayerCall&);
std::vector<Flow> buildMasking(const LayerCall&);
std::vector<Flow> buildDense(const LayerCall&);
std::vector<Flow> buildEmbedding(const LayerCall&);
std::vector<Flow> buildPool(const LayerCall&);
std::vector<Flow> buildGlobalPool(const LayerCall&);
std::vector<Flow> buildZeroPadding(const LayerCall&);
std::vector<Flow> buildCropping(const LayerCall&);
std::vector<Flow> buildUpSampling(const LayerCall&);
std::vector<Flow> buildBatchNormalization(const LayerCall&);
std::vector<Flow> buildLayerNormalization(const LayerCall&);
std::vector<Flow> buildRescaling(const LayerCall&);
std::vector<Flow> buildNormalization(const LayerCall&);
std::vector<Flow> buildActivation(const LayerCall&);
std::vector<Flow> buildReLU(const LayerCall&);
std::vector<Flow> buildLeakyReLU(const LayerCall&);
std::vector<Flow> buildThresholdedReLU(const LayerCall&);
std::vector<Flow> buildElu(const LayerCall&);
std::vector<Flow> buildPRelu(const LayerCall&);
std::vector<Flow> buildSoftmax(const LayerCall&);
std::vector<Flow> buildFlatten(const LayerCall&);
std::vector<Flow> buildReshape(const LayerCall&);
std::vector<Flow> buildPermute(const LayerCall&);
std::vector<Flow> buildRepeatVector(const LayerCall&);
std::vector<Flow> buildPassThrough(const LayerCall&);
std::vector<Flow> buildConcatenate(const LayerCall&);
std::vector<Flow> buildMerge(const LayerCall&);
std::vector<Flow> buildDot(const LayerCall&);
std::vector<Flow> buildLstm(const LayerCall&);
std::vector<Flow> buildGru(const LayerCall&);
std::vector<Flow> buildSimpleRnn(const LayerCall&);
std::vector<Flow> buildBidirectional(const LayerCall&);
std::vector<Flow> buildTimeDistributed(const LayerCall&);
std::vector<Flow> buildMultiHeadAttention(const LayerCall&);

}  // namespace bitlathe::keras
