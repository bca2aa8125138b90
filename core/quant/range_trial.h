// What a format makes of a group's points under one range or another: the judge of every rule that searches.
// Knows no rules.
#pragma once

#include "core/kernels/isa.h"
#include "core/quant/fast_rows.h"
#include "core/quant/range_points.h"
#include "core/quant/scheme.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace bitlathe {

struct Codec;
struct GroupParameters;

// Refers to the points and the spec, which must outlive it. Keeps scratch memory: one thread at a time.
class RangeTrial {
public:
    RangeTrial(const RangePoints& points, const QuantSpec& spec, Isa isa = Isa::Reference);

    // Σ weight · |x − x̂|^norm with parameters fitted to the range. The same for every isa.
    double error(ValueRange range, double norm);
    // What stays of a point under the range, by the metric; smaller is better.
    //   SquaredError  Σ weight · (x − x̂)²: the range with the best SQNR too
    //   Norm24        Σ weight · |x − x̂|^2.4
    //   Cosine        1 − cos(x, x̂)
    //   MaxError      max |x − x̂|
    //   Divergence    Kullback-Leibler, of the points' histogram from that of the codes: each level's weight
    //                 spread evenly over the values nearest to it, 256 bins over the points' range; empty bins
    //                 of the codes' count 1e-4 of the average
    double figure(ValueRange range, Adaptive::Metric metric);

private:
    void fit(ValueRange range, GroupParameters& group);
    void code(const GroupParameters& group);  // fills m_back
    double divergence(ValueRange range);

    const RangePoints& m_points;
    const QuantSpec& m_spec;
    const Codec& m_codec;
    Isa m_isa;
    bool m_grid;  // codes form an even grid that needs no encoding
    std::optional<LevelFormat> m_fast;       // the kernels' row of the format, where there is one for any scale
    std::optional<SearchableTable> m_table;  // its levels
    std::vector<std::byte> m_codes, m_inner;
    std::vector<float> m_back, m_shaped;
    // The last error: ranges that round to the same scale have the same.
    struct Known { float scale = 0; std::int32_t zeroPoint = 0; double norm = 0, error = 0; };
    std::optional<Known> m_known;
};

}  // namespace bitlathe
