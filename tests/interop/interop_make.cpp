#include "tests/interop/interop_cases.h"

#include "core/base/error.h"
#include "core/engine/run.h"
#include "core/workflow/calibrate.h"
#include "core/workflow/export.h"
#include "core/workflow/load.h"
#include "core/workflow/network.h"
#include "core/workflow/samples.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstring>
#include <fstream>

namespace bitlathe::interop {

namespace {

using Json = nlohmann::ordered_json;
constexpr std::int64_t kCalibrationSamples = 64, kMadeUpSamples = 6, kRuns = 6;

// Samples where no real ones are at hand: a fixed pseudo-random pattern, smooth enough to be like a picture;
// integers are small, so that they are valid tokens.
Dataset madeUp(const Model& model) {
    Dataset data;
    data.path = "made up";
    for (const ValueId input : model.graph.inputs) {
        const Value& value = model.graph.value(input);
        SampleArray array;
        array.name = value.name;
        array.type = value.type.value_or(ElementType::F32) == ElementType::I64 ? ElementType::I64 : ElementType::F32;
        array.count = kMadeUpSamples;
        std::vector<std::int64_t> dims;
        for (const Dim& dim : value.shape.value_or(std::vector<Dim>{})) dims.push_back(dim.extent > 0 ? dim.extent : dims.empty() ? 1 : 12);
        if (!dims.empty()) dims.erase(dims.begin());
        array.sample = Shape(dims);
        array.read = [shape = array.sample, type = array.type](std::int64_t index) {
            std::vector<float> floats(static_cast<std::size_t>(shape.count()));
            std::uint32_t state = 12345u + static_cast<std::uint32_t>(index) * 7919u;
            const std::int64_t width = shape.rank() > 0 ? shape[shape.rank() - 1] : 1;
            for (std::size_t i = 0; i < floats.size(); ++i) {
                state = state * 1664525u + 1013904223u;
                const float noise = static_cast<float>(state >> 8) / 16777216.0f - 0.5f;
                const float x = static_cast<float>(static_cast<std::int64_t>(i) % width) / static_cast<float>(width);
                floats[i] = std::sin((x + 0.1f * static_cast<float>(index)) * 9.0f) * 0.7f + 0.3f * noise;
            }
            if (type == ElementType::F32) return Tensor::of(shape, floats);
            std::vector<std::int64_t> tokens(floats.size());
            for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = 4 + static_cast<std::int64_t>((i * 17 + static_cast<std::size_t>(index) * 5) % 50);
            return Tensor::of(shape, tokens);
        };
        data.arrays.push_back(std::move(array));
    }
    return data;
}

Json describe(const std::filesystem::path& folder, const std::string& name, const std::string& file, const Tensor& tensor) {
    std::ofstream(folder / file, std::ios::binary).write(reinterpret_cast<const char*>(tensor.bytes().data()), static_cast<std::streamsize>(tensor.bytes().size()));
    return {{"name", name}, {"type", std::string(nameOf(tensor.type()))}, {"dims", tensor.shape().dims()}, {"file", file}};
}

// How many nodes of the source we call integer, by what ONNX Runtime should make of them.
void countExpected(const Model& source, const QuantizedModel& quantized, Json& to) {
    int convs = 0, linears = 0, floatConvs = 0;
    for (const Node& node : source.graph.nodes) floatConvs += node.op == "Conv" || node.op == "FusedConv";
    const Uses uses(source.graph);
    for (const LayerOutcome& outcome : quantized.layers) {
        if (!outcome.got.activations) continue;
        const Layer& layer = source.layers[outcome.layer];
        const int readers = static_cast<int>(uses.consumers[static_cast<std::size_t>(layer.weight)].size());
        if (layer.kind == LayerKind::Conv) convs += readers, floatConvs -= readers;
        else linears += readers;
    }
    to["integerConvs"] = convs;
    to["floatConvs"] = floatConvs;
    to["integerLinears"] = linears;
}

// Presets of the program, and combinations that nobody needs a preset for.
Recipe recipeOf(const std::string& name) {
    if (const Preset* preset = findPreset(name)) return preset->recipe;
    Recipe recipe = findPreset("int8")->recipe;
    recipe.name = name;
    if (name == "int8-symmetric") recipe.defaults.activations->symmetric = true;
    if (name == "uint8-tensor") recipe.defaults.weights->symmetric = false, recipe.defaults.weights->granularity = PerTensor{};
    if (name.ends_with("-static")) recipe.defaults.weights->bits = name[3] - '0';
    return recipe;
}

struct Making {
    std::filesystem::path folder;
    Machine machine = Machine::detect();
    Workers workers{0};
    JobContext job;
    Json list = Json::array();
    int failures = 0;

    void one(const Case& c, const std::string& preset) {
        const auto model = loadModel(c.model, machine, job);
        const Dataset data = c.data.empty() ? madeUp(*model) : openDataset(c.data);
        const SampleFeed feed(*model, data, c.preprocessing);
        const Recipe recipe = recipeOf(preset);
        ExportRequest request;
        request.model = model;
        request.recipe = recipe;
        if (needsCalibration(*model, recipe)) {
            CalibrationOptions options;
            options.mostSamples = kCalibrationSamples;
            request.ranges = calibrate(model, recipe, feed, options, machine, workers, job);
        }
        const std::string name = c.name + "." + preset;
        request.path = folder / (name + ".onnx");
        const ExportResult exported = exportModel(request, workers, job);
        Json entry{{"name", name}, {"preset", preset}, {"model", name + ".onnx"}, {"optimized", name + ".optimized.onnx"}, {"bytes", exported.fileBytes}};
        countExpected(*model, *exported.plan.quantized, entry);

        const Network network = prepareNetwork(model, &recipe, request.ranges, preset == "float" ? EngineMode::Float : EngineMode::Integer, true, machine, workers, job);
        int integer = 0;
        for (const Step& step : network.executable->steps())
            integer += step.placement.integer && (step.placement.op.find("Conv") != std::string::npos);
        entry["ourIntegerConvs"] = integer;
        const Graph& graph = network.executable->graph();
        Workspace workspace;
        for (std::int64_t run = 0; run < std::min(kRuns, feed.batches()); ++run) {
            const auto inputs = feed.inputs(run);
            const auto outputs = bitlathe::run(*network.executable, workspace, workers, inputs, job);
            Json at{{"inputs", Json::array()}, {"outputs", Json::array()}};
            for (std::size_t i = 0; i < inputs.size(); ++i)
                at["inputs"].push_back(describe(folder, graph.value(graph.inputs[i]).name, name + ".in" + std::to_string(run) + "." + std::to_string(i) + ".bin", inputs[i]));
            for (std::size_t i = 0; i < outputs.size(); ++i) {
                const std::string output = graph.value(graph.outputs[i]).name;
                Json row = describe(folder, output, name + ".out" + std::to_string(run) + "." + std::to_string(i) + ".bin", outputs[i]);
                row["ort"] = name + ".ort" + std::to_string(run) + "." + std::to_string(i) + ".bin";
                const auto& codes = exported.plan.quantized->activations;
                if (const auto found = codes.find(output); found != codes.end()) row["step"] = found->second.params.scale;
                at["outputs"].push_back(std::move(row));
            }
            entry["runs"].push_back(std::move(at));
        }
        list.push_back(std::move(entry));
    }
};

}  // namespace

int make(const std::filesystem::path& folder, const std::string& filter) {
    std::filesystem::create_directories(folder);
    Making making{folder};
    std::vector<Case> all = cases();
    for (Case& c : zoo(folder)) all.push_back(std::move(c));
    for (const Case& c : all)
        for (const std::string& preset : c.presets) {
            if ((c.name + "." + preset).find(filter) == std::string::npos) continue;
            try {
                making.one(c, preset);
            } catch (const Error& error) {
                std::printf("FAILED %s.%s: %s\n", c.name.c_str(), preset.c_str(), error.what());
                ++making.failures;
            }
        }
    std::ofstream(folder / "manifest.json") << making.list.dump(1);
    return making.failures;
}

}  // namespace bitlathe::interop
