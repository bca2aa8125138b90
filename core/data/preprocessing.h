// From a stored sample to what a model takes: resize, crop, channel order, scale, mean, deviation, layout.
#pragma once

#include "core/tensor/tensor.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace bitlathe {

// x' = (x·scale − mean) / std, per channel, after resize (bilinear, half-pixel centres) and a centre crop.
// Stored pictures are taken as RGB; "BGR" swaps. `layout` is what the model takes; the layout of the data
// is seen from its shape (1, 3 or 4 channels last or first; no channel axis: one channel).
struct Preprocessing {
    std::optional<std::array<int, 2>> resize, crop;  // height, width; >= 1
    std::string channels = "RGB";                    // or "BGR"
    double scale = 1.0;
    std::vector<float> mean, deviation;  // empty, one for all, or one per channel
    std::string layout;                  // "NCHW", "NHWC"; empty: from the model's input shape
    bool operator==(const Preprocessing&) const = default;
};

// {"resize": [h, w], "crop": [h, w], "channels": …, "scale": s, "mean": […], "std": […], "layout": …},
// every key optional. Throws Error(Input) naming `where`, the key and the cure.
Preprocessing parsePreprocessing(const std::string& json, const std::string& where);
std::string toJson(const Preprocessing& preprocessing);

// One sample (without the batch axis) as float32 in the model's sample shape; `wanted` is that shape with
// -1 for unknown extents, empty when the model does not say. Throws Error(Input) with both shapes when the
// sample cannot be brought there.
Tensor prepare(const Tensor& sample, const Preprocessing& preprocessing, const std::vector<std::int64_t>& wanted);

}  // namespace bitlathe
