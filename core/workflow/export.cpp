#include "core/workflow/export.h"

#include "core/base/mapped_file.h"
#include "core/base/sha256.h"
#include "core/data/dataset.h"
#include "core/formats/format.h"
#include "core/formats/target.h"
#include "core/language/architecture.h"
#include "core/model/opaque_layer.h"
#include "core/quant/recipe_json.h"
#include "core/workflow/export_weights.h"
#include "core/workflow/sources.h"
#include "core/workflow/load.h"

#include <algorithm>
#include <cctype>

namespace bitlathe {

namespace fs = std::filesystem;

namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

bool isNamedLike(const fs::path& path, const Format& format) {
    return std::any_of(format.extensions.begin(), format.extensions.end(), [name = lower(path.filename().string())](std::string_view extension) { return name.ends_with(extension); });
}

// What this checkpoint is instead, where it says so.
std::string notKnown(const Model& model) {
    const auto spec = describeLanguage(model);
    return !spec || spec->whyNot.empty() ? std::string() : ", and of this one: " + spec->whyNot;
}

const Target& targetOf(const ExportRequest& request) {
    const auto taking = targetsFor(*request.model);
    if (request.target.empty() && !taking.empty()) {  // the first whose files are named like this one
        for (const Target* one : taking)
            if (isNamedLike(request.path, *findFormat(one->format))) return *one;
        return *taking.front();
    }
    const Target* target = findTarget(request.target);
    std::string names;
    for (const Target* one : taking) names += (names.empty() ? "" : ", ") + std::string(one->name);
    if (!target) throw Error(ErrorKind::Usage, "there is no target '" + request.target + "'; for this model there are " + names);
    if (std::find(taking.begin(), taking.end(), target) != taking.end()) return *target;
    if (target->converting && request.model->graph.weightsOnly)
        throw Error(ErrorKind::Usage, std::string(target->label) + " takes " + std::string(target->format) + " models, and checkpoints whose config.json has a model_type that is known here" + notKnown(*request.model) + "; choose " + names);
    throw Error(ErrorKind::Usage, request.model->graph.weightsOnly
                                      ? "the model is weights without a graph, and " + std::string(target->label) + " is not made of " + std::string(findFormat(request.model->format) ? findFormat(request.model->format)->label : std::string_view("such files")) + "; choose " + names
                                      : std::string(target->label) + " takes models that were read from " + std::string(target->format) + " files; choose " + names);
}

std::string nameFor(const Target& target, const Format& own) {
    return target.folder ? "give the name of a folder, without an ending" : "give a name that ends in " + std::string(own.extensions.front());
}

// A path whose extension belongs to another format than the target's would lie about what is in the file.
void refuseForeignExtension(const ExportRequest& request, const Target& target) {
    const fs::path& path = request.path;
    const Format& own = *findFormat(target.format);
    if (isNamedLike(path, own)) return;
    const bool chosen = request.target.empty();  // the target: by the name, and none of that name takes the model
    for (const Format& format : formats())
        if (isNamedLike(path, format) && std::any_of(targets().begin(), targets().end(), [&](const Target& one) { return one.format == format.name; })) {
            const auto converts = [&](const Target& one) { return one.converting && one.format == format.name; };
            if (chosen && request.model->graph.weightsOnly && std::any_of(targets().begin(), targets().end(), converts))
                throw Error(ErrorKind::Usage, "this model cannot become " + std::string(format.label) + ": no config.json beside its weights names a model_type that is known here, so nobody can say what its tensors are called there. It can be written as " +
                                                  std::string(own.label) + ": " + nameFor(target, own));
            throw Error(ErrorKind::Usage, "'" + path.string() + "' is named like " + std::string(format.label) + ", and " + std::string(target.label) + " takes " + std::string(own.label) + "; " + nameFor(target, own));
        }
}

bool refuses(const Issue& issue) { return issue.level == Issue::Level::Error; }

std::int64_t constantBytes(const Graph& graph) {
    std::int64_t bytes = 0;
    for (const Value& value : graph.values)
        if (value.constant) bytes += static_cast<std::int64_t>(value.constant->bytes().size());
    return bytes;
}

// Bytes of the layers' weights, scales and zero points in the quantized file, without biases.
std::int64_t storedWeightBytes(const Model& source, const QuantizedModel& quantized) {
    std::int64_t bytes = 0;
    for (const Layer& layer : findLayers(quantized.model.graph)) {
        const bool counted = std::any_of(source.layers.begin(), source.layers.end(), [&](const Layer& own) {
            return own.quantizable && source.graph.nodes[static_cast<std::size_t>(own.node)].name == quantized.model.graph.nodes[static_cast<std::size_t>(layer.node)].name &&
                   own.weightInput == layer.weightInput;
        });
        const Tensor* bias = quantized.model.graph.constant(layer.bias);
        if (counted) bytes += layer.bytes - (bias ? static_cast<std::int64_t>(bias->bytes().size()) : 0);
    }
    return bytes;
}

// Of the files in a folder.
std::int64_t bytesIn(const fs::path& folder) {
    std::error_code none;
    std::int64_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(folder, none))
        if (entry.is_regular_file(none)) bytes += static_cast<std::int64_t>(entry.file_size(none));
    return bytes;
}

void addHash(Sha256& sum, const fs::path& path, JobContext& job) {
    const auto file = MappedFile::open(path);
    constexpr std::size_t kStep = std::size_t(1) << 20;
    for (auto rest = file->bytes(); !rest.empty();) {
        const auto part = rest.first(std::min(kStep, rest.size()));
        sum.add(part);
        file->release(part);
        rest = rest.subspan(part.size());
        job.checkpoint(0.0, "hashing " + path.filename().string());
    }
}

}  // namespace

std::vector<const Target*> targetsFor(const Model& model) {
    std::vector<const Target*> taking;
    for (const Target& target : targets()) {
        if (weightsFor(target, model) || (!model.graph.weightsOnly && findFormat(target.format)->write)) taking.push_back(&target);
    }
    return taking;
}

bool takesRanges(const ExportRequest& request) { return !weightsFor(targetOf(request), *request.model); }

ExportPlan planExport(const ExportRequest& request, Workers& workers, JobContext& job) {
    const Target& target = targetOf(request);
    if (weightsFor(target, *request.model)) return planWeights(request, target, job);
    ExportPlan plan;
    plan.issues = validate(request.recipe, *request.model);
    plan.bytesBefore = plan.bytesAfter = constantBytes(request.model->graph);
    for (const Node& node : request.model->graph.nodes)
        if (node.domain == kOpaqueDomain)
            plan.issues.push_back({Issue::Level::Error, node.name, "is of class '" + node.op + "', which no operator of " + std::string(target.label) + " stands for", "take the layer out of the network before it is saved"});
    if (std::any_of(plan.issues.begin(), plan.issues.end(), refuses)) return plan;
    plan.quantized = std::make_shared<const QuantizedModel>(
        quantizeModel(*request.model, request.recipe, request.ranges, target.options, workers, job));
    for (const Layer& layer : request.model->layers)
        if (const std::string broken = notFiniteText(notFiniteWeights(*request.model, layer)); !broken.empty())
            plan.issues.push_back({Issue::Level::Warning, layer.name, broken + ": NaN is coded as 0, infinities as the largest value", "train or export the network again"});
    const auto found = target.check(*request.model, *plan.quantized);
    plan.issues.insert(plan.issues.end(), found.begin(), found.end());
    plan.bytesAfter = constantBytes(plan.quantized->model.graph);
    double bits = 0, weights = 0;
    for (const LayerOutcome& outcome : plan.quantized->layers) {
        const Layer& layer = request.model->layers[outcome.layer];
        if (!layer.quantizable) continue;
        weights += static_cast<double>(layer.shape.count());
        bits += outcome.weights ? 8.0 * static_cast<double>(storedBytes(outcome.weights->layout, outcome.weights->spec))
                                : 8.0 * static_cast<double>(layer.shape.count()) * static_cast<double>(layer.bytes) / static_cast<double>(std::max<std::int64_t>(layer.parameters, 1));
    }
    plan.bitsPerWeight = weights > 0 ? bits / weights : 0;
    plan.storedBitsPerWeight = weights > 0 ? 8.0 * static_cast<double>(storedWeightBytes(*request.model, *plan.quantized)) / weights : 0;
    return plan;
}

ExportResult exportModel(const ExportRequest& request, Workers& workers, JobContext& job) {
    const Target& target = targetOf(request);
    refuseOverwriting(request.path, request.model.get(), {});
    refuseForeignExtension(request, target);
    std::error_code none;
    JobContext planning = job.part(0.0, 0.5), writing = job.part(0.5, 1.0);
    ExportResult result;
    result.plan = planExport(request, workers, planning);
    for (const Issue& issue : result.plan.issues)
        if (refuses(issue))
            throw Error(ErrorKind::Recipe, (issue.layer.empty() ? "" : "layer '" + issue.layer + "': ") + issue.message + (issue.cure.empty() ? "" : "; " + issue.cure));
    WriteOptions options;
    options.metadata = {{"bitlathe.version", BITLATHE_VERSION},
                        {"bitlathe.target", std::string(target.name)},
                        {"bitlathe.recipe", toJson(request.recipe)},
                        {"bitlathe.source.name", request.model->source.filename().string()}};
    // Weights without a graph may be larger than memory: they are not read once more for a sum.
    if (!request.model->graph.weightsOnly) options.metadata.emplace_back("bitlathe.source.sha256", sourceSha256(*request.model, planning));
    if (weightsFor(target, *request.model)) {
        writeWeights(request, target, result.plan, options, workers, writing);
    } else {
        if (!request.calibrationSha256.empty()) options.metadata.emplace_back("bitlathe.calibration.sha256", request.calibrationSha256);
        findFormat(target.format)->write(result.plan.quantized->model, request.path, options, writing);
    }
    result.fileBytes = target.folder ? bytesIn(request.path) : static_cast<std::int64_t>(fs::file_size(request.path, none));
    return result;
}

std::string dataSha256(const std::string& spec, JobContext& job) {
    const fs::path path = splitDatasetSpec(spec).path;
    Sha256 sum;
    if (!fs::is_directory(path)) {
        addHash(sum, path, job);
        return sum.hex();
    }
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(path))
        if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
        const std::string name = fs::relative(file, path).generic_string() + '\n';
        sum.add(std::as_bytes(std::span(name.data(), name.size())));
        addHash(sum, file, job);
    }
    return sum.hex();
}

}  // namespace bitlathe
