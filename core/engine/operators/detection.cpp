#include "core/engine/operators/detection.h"

#include "core/engine/operators/arguments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace bitlathe {

namespace {

struct Box {
    float y0, x0, y1, x1;  // sorted: y0 <= y1, x0 <= x1
    float area() const { return (y1 - y0) * (x1 - x0); }
};

Box boxOf(const float* b, bool centred) {
    if (centred) return {b[1] - b[3] / 2, b[0] - b[2] / 2, b[1] + b[3] / 2, b[0] + b[2] / 2};
    return {std::min(b[0], b[2]), std::min(b[1], b[3]), std::max(b[0], b[2]), std::max(b[1], b[3])};
}

bool overlaps(const Box& a, const Box& b, float threshold) {
    const float height = std::min(a.y1, b.y1) - std::max(a.y0, b.y0), width = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
    if (height <= 0 || width <= 0 || a.area() <= 0 || b.area() <= 0) return false;
    const float common = height * width;
    return common / (a.area() + b.area() - common) > threshold;
}

}  // namespace

void runNonMaxSuppression(OperatorContext& context) {
    const Tensor &boxes = inputOf(context, 0, ElementType::F32), &scores = inputOf(context, 1, ElementType::F32);
    needRank(context, boxes, 3, 3);
    needRank(context, scores, 3, 3);
    const std::int64_t batch = boxes.shape()[0], count = boxes.shape()[1], classes = scores.shape()[1];
    if (boxes.shape()[2] != 4 || scores.shape()[0] != batch || scores.shape()[2] != count)
        context.fail("boxes " + toText(boxes.shape()) + " and scores " + toText(scores.shape()) + " do not fit");
    const std::int64_t most = integerIn(context, 2, 0);
    const auto threshold = static_cast<float>(numberIn(context, 3, 0));
    const bool filters = context.optional(4) != nullptr;
    const auto least = static_cast<float>(numberIn(context, 4, 0));
    const bool centred = context.node().integer("center_point_box", 0) != 0;
    const float *box = boxes.as<float>().data(), *score = scores.as<float>().data();
    std::vector<std::vector<std::int64_t>> chosen(static_cast<std::size_t>(batch * classes));
    context.forEach(batch * classes, [&](std::int64_t at) {
        const float* s = score + at * count;
        const float* b = box + at / classes * count * 4;
        std::vector<std::int64_t> order;
        for (std::int64_t i = 0; i < count; ++i)
            if (!std::isnan(s[i]) && (!filters || s[i] > least)) order.push_back(i);
        std::stable_sort(order.begin(), order.end(), [s](std::int64_t i, std::int64_t j) { return s[i] > s[j]; });
        auto& kept = chosen[static_cast<std::size_t>(at)];
        for (const std::int64_t i : order) {
            if (static_cast<std::int64_t>(kept.size()) >= most) break;
            const Box candidate = boxOf(b + i * 4, centred);
            if (std::none_of(kept.begin(), kept.end(), [&](std::int64_t j) { return overlaps(candidate, boxOf(b + j * 4, centred), threshold); }))
                kept.push_back(i);
        }
    });
    std::vector<std::int64_t> rows;  // batch, class, box
    for (std::size_t at = 0; at < chosen.size(); ++at)
        for (const std::int64_t i : chosen[at]) rows.insert(rows.end(), {static_cast<std::int64_t>(at) / classes, static_cast<std::int64_t>(at) % classes, i});
    context.setOutput(0, Tensor::of(Shape{static_cast<std::int64_t>(rows.size()) / 3, 3}, rows));
}

void runRoiAlign(OperatorContext& context) {
    const Tensor &x = inputOf(context, 0, ElementType::F32), &rois = inputOf(context, 1, ElementType::F32);
    needRank(context, x, 4, 4);
    needRank(context, rois, 2, 2);
    const std::vector<std::int64_t> images = integersIn(context, 2);
    const std::int64_t count = rois.shape()[0], channels = x.shape()[1], height = x.shape()[2], width = x.shape()[3];
    if (rois.shape()[1] != 4 || static_cast<std::int64_t>(images.size()) != count) context.fail("rois " + toText(rois.shape()) + " and batch_indices do not fit");
    for (const std::int64_t image : images)
        if (image < 0 || image >= x.shape()[0]) context.fail("batch index " + std::to_string(image) + " lies outside " + toText(x.shape()));
    const Node& node = context.node();
    const std::string mode = node.text("mode", "avg"), transform = node.text("coordinate_transformation_mode", "half_pixel");
    if (mode != "avg" && mode != "max") context.fail("mode is '" + mode + "', which does not exist");
    const bool half = transform == "half_pixel", maximum = mode == "max";
    const std::int64_t rows = node.integer("output_height", 1), columns = node.integer("output_width", 1), ratio = node.integer("sampling_ratio", 0);
    if (rows < 1 || columns < 1 || rows > (1 << 20) || columns > (1 << 20) || ratio < 0 || ratio > 1024) context.fail("its output size or sampling ratio is impossible");
    const float scale = node.real("spatial_scale", 1.0f);
    const Shape shape = checkedShape(context, {count, channels, rows, columns});
    float* to = context.output<float>(0, shape).data();
    if (shape.count() == 0) return;
    if (height == 0 || width == 0) context.fail("an empty image cannot be sampled");
    const float *from = x.as<float>().data(), *roi = rois.as<float>().data();

    // The four neighbours of a place and their weights; a place more than one pixel outside reads as 0.
    struct Sample {
        std::array<std::int64_t, 4> at{};
        std::array<float, 4> weight{};
    };
    const auto sampleAt = [=](float y, float x0) {
        Sample sample;
        if (!(y >= -1 && y <= float(height) && x0 >= -1 && x0 <= float(width))) return sample;
        y = std::max(y, 0.0f);
        x0 = std::max(x0, 0.0f);
        const std::int64_t top = std::min(static_cast<std::int64_t>(y), height - 1), left = std::min(static_cast<std::int64_t>(x0), width - 1);
        const std::int64_t bottom = std::min(top + 1, height - 1), right = std::min(left + 1, width - 1);
        const float dy = top == height - 1 ? 0 : y - float(top), dx = left == width - 1 ? 0 : x0 - float(left);
        sample.at = {top * width + left, top * width + right, bottom * width + left, bottom * width + right};
        sample.weight = {(1 - dy) * (1 - dx), (1 - dy) * dx, dy * (1 - dx), dy * dx};
        return sample;
    };
    context.forEach(count, [&](std::int64_t n) {
        const float offset = half ? 0.5f : 0.0f;
        const float x0 = roi[n * 4] * scale - offset, y0 = roi[n * 4 + 1] * scale - offset;
        float spanX = roi[n * 4 + 2] * scale - offset - x0, spanY = roi[n * 4 + 3] * scale - offset - y0;
        if (!half) {  // malformed boxes become one pixel, as before opset 16
            spanX = std::max(spanX, 1.0f);
            spanY = std::max(spanY, 1.0f);
        }
        const float cellY = spanY / float(rows), cellX = spanX / float(columns);
        const auto samplesOf = [ratio](float cell) { return ratio > 0 ? ratio : std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(std::clamp(cell, 0.0f, 1024.0f))), 1, 1024); };
        const std::int64_t ySamples = samplesOf(cellY), xSamples = samplesOf(cellX);
        const float* image = from + images[static_cast<std::size_t>(n)] * channels * height * width;
        std::vector<Sample> samples(static_cast<std::size_t>(ySamples * xSamples));
        for (std::int64_t cell = 0; cell < rows * columns; ++cell) {
            for (std::int64_t i = 0; i < ySamples * xSamples; ++i)
                samples[static_cast<std::size_t>(i)] = sampleAt(y0 + float(cell / columns) * cellY + (float(i / xSamples) + 0.5f) * cellY / float(ySamples),
                                                                x0 + float(cell % columns) * cellX + (float(i % xSamples) + 0.5f) * cellX / float(xSamples));
            for (std::int64_t c = 0; c < channels; ++c) {
                const float* plane = image + c * height * width;
                float sum = 0, largest = -std::numeric_limits<float>::infinity();
                for (const Sample& sample : samples)
                    for (std::size_t k = 0; k < 4; ++k) {
                        const float part = sample.weight[k] * plane[sample.at[k]];
                        sum += part;
                        largest = std::max(largest, part);
                    }
                to[(n * channels + c) * rows * columns + cell] = maximum ? largest : sum / float(samples.size());
            }
        }
    });
}

}  // namespace bitlathe
