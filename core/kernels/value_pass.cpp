#include "core/kernels/value_pass.h"

#include <algorithm>
#include <limits>

#include "core/kernels/counting.h"
#include "core/kernels/value_pass_kernels.h"

namespace bitlathe {
namespace {

constexpr ValueImplementation implementations[] = {
    {valueSumsReference, extremesReference, binIndicesReference},
    {valueSumsAvx2, extremesAvx2, binIndicesAvx2},
    {valueSumsAvx512, extremesAvx512, binIndicesAvx512},
};

constexpr float infinity = std::numeric_limits<float>::infinity();

const ValueImplementation& implementation(Isa isa) noexcept {
    return implementations[static_cast<int>(lowered(Isa::Avx512Vnni, isa))];
}

// -0 becomes 0, and what no finite element has set becomes 0.
float settled(float extreme) noexcept { return extreme - extreme == 0 ? extreme + 0.0f : 0.0f; }

struct DoubleLanes {
    float min[16], max[16], least[16];
    double sum[16] = {}, magnitudes[16] = {}, squares[16] = {};
    std::int64_t zeros = 0, notFinite = 0;

    DoubleLanes() noexcept {
        std::fill_n(min, 16, infinity);
        std::fill_n(max, 16, -infinity);
        std::fill_n(least, 16, infinity);
    }

    void add(const ValueLanes& piece) noexcept {
        for (int i = 0; i < 16; ++i) {
            min[i] = std::min(min[i], piece.min[i]);
            max[i] = std::max(max[i], piece.max[i]);
            least[i] = std::min(least[i], piece.leastMagnitude[i]);
            sum[i] += static_cast<double>(piece.sum[i]);
            magnitudes[i] += static_cast<double>(piece.magnitudes[i]);
            squares[i] += static_cast<double>(piece.squares[i]);
            zeros += piece.zeros[i];
            notFinite += piece.notFinite[i];
        }
    }

    ValueSums total(std::int64_t count) noexcept {
        for (int width = 8; width > 0; width /= 2)
            for (int i = 0; i < width; ++i) {
                min[i] = std::min(min[i], min[i + width]);
                max[i] = std::max(max[i], max[i + width]);
                least[i] = std::min(least[i], least[i + width]);
                sum[i] += sum[i + width];
                magnitudes[i] += magnitudes[i + width];
                squares[i] += squares[i + width];
            }
        return {settled(min[0]), settled(max[0]), settled(least[0]), sum[0], magnitudes[0], squares[0], zeros, notFinite, count};
    }
};

}  // namespace

void addSums(ValueSums& a, const ValueSums& b) noexcept {
    if (b.finite() > 0) {
        const bool first = a.finite() == 0;
        a.min = first ? b.min : std::min(a.min, b.min);
        a.max = first ? b.max : std::max(a.max, b.max);
        a.leastMagnitude = first ? b.leastMagnitude : std::min(a.leastMagnitude, b.leastMagnitude);
    }
    a.sum += b.sum;
    a.magnitudes += b.magnitudes;
    a.squares += b.squares;
    a.zeros += b.zeros;
    a.notFinite += b.notFinite;
    a.count += b.count;
}

ValueSums valuePass(Isa isa, const float* x, std::int64_t count) noexcept {
    DoubleLanes lanes;
    ValueLanes piece;
    for (std::int64_t at = 0; at < count; at += valuePieceElements) {
        implementation(isa).sums(x + at, static_cast<int>(std::min<std::int64_t>(valuePieceElements, count - at)), piece);
        lanes.add(piece);
    }
    return lanes.total(count);
}

void groupExtremes(Isa isa, const float* x, std::int64_t count, std::int64_t groupSize, float* min, float* max) noexcept {
    for (std::int64_t at = 0, group = 0; at < count; at += groupSize, ++group) {
        implementation(isa).extremes(x + at, std::min(groupSize, count - at), min[group], max[group]);
        min[group] = settled(min[group]);
        max[group] = settled(max[group]);
    }
}

void histogramPass(Isa isa, const float* x, std::int64_t count, bool magnitudes, const Bins& bins) noexcept {
    BinCounter counter(bins.count);
    std::uint16_t index[valuePieceElements + 16];
    const float perUnit = static_cast<float>(bins.count) / (bins.high - bins.low);
    for (std::int64_t at = 0; at < count && bins.count > 0; at += valuePieceElements) {
        const auto n = static_cast<int>(std::min<std::int64_t>(valuePieceElements, count - at));
        implementation(isa).indices(x + at, n, magnitudes, bins.low, perUnit, static_cast<float>(bins.count), index);
        counter.count(index, n);
    }
    counter.addTo(bins.counts);
}

}  // namespace bitlathe
