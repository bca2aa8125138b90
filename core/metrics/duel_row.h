// One format in a duel: what it costs and what it does to the weights. Plain values; knows no measuring.
#pragma once

#include "core/quant/scheme.h"

#include <cstdint>
#include <optional>
#include <string>

namespace bitlathe {

struct DuelRow {
    QuantSpec spec;
    std::string label;  // "int4 group 128"
    std::int64_t weights = 0, bytes = 0;  // of all layers
    double bitsPerWeight = 0;
    // Over all layers: 10·log10(Σx² / Σe²), √(Σe² / n); +infinity dB without error.
    double sqnrDb = 0, rootMeanSquare = 0;
    double doneFraction = 0;          // of the weights that the errors rest on; 1: exact, 0: not measured yet
    std::optional<double> seconds;    // fitting, coding and measuring, on the threads given; none when it was known before
    bool front = false;               // no other measured row is smaller and better: the Pareto front
    std::string failure;              // why it cannot be measured; empty otherwise
    bool operator==(const DuelRow&) const = default;

    bool measured() const noexcept { return doneFraction > 0 && failure.empty(); }
    bool exact() const noexcept { return doneFraction >= 1 && failure.empty(); }
};

}  // namespace bitlathe
