// One fitted weight, coded and summed by the fused pass again and again. Private to bench_passes.
#pragma once

#include "core/kernels/isa.h"
#include "core/quant/fast_rows.h"
#include "core/quant/quantized_tensor.h"

#include <span>
#include <string_view>
#include <vector>

namespace bitlathe {

class Workers;

// q has layout {1, rows, columns}, rows a multiple of 64. q and x outlive it.
class PassCase {
public:
    PassCase(const QuantizedTensor& q, std::span<const float> x, Isa isa);
    // The whole weight once; with `counts` the exact histograms of codes and errors too, of 256 bins. Returns
    // the sum of squared errors.
    double run(Workers& workers, bool counts) const;
    std::string_view kernel() const noexcept { return m_fused ? "weight_pass" : "level_rows"; }

private:
    const QuantizedTensor& m_q;
    std::span<const float> m_x;
    Isa m_isa;
    bool m_fused;
    LevelFormat m_format;
    std::vector<FastRows> m_rows;              // one, unless fused
    std::vector<FastRows::Groups> m_groups;    // of each run of rows
};

}  // namespace bitlathe
