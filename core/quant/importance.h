// How much each column of a weight matters: the mean square of what multiplies it, measured on text. Encoders that
// take it lessen Σ importance · error². Plain data; where it comes from is a file format's business.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

struct Importance {
    std::string file;     // its name, for provenance
    std::string dataset;  // what it was measured on, as the file says; may be empty
    std::int64_t chunks = 0, chunkTokens = 0;  // stretches of text, and how long each is; 0: not known
    // By the tensor's name; one value >= 0 for each column, matrix after matrix in stacks (experts).
    std::map<std::string, std::vector<float>, std::less<>> tensors;

    // Empty when nothing is known of this tensor.
    std::span<const float> of(std::string_view tensor) const {
        const auto found = tensors.find(tensor);
        return found == tensors.end() ? std::span<const float>() : std::span<const float>(found->second);
    }
};

}  // namespace bitlathe
