#include "core/workflow/parting.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace bitlathe {

namespace {

// What one network computes at the last token.
struct Computed {
    std::vector<std::vector<float>> blocks;
    std::vector<std::pair<std::string, std::vector<float>>> products;
};

std::vector<float> lastRow(const Tensor& tensor) {
    const auto wide = static_cast<std::size_t>(tensor.shape()[tensor.shape().rank() - 1]);
    const auto all = tensor.as<float>();
    const auto row = all.last(std::min(wide, all.size()));
    return {row.begin(), row.end()};
}

Computed computedBy(DecodeSession& session, std::span<const std::int32_t> tokens, JobContext& job) {
    const Graph& graph = session.network().executable->graph();
    auto weights = weightProducts(graph);
    for (const Node& node : graph.nodes)  // the rows that tokens look up are the first thing that quantization changes
        if (node.op == "GatherRows" && node.input(0) >= 0) weights.emplace(node.outputs[0], graph.value(node.input(0)).name);
    Computed made;
    made.blocks.resize(static_cast<std::size_t>(session.network().spec.layers));
    std::map<ValueId, std::size_t> place;
    session.clear();
    session.observe([&](std::int64_t block, const Tensor& hidden) { made.blocks[static_cast<std::size_t>(block)] = lastRow(hidden); });
    session.observeValues([&](ValueId value, const Tensor& tensor) {
        const auto weight = weights.find(value);
        if (weight == weights.end()) return;
        const auto [at, first] = place.try_emplace(value, made.products.size());
        if (first) made.products.emplace_back(weight->second, std::vector<float>());
        made.products[at->second].second = lastRow(tensor);
    });
    const auto forget = [&] { session.observe({}), session.observeValues({}); };
    try {
        session.feed(tokens, job);
    } catch (...) {
        forget();
        throw;
    }
    forget();
    return made;
}

double relativeError(std::span<const float> a, std::span<const float> b) {
    double apart = 0, size = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        const double x = static_cast<double>(a[i]), difference = x - static_cast<double>(b[i]);
        apart += difference * difference;
        size += x * x;
    }
    return size > 0 ? std::sqrt(apart / size) : std::sqrt(apart);
}

}  // namespace

std::map<ValueId, std::string> weightProducts(const Graph& graph) {
    std::map<ValueId, std::string> products;
    for (const Node& node : graph.nodes) {
        if (node.op != "Linear") continue;
        for (std::size_t i = 0; i < node.outputs.size(); ++i)
            if (const ValueId weight = node.input(1 + 2 * i); weight >= 0) products.emplace(node.outputs[i], graph.value(weight).name);
    }
    return products;
}

std::int64_t Parting::worstBlock() const noexcept {
    return blocks.empty() ? -1 : std::max_element(blocks.begin(), blocks.end()) - blocks.begin();
}

std::int64_t Parting::worstProduct() const noexcept {
    return products.empty() ? -1 : std::max_element(products.begin(), products.end(), [](const Product& a, const Product& b) { return a.error < b.error; }) - products.begin();
}

Parting whereTheyPart(DecodeSession& a, DecodeSession& b, std::span<const std::int32_t> tokens, double threshold, JobContext& job) {
    const Computed x = computedBy(a, tokens, job), y = computedBy(b, tokens, job);
    Parting parting;
    parting.threshold = threshold;
    // Not below is beyond: NaN too.
    for (std::size_t i = 0; i < std::min(x.blocks.size(), y.blocks.size()); ++i) {
        parting.blocks.push_back(relativeError(x.blocks[i], y.blocks[i]));
        if (parting.block < 0 && !(parting.blocks.back() <= threshold)) parting.block = static_cast<std::int64_t>(i);
    }
    std::map<std::string_view, const std::vector<float>*> second;
    for (const auto& [weight, row] : y.products) second.emplace(weight, &row);
    for (const auto& [weight, row] : x.products) {
        const auto other = second.find(weight);
        if (other == second.end() || other->second->size() != row.size()) continue;
        parting.products.push_back({weight, relativeError(row, *other->second)});
        if (parting.product < 0 && !(parting.products.back().error <= threshold)) parting.product = static_cast<std::int64_t>(parting.products.size()) - 1;
    }
    return parting;
}

}  // namespace bitlathe
