// What the importance of a tensor's columns says at a glance, as llama-imatrix's statistics do. Knows no files.
#pragma once

#include <span>
#include <vector>

namespace bitlathe {

struct ImportanceFigures {
    double sum = 0;         // Σ of the columns' mean squares
    double largest = 0;
    double topShare = 0;    // what the tenth of the columns that matters most holds of the sum, 0.1 … 1
    double evenness = 0;    // entropy of the columns' shares over log2 of their number: 1 where all matter alike, 0 where one does
    double entropyBits = 0; // Σ −p·log2 p of the columns' shares p
    double active = 0;      // share of columns above 0
    bool operator==(const ImportanceFigures&) const = default;
};
// columns: values >= 0, mean squares. Of none, or of zeros alone: zeros.
ImportanceFigures importanceFigures(std::span<const float> columns);

// `places` steps from the column that matters most to the one that matters least: the share of the sum that all up to there hold,
// rising to 1. Empty where the sum is 0.
std::vector<double> importanceCurve(std::span<const float> columns, std::size_t places);

}  // namespace bitlathe
