#include "core/workflow/weight_part.h"

#include "core/quant/codec.h"
#include "core/quant/weight_tiles.h"

#include <algorithm>
#include <vector>

namespace bitlathe {

bool groupsStandAlone(const ChannelLayout& layout, const QuantSpec& spec) noexcept {
    return groupGrid(layout, spec).perChannel > 0 && !isShared(scaleTypeOf(spec));
}

ElementSpan wholeGroups(const ChannelLayout& layout, const QuantSpec* spec, ElementSpan elements) noexcept {
    if (!spec) return elements;
    const GroupGrid grid = groupGrid(layout, *spec);
    if (grid.perChannel == 0) return elements;
    return {elements.first / grid.size * grid.size, std::min((elements.end + grid.size - 1) / grid.size * grid.size, layout.perChannel())};
}

WeightSource partOf(const WeightSource& whole, std::span<const std::int64_t> channels, ElementSpan elements) {
    WeightSource part = whole;
    const auto rows = static_cast<std::int64_t>(channels.size());
    std::byte* bytes = nullptr;
    part.values = Tensor::allocate(ElementType::F32, Shape{rows, elements.count()}, bytes);
    part.layout = {1, rows, elements.count()};
    if (whole.importance) part.importance = std::make_shared<const std::vector<float>>(whole.importance->begin() + elements.first, whole.importance->begin() + elements.end);
    auto* out = reinterpret_cast<float*>(bytes);
    const auto values = whole.values.as<float>();
    std::vector<float> scratch;
    for (std::int64_t at = 0; at < rows;) {  // neighbouring channels at once: they may share cache lines
        const std::int64_t first = channels[static_cast<std::size_t>(at)];
        std::int64_t run = 1;
        while (whole.layout.outer > 1 && run < 16 && at + run < rows && channels[static_cast<std::size_t>(at + run)] == first + run) ++run;
        for (std::int64_t c = 0; whole.layout.outer == 1 && c < run; ++c)
            std::copy_n(values.data() + (first + c) * whole.layout.inner + elements.first, elements.count(), out + (at + c) * elements.count());
        if (whole.layout.outer > 1) {
            const auto tile = tileValues(values, whole.layout, {first, run, elements.first, elements.count()}, scratch);
            std::copy(tile.begin(), tile.end(), out + at * elements.count());
        }
        at += run;
    }
    return part;
}

}  // namespace bitlathe
