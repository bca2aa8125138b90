// One row of the layer table as plain figures: what the filter asks about and the table shows.
// Knows no Qt and no models.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace bitlathe {

struct LayerRow {
    std::string name, kind, op, scheme;  // scheme: its short text
    std::int64_t parameters = 0;
    std::int64_t bytes = 0;         // as it will be stored
    double bits = 32;               // asked bits per weight; of the source for float layers
    double sqnrDb = std::numeric_limits<double>::quiet_NaN();  // NaN: float, or not measured yet
    double rms = std::numeric_limits<double>::quiet_NaN();
    std::int64_t huffmanBytes = 0;  // of the weights by a Huffman code; 0: float, or not measured yet
    double clipped = std::numeric_limits<double>::quiet_NaN();  // 0..1
    bool quantized = false;
    bool quantizable = false;
    bool edited = false;    // has a scheme of its own in the recipe
    bool issue = false;     // validation has something to say
    bool waiting = false;   // quantized, but figures are not there or not exact yet
};

}  // namespace bitlathe
