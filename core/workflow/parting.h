// Where two networks of one form first compute something else on the same text: by block, in what flows on, and by
// weight, in the products.
#pragma once

#include "core/model/graph.h"
#include "core/workflow/generate.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace bitlathe {

struct Parting {
    struct Product {
        std::string weight;  // the tensor's name
        double error = 0;
        bool operator==(const Product&) const = default;
    };
    // ‖a − b‖ / ‖a‖ at the last token, each with all the errors of what came before it.
    std::vector<double> blocks;     // of what flows out of each block
    std::vector<Product> products;  // of each weight's product, in the order of computing

    double threshold = 0;
    std::int64_t block = -1;    // the first block beyond the threshold; −1: none
    std::int64_t product = -1;  // the first product beyond it

    // The furthest off; −1 where nothing was compared.
    std::int64_t worstBlock() const noexcept;
    std::int64_t worstProduct() const noexcept;
};

// Both sessions are cleared, and read the tokens. Throws what feeding throws.
Parting whereTheyPart(DecodeSession& a, DecodeSession& b, std::span<const std::int32_t> tokens, double threshold, JobContext& job);

// The weight of each product of a language model's graph, by the id of its output.
std::map<ValueId, std::string> weightProducts(const Graph& graph);

}  // namespace bitlathe
