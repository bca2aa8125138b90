// Keras files as their source with other weights. The network's description, names, attributes and every array that
// was not quantized are copied by HDF5 itself; what was quantized is put back in the file's own order.
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/save_file.h"
#include "core/base/sha256.h"
#include "core/formats/format.h"
#include "core/formats/keras/codes.h"
#include "core/formats/keras/keras.h"
#include "core/formats/keras/places.h"
#include "core/hdf5/hdf5_copy.h"
#include "core/hdf5/hdf5_file.h"
#include "core/quant/codec.h"
#include "core/tensor/convert.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

namespace bitlathe::keras {

namespace {

constexpr const char* kAbout = "Codes that Bitlathe made of this network's weights; Keras ignores this group. core/formats/keras/FORMAT.md of Bitlathe describes it";
constexpr const char* kCodesOnly = "The quantized weights of this file are codes in the group /bitlathe: only Bitlathe reads it. For Keras, export the target 'keras' instead";

enum class Form { Floats, Codes };

[[noreturn]] void changed(const Model& source) {
    throw Error(ErrorKind::Input, "'" + source.source.string() + "' was changed since it was opened; open it again");
}

std::vector<LayerPlace> placesOf(const Model& source, JobContext& job) {
    std::vector<WeightOrigin> origins;
    JobContext reading = job.part(0.0, 0.9);
    const Model asRead = read(source.source, reading, origins);
    if (asRead.sha256 != source.sha256) changed(source);
    std::vector<LayerPlace> places = findPlaces(source, asRead, origins);
    for (std::size_t l = 0; l < places.size(); ++l) {  // large files have no sum yet: their weights are compared instead
        job.checkpoint(0.9, "comparing the source file");
        if (!source.sha256.empty() || !places[l].reason.empty() || !places[l].norms.empty()) continue;
        const ValueId raw = asRead.graph.find(places[l].weight.constant);
        const Tensor *then = source.graph.constant(source.layers[l].weight), *now = asRead.graph.constant(raw);
        if (!then || !now || !(*then == *now)) changed(source);
    }
    return places;
}

std::vector<std::string> fixed(const Model& source, JobContext& job) {
    std::vector<std::string> reasons;
    for (LayerPlace& place : placesOf(source, job)) reasons.push_back(std::move(place.reason));
    return reasons;
}

WeightChoice choose(const Layer&, const QuantSpec& asked) { return {true, asked, {}}; }

std::int64_t floatBytes(const Layer& layer) { return layer.parameters > 0 ? layer.bytes / layer.parameters * layer.shape.count() : 0; }

std::int64_t bytesWithFloats(const Layer& layer, const std::optional<QuantSpec>& spec) { return layer.bytes + (spec ? codesBytes(layer.layout, *spec) : 0); }
std::int64_t bytesOfCodes(const Layer& layer, const std::optional<QuantSpec>& spec) { return layer.bytes + (spec ? codesBytes(layer.layout, *spec) - floatBytes(layer) : 0); }

Tensor filled(std::int64_t count, float value) { return Tensor::of(Shape{count}, std::vector<float>(static_cast<std::size_t>(count), value)); }

// What a tensor becomes in an array of the given type, as the library rounds it.
std::string sumIn(ElementType type, const Tensor& values) {
    if (type != ElementType::F16) return sha256(values.bytes());
    std::vector<float> rounded;
    for (const float x : values.as<float>()) rounded.push_back(halfToFloat(floatToHalf(x)));
    return sha256(std::as_bytes(std::span(rounded)));
}

class Writing {
public:
    Writing(const WeightsRequest& request, Form form, const std::filesystem::path& temporary)
        : m_source(request.source), m_file(request.source.source.string()), m_form(form), m_copy(m_file, temporary.string(), without(form)),
          m_arrays(m_copy.arrays().begin(), m_copy.arrays().end()), m_before(m_file) {}

    WeightsWritten run(const WeightsRequest& request, const std::vector<LayerPlace>& places, const WriteOptions& options, Workers& workers, JobContext& job) {
        WeightsWritten written;
        writeHead(request, places, options);
        const double steps = static_cast<double>(std::max<std::size_t>(request.layers.size(), 1));
        for (std::size_t i = 0; i < request.layers.size(); ++i) {
            JobContext part = job.part(0.8 * static_cast<double>(i) / steps, 0.8 * static_cast<double>(i + 1) / steps);
            if (const LayerOutcome& outcome = request.layers[i]; outcome.got.weights) written.notFinite += writeLayer(outcome, places[outcome.layer], request, workers, part);
        }
        restoreFloats(job);
        for (const std::string& path : std::set<std::string>(m_arrays)) {
            job.checkpoint(0.9, "copying " + path);
            m_copy.copy(path);
        }
        m_copy.close();
        return written;
    }

    // Every array and every text as it was meant.
    void verify(const std::filesystem::path& path, const std::string& name, JobContext& job) const {
        const Hdf5File file(path.string());
        const auto differs = [&](const std::string& what) -> void {
            throw Error(ErrorKind::Output, "'" + name + "' does not read back as it was written (" + what + "); the disk may be failing, write to another place. Nothing was changed");
        };
        for (const auto& [array, sum] : m_sums) {
            job.checkpoint(0.3, "reading the file again");
            const auto info = file.describe(array);
            if (!info || sha256(toFloat32(file.read(array)).bytes()) != sum) differs("the array '" + array + "'");
        }
        for (const std::string& array : m_arrays) {
            job.checkpoint(0.6, "reading the file again");
            const auto was = m_before.describe(array), is = file.describe(array);
            if (was.has_value() != is.has_value() || (was && !(m_before.read(array) == file.read(array)))) differs("the array '" + array + "'");
        }
        for (const auto& [group, sum] : m_groups)
            if (sha256(pack(file.node(group))) != sum) differs("the group '" + group + "'");
        for (const char* attribute : {"model_config", "training_config", "keras_version", "backend"})
            for (const char* object : {"/", "/model_weights"})
                if (file.contains(object) && file.textAttribute(object, attribute) != m_before.textAttribute(object, attribute)) differs(std::string("the attribute '") + attribute + "'");
    }

private:
    // Where Keras cannot go on training, the state of its optimizer is of no use.
    static std::vector<std::string> without(Form form) {
        if (form == Form::Codes) return {kOwnGroup, "/optimizer_weights"};
        return {kOwnGroup};
    }

    void writeHead(const WeightsRequest& request, const std::vector<LayerPlace>& places, const WriteOptions& options) {
        Hdf5Node head;
        head.about = kAbout;
        head.add("schema", kSchema);
        head.add("form", std::string(m_form == Form::Codes ? "codes only" : "floats and codes"));
        head.add("order", std::string(kOrder));
        for (const auto& [key, value] : options.metadata) head.add(key, value);
        std::vector<std::string> arrays, groups;
        for (const LayerOutcome& outcome : request.layers)
            if (outcome.got.weights) arrays.push_back(places[outcome.layer].weight.path), groups.push_back(groupOf(outcome.layer));
        head.add("arrays", arrays, {}, "of the file, whose values stand here as codes");
        head.add("groups", groups, {}, "in 'layers', of the same arrays");
        m_copy.node(kOwnGroup, head);
        m_copy.node(kLayerGroup, {});
        if (m_form == Form::Codes) m_copy.attribute("/", "bitlathe", kCodesOnly);
    }

    // "0003.dense_1": unique, in order, and without the mark that parts paths.
    std::string groupOf(std::size_t layer) const {
        std::string number = std::to_string(layer), name = m_source.layers[layer].name;
        number.insert(0, 4 - std::min<std::size_t>(number.size(), 4), '0');
        std::replace(name.begin(), name.end(), '/', '.');
        return number + "." + name;
    }

    std::int64_t writeLayer(const LayerOutcome& outcome, const LayerPlace& place, const WeightsRequest& request, Workers& workers, JobContext& job) {
        const Layer& layer = m_source.layers[outcome.layer];
        job.checkpoint(0.0, "writing " + layer.name);
        const Tensor values = weightOf(m_source.graph, layer);
        std::int64_t notFinite = 0;
        for (const float x : values.as<float>()) notFinite += !std::isfinite(x);
        const QuantizedTensor weights = quantizeWeights(values, layer.layout, *outcome.got.weights, workers, job, request.isa);
        if (m_form == Form::Floats) replace(place.weight.path, inFileOrder(place.weight, dequantize(weights, workers, request.isa).reshaped(values.shape())));
        else m_arrays.erase(place.weight.path), m_coded.insert(place.weight.path);
        const std::string group = std::string(kLayerGroup) + "/" + groupOf(outcome.layer);
        const Hdf5Node node = codesNode(weights, place.weight, layer.name);
        m_copy.node(group, node);
        m_groups[group] = sha256(pack(node));
        unfold(place);
        return notFinite;
    }

    // The batch normalisations that are in the weights now pass values on: γ = 1, μ = 0, σ² = 1 − ε, and the folded bias
    // where the layer or they have room for one. (1 − ε) + ε is 1 in float32, and so near 1 in double that folding again
    // gives the same weights.
    void unfold(const LayerPlace& place) {
        if (place.norms.empty()) return;
        Tensor shift = toFloat32(*m_source.graph.constant(place.foldedBias));
        shift = shift.reshaped(Shape{shift.count()});
        bool placed = !place.bias.empty();
        if (placed) replace(place.bias, shift);
        for (const FoldedNorm& norm : place.norms) {
            const bool holdsBeta = !placed && !norm.beta.empty(), holdsMean = !placed && !holdsBeta && &norm == &place.norms.back();
            placed = placed || holdsBeta || holdsMean;
            if (!norm.gamma.empty()) replace(norm.gamma, filled(norm.channels, 1.0f));
            if (!norm.beta.empty()) replace(norm.beta, holdsBeta ? shift : filled(norm.channels, 0.0f));
            std::vector<float> mean(static_cast<std::size_t>(norm.channels), 0.0f);
            for (std::size_t c = 0; holdsMean && c < mean.size(); ++c) mean[c] = -shift.as<float>()[c];
            replace(norm.mean, Tensor::of(Shape{norm.channels}, mean));
            replace(norm.variance, filled(norm.channels, 1.0f - norm.epsilon));
        }
    }

    void replace(const std::string& path, const Tensor& values) {
        const auto info = m_arrays.contains(path) ? m_before.describe(path) : std::nullopt;
        m_copy.replace(path, info ? values.reshaped(info->shape) : values);
        m_arrays.erase(path);
        m_sums[path] = sumIn(info ? info->type : ElementType::F32, values);
    }

    // A source of codes alone: what was not quantized now becomes floats again.
    void restoreFloats(JobContext& job) {
        if (!m_before.contains(kOwnGroup)) return;
        const Hdf5Node head = m_before.node(kOwnGroup);
        const auto *arrays = head.get<std::vector<std::string>>("arrays"), *groups = head.get<std::vector<std::string>>("groups");
        for (std::size_t i = 0; arrays && groups && i < std::min(arrays->size(), groups->size()); ++i) {
            const std::string& path = (*arrays)[i];
            const std::string group = std::string(kLayerGroup) + "/" + (*groups)[i];
            if (m_before.contains(path) || m_sums.contains(path) || m_coded.contains(path)) continue;
            job.checkpoint(0.85, "writing " + path);
            replace(path, decodedArray(m_before.node(group), "'" + m_file + "': group '" + group + "'"));
        }
    }

    const Model& m_source;
    std::string m_file;
    Form m_form;
    Hdf5Copy m_copy;
    std::set<std::string> m_arrays;  // still to be copied as they are
    Hdf5File m_before;
    std::map<std::string, std::string> m_sums, m_groups;  // SHA-256 of what was written, by path
    std::set<std::string> m_coded;  // left out: they are codes alone
};

template <Form form>
WeightsWritten write(const WeightsRequest& request, const std::filesystem::path& path, const WriteOptions& options, Workers& workers, JobContext& job) {
    JobContext finding = job.part(0.0, 0.1), writing = job.part(0.1, 0.8), checking = job.part(0.8, 1.0);
    const std::vector<LayerPlace> places = placesOf(request.source, finding);
    SaveFile file(path);
    Writing work(request, form, file.temporaryPath());
    const WeightsWritten written = work.run(request, places, options, workers, writing);
    work.verify(file.temporaryPath(), path.string(), checking);
    file.commit();
    return written;
}

std::vector<Issue> check(const Model&, const QuantizedModel& quantized) {
    std::vector<Issue> issues;
    if (std::any_of(quantized.layers.begin(), quantized.layers.end(), [](const LayerOutcome& outcome) { return outcome.asked.activations.has_value(); }))
        issues.push_back({Issue::Level::Note, "", "a Keras file has weights alone: the quantized activations of the recipe are left out, and the network computes in float32",
                          "export for ONNX Runtime to quantize activations too"});
    return issues;
}

}  // namespace

const WeightsFormat kFloats = {&choose, &bytesWithFloats, &write<Form::Floats>, &fixed};
const WeightsFormat kCodes = {&choose, &bytesOfCodes, &write<Form::Codes>, &fixed};

std::vector<Issue> checkFloats(const Model& source, const QuantizedModel& quantized) {
    std::vector<Issue> issues = check(source, quantized);
    issues.push_back({Issue::Level::Note, "", "the file does not shrink: Keras reads float weights, and their codes stand beside them", "export the codes alone where only Bitlathe will read the file"});
    return issues;
}

std::vector<Issue> checkCodes(const Model& source, const QuantizedModel& quantized) {
    std::vector<Issue> issues = check(source, quantized);
    issues.push_back({Issue::Level::Warning, "", "only Bitlathe reads this file: in it the quantized weights are codes, and Keras finds no floats and no state of an optimizer", "choose the target 'keras' for a file that any Keras loads"});
    return issues;
}

}  // namespace bitlathe::keras
