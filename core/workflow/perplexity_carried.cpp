#include "core/workflow/perplexity.h"

#include "core/workflow/parting.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace bitlathe {

namespace {

constexpr std::int64_t kTokensAtOnce = 32;  // outputs of all weights for so many tokens are kept at a time

}  // namespace

std::vector<CarriedError> carriedErrors(const LanguageNetwork& network, const LanguageNetwork& reference, const std::vector<TextWindow>& windows, std::int64_t tokens,
                                        Workers& workers, JobContext& job) {
    std::int64_t context = kTokensAtOnce;
    for (const TextWindow& window : windows) context = std::max(context, static_cast<std::int64_t>(window.tokens.size()));
    DecodeSession exact(reference, {.context = context, .batch = kTokensAtOnce}, workers), coded(network, {.context = context, .batch = kTokensAtOnce}, workers);
    const auto exactProducts = weightProducts(reference.executable->graph()), codedProducts = weightProducts(network.executable->graph());

    struct Sums {
        double signal = 0, noise = 0;
    };
    std::vector<std::string> order;
    std::map<std::string, Sums> sums;
    std::map<std::string, std::vector<float>> kept;
    exact.observeValues([&](ValueId value, const Tensor& tensor) {
        const auto product = exactProducts.find(value);
        if (product == exactProducts.end()) return;
        const auto data = tensor.as<float>();
        kept[product->second].assign(data.begin(), data.end());
        if (sums.try_emplace(product->second).second) order.push_back(product->second);
    });
    coded.observeValues([&](ValueId value, const Tensor& tensor) {
        const auto product = codedProducts.find(value);
        const auto other = product == codedProducts.end() ? kept.end() : kept.find(product->second);
        if (other == kept.end()) return;
        const auto data = tensor.as<float>();
        if (data.size() != other->second.size()) return;
        Sums& sum = sums[product->second];
        for (std::size_t i = 0; i < data.size(); ++i) {
            const double y = static_cast<double>(other->second[i]), e = y - static_cast<double>(data[i]);
            sum.signal += y * y;
            sum.noise += e * e;
        }
    });
    std::int64_t done = 0;
    for (const TextWindow& window : windows) {
        exact.clear();
        coded.clear();
        for (std::size_t begin = 0; begin + 1 < window.tokens.size() && done < tokens; begin += kTokensAtOnce) {
            job.checkpoint(static_cast<double>(done) / static_cast<double>(tokens), "comparing products");
            const auto part = std::span(window.tokens).subspan(begin, std::min<std::size_t>(kTokensAtOnce, window.tokens.size() - 1 - begin));
            exact.feed(part, job);
            coded.feed(part, job);
            done += static_cast<std::int64_t>(part.size());
        }
        if (done >= tokens) break;
    }
    std::vector<CarriedError> made;
    for (const std::string& tensor : order) {
        const Sums& sum = sums[tensor];
        made.push_back({tensor, sum.noise > 0 ? 10 * std::log10(sum.signal / sum.noise) : std::numeric_limits<double>::infinity()});
    }
    return made;
}

}  // namespace bitlathe
