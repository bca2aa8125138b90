#include "core/workflow/weight_point.h"

#include "core/base/job.h"
#include "core/quant/codec.h"
#include "core/quant/group_fit.h"
#include "core/quant/soft_clip.h"
#include "core/workflow/value_patch.h"
#include "core/workflow/weight_part.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <vector>

namespace bitlathe {

namespace {

std::int32_t codeOf(const std::byte* code, ElementType type) noexcept {
    switch (type) {
    case ElementType::I8: return *reinterpret_cast<const std::int8_t*>(code);
    case ElementType::I16: return *reinterpret_cast<const std::int16_t*>(code);
    case ElementType::U16: return *reinterpret_cast<const std::uint16_t*>(code);
    default: return *reinterpret_cast<const std::uint8_t*>(code);
    }
}

}  // namespace

WeightPoint weightPoint(const WeightSource& source, const QuantSpec* spec, const QuantizedTensor* parameters, std::int64_t channel, std::int64_t element,
                        Isa isa, Workers& workers, JobContext& job) {
    const ChannelLayout& layout = source.layout;
    assert(channel >= 0 && channel < layout.channels && element >= 0 && element < layout.perChannel());
    WeightPoint point;
    point.layer = source.layer;
    point.channel = channel;
    point.element = element;
    const std::array one{channel};
    point.value = partOf(source, one, {element, element + 1}).values.as<float>()[0];
    if (!spec) return point;
    const GroupGrid grid = groupGrid(layout, *spec);
    const ElementSpan group = grid.perChannel == 0 ? ElementSpan{element, element + 1} : wholeGroups(layout, spec, {element, element + 1});
    const WeightSource part = partOf(source, one, group);
    std::shared_ptr<const QuantizedTensor> made;
    std::int64_t index = grid.groupOf(channel, element);
    point.group = index;
    if (!parameters) {
        const bool alone = groupsStandAlone(layout, *spec);
        made = fitWeight(alone ? part : source, *spec, isa, workers, job);
        parameters = made.get();
        if (alone) index = 0;
    }
    const Codec& codec = codecOf(*spec);
    const ElementType type = codec.codeType(*spec);
    const auto codeBytes = static_cast<std::size_t>(bitsOf(type) / 8), at = static_cast<std::size_t>(element - group.first);
    const auto x = part.values.as<float>();
    std::vector<std::byte> codes(x.size() * codeBytes);
    std::vector<float> decoded(x.size());
    const GroupParameters p = groupParameters(*parameters, index);
    encodeShaped(codec, *spec, p, x, codes);
    codec.decode(*spec, p, codes, decoded);
    point.spec = *spec;
    point.code = codeOf(codes.data() + at * codeBytes, type);
    point.decoded = decoded[at];
    point.scale = p.scale;
    point.zeroPoint = p.zeroPoint;
    point.groupElement = grid.perChannel == 0 ? 0 : group.first;
    point.groupLength = grid.perChannel == 0 ? layout.channels * layout.perChannel() : group.count();
    return point;
}

ChannelView channelView(const WeightSource& source, std::int64_t channel, const Histogram& layer, JobContext& job) {
    ChannelView view;
    view.layer = source.layer;
    view.channel = channel;
    view.count = source.layout.perChannel();
    view.weights = {layer.lo, layer.hi, std::vector<std::uint64_t>(layer.counts.size()), 0, 0};
    const std::array one{channel};
    constexpr std::int64_t kPiece = 1 << 17;
    double sum = 0, squares = 0;
    std::int64_t finite = 0;
    for (std::int64_t e = 0; e < view.count; e += kPiece) {
        job.checkpoint(double(e) / double(view.count));
        const WeightSource part = partOf(source, one, {e, std::min(e + kPiece, view.count)});
        const auto x = part.values.as<float>();
        addTo(view.weights, x);
        for (const float v : x) {
            if (!(v - v == 0.0f)) continue;
            view.min = finite ? std::min(view.min, double(v)) : double(v);
            view.max = finite ? std::max(view.max, double(v)) : double(v);
            ++finite;
            sum += double(v);
            squares += double(v) * double(v);
        }
    }
    if (finite) {
        view.mean = sum / double(finite);
        view.deviation = std::sqrt(std::max(squares / double(finite) - view.mean * view.mean, 0.0));
    }
    return view;
}

}  // namespace bitlathe
