#include "core/engine/run.h"

#include "app/cli/command.h"
#include "app/cli/quantization_options.h"

#include "core/data/npy.h"
#include "core/data/npz.h"
#include "core/workflow/sources.h"

#include <CLI/CLI.hpp>

#include <numeric>

namespace bitlathe::cli {

namespace {

// The element type that the model declares, where the values survive the way there.
Tensor asDeclared(const Tensor& tensor, const Value& value, const std::string& path) {
    if (!value.type || *value.type == tensor.type()) return tensor;
    if (*value.type == ElementType::F32 && isFloat(tensor.type())) return toFloat32(tensor);
    if (*value.type == ElementType::I64 && isInteger(tensor.type())) return Tensor::of<std::int64_t>(tensor.shape(), toInt64(tensor));
    if (*value.type == ElementType::F32 && isInteger(tensor.type())) return toFloat32(tensor);
    refuseInput("'" + path + "' holds " + std::string(nameOf(tensor.type())) + ", but the input '" + value.name + "' takes " + std::string(nameOf(*value.type)) +
                "; save it in that type");
}

// Of a language model tokens are enough: a text from its beginning, with the logits of every token. A list of them is
// one text.
void addPlaces(const Graph& graph, std::vector<Tensor>& inputs, std::vector<bool>& found) {
    if (!found[0]) return;
    if (inputs[0].shape().rank() == 1) inputs[0] = inputs[0].reshaped(Shape{1, inputs[0].count()});
    std::vector<std::int64_t> places(static_cast<std::size_t>(inputs[0].count()));
    std::iota(places.begin(), places.end(), 0);
    for (std::size_t i = 1; i < inputs.size(); ++i) {
        if (found[i]) continue;
        const bool row = graph.value(graph.inputs[i]).name == "positions";
        inputs[i] = Tensor::of(row ? Shape{1, inputs[0].count()} : Shape{inputs[0].count()}, places);
        found[i] = true;
    }
}

std::vector<Tensor> readInputs(const Graph& graph, bool language, const std::vector<std::string>& given, Session& session) {
    std::vector<Tensor> inputs(graph.inputs.size());
    std::vector<bool> found(inputs.size(), false);
    for (const std::string& entry : given) {
        const auto equals = entry.find('=');
        const std::string name = equals == std::string::npos ? "" : entry.substr(0, equals);
        const std::string path = equals == std::string::npos ? entry : entry.substr(equals + 1);
        std::size_t index = inputs.size();
        for (std::size_t i = 0; i < inputs.size(); ++i)
            if (graph.value(graph.inputs[i]).name == name || (name.empty() && inputs.size() == 1)) index = i;
        if (index == inputs.size()) {
            std::string names;
            for (const ValueId id : graph.inputs) names += (names.empty() ? "" : ", ") + graph.value(id).name;
            throw Error(ErrorKind::Usage, "the model has no input '" + name + "'; its inputs are " + names + ". Write --input NAME=FILE.npy");
        }
        const Tensor raw = readNpy(path);
        inputs[index] = asDeclared(raw, graph.value(graph.inputs[index]), path);
        if (isInteger(raw.type()) && isFloat(inputs[index].type()))
            session.note("note: '" + path + "' holds " + std::string(nameOf(raw.type())) + "; its values go in as they are, without any preprocessing (evaluate applies one)");
        found[index] = true;
    }
    if (language) addPlaces(graph, inputs, found);
    for (std::size_t i = 0; i < inputs.size(); ++i)
        if (!found[i]) throw Error(ErrorKind::Usage, "the input '" + graph.value(graph.inputs[i]).name + "' is missing; give --input " + graph.value(graph.inputs[i]).name + "=FILE.npy");
    return inputs;
}

// NumPy has no bfloat16 or 8-bit floats: they are written as float32.
Tensor forNumpy(const Tensor& tensor) {
    const bool plain = bitsOf(tensor.type()) >= 8 && tensor.type() != ElementType::BF16 &&
                       (!isFloat(tensor.type()) || bitsOf(tensor.type()) >= 16);
    return plain ? tensor : toFloat32(tensor);
}

}  // namespace

Action runCommand(CLI::App& app, CommonOptions&) {
    struct Options {
        std::string model, output;
        std::vector<std::string> inputs;
        QuantizationOptions quantization;
    };
    auto options = std::make_shared<Options>();
    app.add_option("MODEL", options->model, "The model file")->required();
    app.add_option("--input", options->inputs, "NAME=FILE.npy, once for each input; of a language model tokens=FILE.npy is enough")->required();
    app.add_option("--output,-o", options->output, "The .npz that takes the outputs, by their names")->required();
    addQuantizationOptions(app, options->quantization, true);
    return [options](Session& session) -> int {
        std::vector<std::string> sources = sourcesOf(options->quantization);
        sources.push_back(options->model);
        for (const std::string& entry : options->inputs) sources.push_back(entry.substr(entry.find('=') + 1));
        refuseOverwriting(options->output, nullptr, sources);
        const PreparedRun prepared = prepareRun(options->model, options->quantization, session, true, true);
        refuseOverwriting(options->output, prepared.model.get(), {});
        const std::vector<Tensor> inputs = readInputs(prepared.graph(), prepared.model->graph.weightsOnly, options->inputs, session);
        Workspace workspace;
        JobContext running = session.job().part(0.35, 1.0);
        const std::vector<Tensor> outputs = run(*prepared.executable, workspace, session.workers(), inputs, running);
        std::vector<std::pair<std::string, Tensor>> named;
        const Graph& graph = prepared.graph();
        for (std::size_t i = 0; i < outputs.size(); ++i) named.emplace_back(graph.value(graph.outputs[i]).name, forNumpy(outputs[i]));
        writeNpz(options->output, named);
        std::string written;
        for (const auto& [name, tensor] : named) written += (written.empty() ? "" : ", ") + name + " " + toText(tensor.shape());
        session.note("wrote " + options->output + ": " + written);
        return kDone;
    };
}

}  // namespace bitlathe::cli
