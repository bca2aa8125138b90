#include "core/workflow/weight_sample.h"

#include "core/quant/weight_tiles.h"

#include <algorithm>

namespace bitlathe {

namespace {

// `wanted` of `count` indices in evenly spread runs of `run` neighbours, ascending.
std::vector<std::int64_t> spreadIndices(std::int64_t count, std::int64_t wanted, std::int64_t run) {
    std::vector<std::int64_t> picked;
    if (wanted >= count) {
        for (std::int64_t i = 0; i < count; ++i) picked.push_back(i);
        return picked;
    }
    const std::int64_t runs = std::max<std::int64_t>(1, wanted / run), available = (count + run - 1) / run;
    for (std::int64_t r = 0; r < std::min(runs, available); ++r) {
        const std::int64_t first = r * available / runs * run;
        for (std::int64_t i = first; i < std::min(first + run, count); ++i) picked.push_back(i);
    }
    return picked;
}

}  // namespace

WeightSample sampleOf(const WeightSource& whole, std::int64_t target, std::int64_t groupSize) {
    constexpr std::int64_t kChannels = 16;       // at least, where there are as many
    constexpr std::int64_t kNeighbours = 16;     // strided layouts: one cache line of channels
    constexpr std::int64_t kElementBlock = 256;  // of channels without groups
    const ChannelLayout& layout = whole.layout;
    const std::int64_t each = layout.perChannel(), all = each * layout.channels;
    WeightSample sample{whole, {}, 1.0};
    if (all <= target) {
        sample.channels = spreadIndices(layout.channels, layout.channels, 1);
        return sample;
    }
    sample.channels = spreadIndices(layout.channels, std::max(target / each, kChannels), layout.outer == 1 ? 1 : kNeighbours);
    const auto channels = static_cast<std::int64_t>(sample.channels.size());
    const std::int64_t block = groupSize > 0 && groupSize < each ? groupSize : std::min(kElementBlock, each);
    const auto blocks = spreadIndices((each + block - 1) / block, std::max<std::int64_t>(1, target / channels / block), 1);
    std::int64_t elements = 0;
    for (const std::int64_t b : blocks) elements += std::min(block, each - b * block);

    std::byte* bytes = nullptr;
    sample.source.values = Tensor::allocate(ElementType::F32, Shape{channels, elements}, bytes);
    sample.source.layout = {1, channels, elements};
    sample.share = double(channels * elements) / double(all);
    const std::span<float> out(reinterpret_cast<float*>(bytes), static_cast<std::size_t>(channels * elements));
    if (whole.importance) {
        std::vector<float> picked;
        for (const std::int64_t b : blocks)
            for (std::int64_t at = b * block; at < std::min(each, (b + 1) * block); ++at) picked.push_back((*whole.importance)[static_cast<std::size_t>(at)]);
        sample.source.importance = std::make_shared<const std::vector<float>>(std::move(picked));
    }
    const auto values = whole.values.as<float>();
    std::vector<float> scratch;
    for (std::int64_t first = 0; first < channels;) {  // neighbouring channels at once
        std::int64_t run = 1;
        while (first + run < channels && sample.channels[static_cast<std::size_t>(first + run)] == sample.channels[static_cast<std::size_t>(first)] + run && run < kNeighbours) ++run;
        std::int64_t at = 0;
        for (const std::int64_t b : blocks) {
            const std::int64_t length = std::min(block, each - b * block);
            for (std::int64_t c = 0; layout.outer == 1 && c < run; ++c)
                std::copy_n(values.data() + (sample.channels[static_cast<std::size_t>(first + c)] * each + b * block), length, out.data() + (first + c) * elements + at);
            if (layout.outer != 1) {
                const auto part = tileValues(values, layout, {sample.channels[static_cast<std::size_t>(first)], run, b * block, length}, scratch);
                for (std::int64_t c = 0; c < run; ++c) std::copy_n(part.data() + c * length, length, out.data() + (first + c) * elements + at);
            }
            at += length;
        }
        first += run;
    }
    return sample;
}

}  // namespace bitlathe
