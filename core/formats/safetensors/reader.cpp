#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/plain_text.h"
#include "core/base/sha256.h"
#include "core/formats/safetensors/checkpoint.h"
#include "core/formats/safetensors/filters.h"
#include "core/formats/safetensors/quantized_layouts.h"
#include "core/formats/safetensors/safetensors.h"
#include "core/formats/safetensors/tensor_order.h"
#include "core/tensor/convert.h"

#include <map>

namespace bitlathe::safetensors {

namespace {

constexpr std::size_t kHashWhileReading = std::size_t(16) << 20;  // larger files are hashed when somebody asks

// Numbers at addresses that their type does not allow: one by one, when somebody looks.
std::shared_ptr<const PackedTensor> askew(const Entry& entry, ElementType type) {
    auto tensor = std::make_shared<PackedTensor>();
    tensor->form = nameOf(type);
    tensor->shape = entry.info.shape;
    tensor->parts = {entry.bytes()};
    tensor->decode = [type, file = entry.file, bytes = entry.bytes(), columns = tensor->columns()](std::int64_t first, std::int64_t, std::span<float> out) {
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(elementAt(type, bytes.data(), first * columns + static_cast<std::int64_t>(i)));
    };
    return tensor;
}

Value valueOf(const Entry& entry) {
    const ElementType type = *entry.info.type;
    Value value;
    value.name = entry.info.name;
    value.type = type;
    const auto bytes = entry.bytes();
    const auto step = static_cast<std::uintptr_t>(std::max(bitsOf(type) / 8, 1));
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % step == 0 || bytes.empty()) {
        value.constant = Tensor(type, entry.info.shape, bytes, entry.file);
    } else if (isFloat(type)) {
        value.packed = askew(entry, type);
    } else {  // integers are few: counters and tables
        std::byte* copy = nullptr;
        value.constant = Tensor::allocate(type, entry.info.shape, copy);
        std::copy(bytes.begin(), bytes.end(), copy);
    }
    return value;
}

// Values in the order of the files' tensors: quantized weights at the place of their first tensor.
std::vector<Value> valuesOf(const Checkpoint& checkpoint, const std::vector<QuantizedWeight>& quantized, std::vector<std::string>& notes) {
    constexpr std::size_t kAlone = std::size_t(-1), kTaken = std::size_t(-2);
    std::vector<std::size_t> role(checkpoint.tensors.size(), kAlone);
    for (std::size_t q = 0; q < quantized.size(); ++q)
        for (std::size_t i = 0; i < quantized[q].tensors.size(); ++i) role[quantized[q].tensors[i]] = i == 0 ? q : kTaken;
    std::vector<Value> values;
    std::map<std::string, std::size_t> unread;
    for (std::size_t i = 0; i < role.size(); ++i) {
        const Entry& entry = checkpoint.tensors[i];
        if (role[i] == kTaken) continue;
        if (role[i] != kAlone) {
            values.emplace_back();
            values.back().name = quantized[role[i]].name;
            values.back().packed = quantized[role[i]].weight;
        } else if (!entry.info.type) {
            ++unread[entry.info.typeName];
        } else {
            values.push_back(valueOf(entry));
        }
    }
    for (const auto& [type, count] : unread) notes.push_back(std::to_string(count) + (count == 1 ? " tensor" : " tensors") + " of type " + type + " cannot be read here: left out");
    return values;
}

// "model.safetensors" says nothing: then the folder's name.
std::string nameOf(const std::filesystem::path& source) {
    const std::string file = source.filename().string(), stem = file.substr(0, file.find(".safetensors"));
    const std::string folder = source.parent_path().filename().string();
    return stem == "model" && !folder.empty() ? folder : stem;
}

void addNotes(const Checkpoint& checkpoint, const std::vector<QuantizedWeight>& quantized, const QuantizationConfig& config, Model& model) {
    std::map<std::string, std::size_t> formats;
    for (const QuantizedWeight& weight : quantized) ++formats[weight.format];
    for (const auto& [format, count] : formats) model.notes.push_back(std::to_string(count) + (count == 1 ? " weight is" : " weights are") + " stored as " + format);
    if (quantized.empty() && !config.method.empty()) model.notes.push_back("config.json says that weights are quantized by '" + config.method + "', but no tensors of a layout that is known were found");
    if (checkpoint.files.size() > 1) model.notes.push_back(std::to_string(checkpoint.files.size()) + " files");
}

void describeQuantized(const std::vector<QuantizedWeight>& quantized, Model& model) {
    std::map<std::string_view, const QuantizedWeight*> byName;
    for (const QuantizedWeight& weight : quantized) byName.emplace(weight.name, &weight);
    for (Layer& layer : model.layers) {
        const Value& value = model.graph.value(layer.weight);
        if (!value.packed) continue;
        const auto found = byName.find(value.name);
        if (found != byName.end()) layer.note = "stored as " + found->second->format + ": quantizing again adds to its error";
        else if (layer.quantizable) layer.note.clear();  // plain numbers, only askew
    }
}

}  // namespace

bool recognizes(std::span<const std::byte> head) noexcept { return looksLikeHeader(head); }

Model read(const std::filesystem::path& path, JobContext& context) {
    Checkpoint checkpoint = openCheckpoint(path, context);
    Model model;
    model.notes.push_back("the file has weights and no graph: it can be looked at, quantized and exported");
    model.notes.insert(model.notes.end(), checkpoint.notes.begin(), checkpoint.notes.end());
    std::string note;
    const QuantizationConfig config = quantizationConfigOf(checkpoint, note);
    if (!note.empty()) model.notes.push_back(note);
    const std::vector<QuantizedWeight> quantized = quantizedWeights(checkpoint, config, model.notes);
    std::vector<Value> values = valuesOf(checkpoint, quantized, model.notes);
    if (values.empty()) refuseInput("'" + checkpoint.source.string() + "' holds no tensors that can be read; open the file with the weights");

    const std::filesystem::path& source = checkpoint.source;
    model.name = nameOf(source);
    model.format = "safetensors";
    model.source = source;
    if (checkpoint.files.size() == 1 && checkpoint.files.front()->path() == source) {
        model.file = checkpoint.files.front();
        if (model.file->bytes().size() <= kHashWhileReading) model.sha256 = sha256(model.file->bytes());
    } else {
        model.shards = checkpoint.files;
        for (const auto& file : checkpoint.files) model.weightFiles.push_back(file->path());
    }
    model.producer = modelType(checkpoint);
    model.metadata = std::move(checkpoint.metadata);
    model.metadata.insert(model.metadata.end(), std::make_move_iterator(checkpoint.besides.begin()), std::make_move_iterator(checkpoint.besides.end()));
    model.graph.weightsOnly = true;
    model.graph.name = model.name;
    std::vector<std::string> names;
    for (const Value& value : values) names.push_back(value.name);
    for (const std::size_t i : readingOrder(names)) model.graph.values.push_back(std::move(values[i]));
    model.layers = findLayers(model.graph);
    layOutFilters(model);
    describeQuantized(quantized, model);
    addNotes(checkpoint, quantized, config, model);
    return model;
}

}  // namespace bitlathe::safetensors
