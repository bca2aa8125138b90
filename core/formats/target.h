// What each consumer accepts, as rows: the checks before an export, each with its cure. The facts behind
// them were probed with the real consumers. Knows no engine.
#pragma once

#include "core/model/model.h"
#include "core/quant/qdq.h"
#include "core/quant/recipe.h"

#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

struct WeightsFormat;

struct Target {
    std::string_view name;    // stable: "onnxruntime"
    std::string_view label;   // for people
    std::string_view format;  // a row of formats()
    std::string_view about;   // one sentence for people
    QdqOptions options;       // how the graph is laid out for it
    // Breaches of the consumer's rules and what a person should know; an Error refuses the export.
    std::vector<Issue> (*check)(const Model& source, const QuantizedModel& quantized);
    // How the source's weights are written for it, where that is not the format's own way.
    const WeightsFormat* weights = nullptr;
    // The same for models of another format; null where the target does not take them.
    const WeightsFormat* (*converting)(const Model& source) = nullptr;
    bool folder = false;  // what is written is a folder
};

// How the target takes this model as its source with other weights; null: as a graph, or not at all.
const WeightsFormat* weightsFor(const Target& target, const Model& model);

const std::vector<Target>& targets();
const Target* findTarget(std::string_view name);

}  // namespace bitlathe
