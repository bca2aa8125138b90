#include "core/workflow/load.h"

#include "core/engine/fold_constants.h"
#include "core/engine/operator_list.h"
#include "core/formats/format.h"
#include "core/model/fold.h"

#include <cmath>
#include <set>

namespace bitlathe {

std::shared_ptr<const Model> loadModel(const std::filesystem::path& path, const Machine& machine, JobContext& job) {
    job.checkpoint(0.0, "reading " + path.filename().string());
    JobContext reading = job.part(0.0, 0.8);
    Model model = readModel(path, reading);
    if (model.graph.weightsOnly) return std::make_shared<const Model>(std::move(model));  // nothing to fold
    job.checkpoint(0.8, "folding constants");
    FoldOptions options;
    options.machine = machine;
    foldConstants(model.graph, options);
    fold(model);
    job.checkpoint(1.0, "ready");
    return std::make_shared<const Model>(std::move(model));
}

std::vector<std::string> missingOperators(const Model& model) {
    if (model.graph.weightsOnly) return {"a graph to run: the file holds weights alone"};
    std::set<std::string> seen;
    std::vector<std::string> missing;
    for (const Node& node : model.graph.nodes)
        if (!isRunnable(node.op, node.domain) && seen.insert(node.qualifiedOp()).second)
            missing.push_back(node.qualifiedOp() + " (node '" + node.name + "')");
    return missing;
}

bool isRunnable(const Model& model, const Layer& layer) {
    if (layer.node < 0) return false;
    const Node& node = model.graph.nodes[static_cast<std::size_t>(layer.node)];
    return isRunnable(node.op, node.domain);
}

std::int64_t notFiniteWeights(const Model& model, const Layer& layer) {
    const ValueId id = layer.weight;
    const Tensor* constant = model.graph.constant(id);
    if (!constant || !isFloat(constant->type())) return 0;  // codes are always finite
    if (model.graph.weightsOnly) return 0;  // such files may be larger than memory: counted while they are written
    const Tensor weight = toFloat32(*constant);
    std::int64_t count = 0;
    for (const float x : weight.as<float>()) count += !std::isfinite(x);
    return count;
}

std::string notFiniteText(std::int64_t count) {
    if (count == 0) return {};
    return std::to_string(count) + (count == 1 ? " weight is" : " weights are") + " NaN or infinite";
}

}  // namespace bitlathe
