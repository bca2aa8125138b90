#include "core/workflow/collect_importance.h"

#include "core/base/error.h"
#include "core/workflow/generate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

namespace bitlathe {

namespace {

constexpr std::int64_t kTokensAtOnce = 128;
constexpr std::int64_t kColumnsAtOnce = 512;

// What multiplies weights: the value, the weights that read it, and the sums of squares of its columns.
struct Input {
    std::vector<std::string> weights;
    std::vector<double> squares;
    std::int64_t rows = 0;
};

std::map<ValueId, Input> inputsOf(const Graph& graph, bool output) {
    std::map<ValueId, Input> inputs;
    for (const Node& node : graph.nodes) {
        if (node.op != "Linear") continue;
        const bool logits = std::find(graph.outputs.begin(), graph.outputs.end(), node.outputs[0]) != graph.outputs.end() || graph.value(node.outputs[0]).name.starts_with("logits");
        if (logits && !output) continue;
        for (std::size_t i = 0; i < node.outputs.size(); ++i)
            if (const ValueId weight = node.input(1 + 2 * i); weight >= 0) inputs[node.input(0)].weights.push_back(graph.value(weight).name);
    }
    return inputs;
}

void add(Input& input, const Tensor& tensor, Workers& workers) {
    const auto data = tensor.as<float>();
    const std::int64_t columns = tensor.shape()[tensor.shape().rank() - 1], rows = columns > 0 ? static_cast<std::int64_t>(data.size()) / columns : 0;
    input.squares.resize(static_cast<std::size_t>(columns));
    workers.forRange(columns, kColumnsAtOnce, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = 0; row < rows; ++row)
            for (std::int64_t column = begin; column < end; ++column) {
                const auto x = static_cast<double>(data[static_cast<std::size_t>(row * columns + column)]);
                input.squares[static_cast<std::size_t>(column)] += x * x;
            }
    });
    input.rows += rows;
}

Importance meansOf(const std::map<ValueId, Input>& inputs, std::int64_t windows, std::int64_t windowTokens) {
    Importance made;
    made.chunks = windows;
    made.chunkTokens = windowTokens;
    for (const auto& [value, input] : inputs) {
        if (input.rows == 0) continue;
        std::vector<float> means;
        for (const double square : input.squares) {
            means.push_back(static_cast<float>(square / static_cast<double>(input.rows)));
            if (!std::isfinite(means.back()))
                throw Error(ErrorKind::Input, "what multiplies '" + input.weights[0] + "' is no number or too large to be squared; the model's weights are damaged or overflow");
        }
        for (const std::string& weight : input.weights) made.tensors.emplace(weight, means);
    }
    return made;
}

}  // namespace

Importance collectImportance(const LanguageNetwork& network, const std::vector<TextWindow>& windows, const ImportanceOptions& options, Workers& workers, JobContext& job) {
    const std::size_t count = options.mostWindows > 0 ? std::min(windows.size(), static_cast<std::size_t>(options.mostWindows)) : windows.size();
    std::int64_t context = kTokensAtOnce;
    for (const TextWindow& window : windows) context = std::max(context, static_cast<std::int64_t>(window.tokens.size()));
    DecodeSession session(network, {.context = context, .batch = kTokensAtOnce}, workers);
    std::map<ValueId, Input> inputs = inputsOf(network.executable->graph(), options.output);
    session.observeValues([&](ValueId value, const Tensor& tensor) {
        if (const auto input = inputs.find(value); input != inputs.end()) add(input->second, tensor, workers);
    });
    const auto tokens = windows.empty() ? 0 : static_cast<std::int64_t>(windows[0].tokens.size());
    std::size_t done = 0;
    try {
        for (; done < count; ++done) {
            session.clear();
            const std::span<const std::int32_t> window = windows[done].tokens;
            for (std::size_t begin = 0; begin < window.size(); begin += kTokensAtOnce) {
                job.checkpoint(static_cast<double>(done) / static_cast<double>(count), "window " + std::to_string(done + 1) + " of " + std::to_string(count));
                session.feed(window.subspan(begin, std::min<std::size_t>(kTokensAtOnce, window.size() - begin)), job);
            }
            if (options.partial) options.partial(static_cast<std::int64_t>(done) + 1, static_cast<std::int64_t>(count));
        }
    } catch (const Cancelled&) {
        if (options.stopped && done > 0) options.stopped(meansOf(inputs, static_cast<std::int64_t>(done), tokens));
        throw;
    }
    return meansOf(inputs, static_cast<std::int64_t>(count), tokens);
}

}  // namespace bitlathe
