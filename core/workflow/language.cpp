#include "core/workflow/language.h"

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/formats/format.h"
#include "core/formats/weights_format.h"
#include "core/language/architecture.h"
#include "core/language/network.h"
#include "core/quant/codec_gguf.h"
#include "core/quant/ggml_types.h"
#include "core/quant/gguf_stream.h"
#include "core/quant/quantized_tensor.h"
#include "core/tensor/packed_tensor.h"
#include "core/workflow/cache_size.h"

#include <algorithm>
#include <functional>
#include <map>
#include <span>
#include <vector>

namespace bitlathe {

namespace {

LanguageSpec specOf(const Model& model) {
    const auto spec = describeLanguage(model);
    if (!spec) throw Error(ErrorKind::Unsupported, "'" + model.source.string() + "' says of no language model that it is one, so no text can be made with it; open a GGUF file, or a folder with config.json and safetensors");
    return *spec;
}

std::int64_t bytesOf(const Graph& graph) {
    std::int64_t bytes = 0;
    for (const Value& value : graph.values) bytes += value.packed ? value.packed->bytes() : static_cast<std::int64_t>(value.blocks ? value.blocks->bytes.size() : value.constant ? value.constant->bytes().size() : 0);
    return bytes;
}

// Every token reads all weights. One stretch for what lies side by side in a file.
void preferLargePagesFor(const Graph& graph) {
    constexpr std::ptrdiff_t gap = 1 << 16;  // small tensors and padding between
    std::vector<std::span<const std::byte>> all;
    for (const Value& value : graph.values) {
        if (value.blocks) all.push_back(value.blocks->bytes);
        else if (value.constant) all.push_back(value.constant->bytes());
    }
    std::sort(all.begin(), all.end(), [](auto a, auto b) { return std::less<>()(a.data(), b.data()); });
    std::span<const std::byte> stretch;
    for (const auto bytes : all) {
        if (!stretch.empty() && bytes.data() - (stretch.data() + stretch.size()) <= gap) {
            stretch = {stretch.data(), std::max(stretch.data() + stretch.size(), bytes.data() + bytes.size())};
            continue;
        }
        preferLargePages(stretch);
        stretch = bytes;
    }
    preferLargePages(stretch);
}

LanguageNetwork compiled(std::shared_ptr<const Model> model, const WeightLookup& weights, EngineMode mode, const Machine& machine) {
    LanguageNetwork network;
    network.spec = specOf(*model);
    network.mode = mode;
    const auto built = buildLanguage(network.spec, tensorNamesOf(*model), weights, {.integer = mode == EngineMode::Integer});
    network.weightBytes = bytesOf(built->graph);
    preferLargePagesFor(built->graph);
    network.executable = Executable::compile(built, {.machine = machine});
    network.source = std::move(model);
    return network;
}

// Bytes of whole rows in a block format.
Value inBlocks(const std::string& name, const Tensor& values, const GgufForm& form, std::span<const float> importance, Isa isa, Workers& workers, JobContext& job) {
    const std::int64_t columns = values.shape()[values.shape().rank() - 1];
    const GgufRows rows{form, columns, importance};
    auto bytes = std::make_shared<std::vector<std::byte>>();
    bytes->reserve(static_cast<std::size_t>(columns == 0 ? 0 : values.count() / columns * rows.rowBytes()));
    preferLargePages({bytes->data(), bytes->capacity()});
    streamGguf(rows, values.type(), values.bytes(), [&](std::span<const std::byte> part) { bytes->insert(bytes->end(), part.begin(), part.end()); }, workers, job, isa);
    Value value;
    value.name = name;
    value.blocks = BlockTensor{&ggmlTypeOf(form.id)->blocks, values.shape(), {bytes->data(), bytes->size()}, bytes};
    return value;
}

Value coded(const Model& model, const Layer& layer, const QuantSpec& spec, const Importance* importance, Isa isa, Workers& workers, JobContext& job) {
    const std::string& name = model.graph.value(layer.weight).name;
    const auto columns = importance ? importance->of(name) : std::span<const float>();
    // As an export refuses it: an importance of another model would measure a file that cannot be made.
    if (const auto values = static_cast<std::int64_t>(columns.size()); values != 0 && values != layer.layout.inner && (layer.shape.rank() <= 2 || values % layer.layout.inner != 0))
        throw Error(ErrorKind::Input, layer.name + ": the importance file has " + std::to_string(values) + " values for " + std::to_string(layer.layout.inner) + " columns; take the importance of this very model");
    const auto fitting = static_cast<std::int64_t>(columns.size()) == layer.layout.inner ? columns : std::span<const float>();
    const Tensor values = weightOf(model.graph, layer);
    const GgufForm* form = ggufFormOf(spec.codec);
    if (form && values.shape().rank() > 0 && values.shape()[values.shape().rank() - 1] % form->values == 0) return inBlocks(name, values, *form, fitting, isa, workers, job);
    Value value;
    value.name = name;
    value.constant = dequantize(quantizeWeights(values, layer.layout, spec, workers, job, isa, fitting), workers, isa);
    return value;
}

// What a file would hold instead, where it cannot hold what was asked for.
std::optional<QuantSpec> chosen(const Model& model, const Layer& layer, const QuantSpec& asked, std::vector<std::string>& notes) {
    // Blocks of GGUF are what a GGUF file would hold, wherever the weights come from.
    const Format* format = findFormat("gguf");
    if (!format || !format->weights || !ggufFormOf(asked.codec)) return asked;
    WeightChoice choice = format->weights->choose(layer, asked);
    if (!choice.possible) return asked;
    if (!choice.reason.empty()) notes.push_back(layer.name + ": " + choice.reason);
    return choice.weights;
}

}  // namespace

LanguageNetwork prepareLanguage(std::shared_ptr<const Model> model, EngineMode mode, const Machine& machine) {
    const WeightLookup weights = weightsOf(model);
    return compiled(std::move(model), weights, mode, machine);
}

LanguageNetwork prepareLanguage(std::shared_ptr<const Model> model, const Recipe& recipe, const Importance* importance, EngineMode mode, const Machine& machine,
                                Workers& workers, JobContext& job) {
    if (mode == EngineMode::Float) {
        // Weights as the file holds them; keys and values as the recipe says in every engine.
        LanguageNetwork network = prepareLanguage(std::move(model), mode, machine);
        requireCache(recipe.cache, network.spec);
        network.cache = cacheSizeOf(network.spec, recipe.cache).blocks;
        return network;
    }
    for (const Issue& issue : validate(recipe, *model))
        if (issue.level == Issue::Level::Error) throw Error(ErrorKind::Recipe, (issue.layer.empty() ? std::string() : issue.layer + ": ") + issue.message + (issue.cure.empty() ? std::string() : "; " + issue.cure));
    const LanguageSpec spec = specOf(*model);
    if (!spec.runs()) throw Error(ErrorKind::Unsupported, "this language model cannot be run: " + spec.whyNot);
    requireCache(recipe.cache, spec);
    const auto schemes = schemesFor(recipe, *model);
    auto made = std::make_shared<std::map<std::string, Value, std::less<>>>();
    std::vector<std::string> notes;
    for (std::size_t i = 0; i < model->layers.size(); ++i) {
        const Layer& layer = model->layers[i];
        const double share = static_cast<double>(model->layers.size());
        JobContext part = job.part(static_cast<double>(i) / share, static_cast<double>(i + 1) / share);
        part.checkpoint(0.0, "coding " + layer.name);
        if (!schemes[i].weights || layer.weight == kNoValue) continue;
        const auto spec = chosen(*model, layer, *schemes[i].weights, notes);
        if (spec) made->emplace(model->graph.value(layer.weight).name, coded(*model, layer, *spec, importance, machine.isa, workers, part));
    }
    const WeightLookup own = weightsOf(model);
    const WeightLookup weights = [made, own](std::string_view name) -> std::optional<Value> {
        const auto at = made->find(name);
        return at == made->end() ? own(name) : std::optional(at->second);
    };
    LanguageNetwork network = compiled(std::move(model), weights, mode, machine);
    network.cache = cacheSizeOf(network.spec, recipe.cache).blocks;
    network.notes = std::move(notes);
    return network;
}

}  // namespace bitlathe
