#include "core/formats/safetensors/writer.h"

#include "core/base/checksum.h"
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/save_file.h"
#include "core/formats/format.h"
#include "core/formats/safetensors/checkpoint.h"
#include "core/formats/safetensors/config_out.h"
#include "core/formats/safetensors/folder_out.h"

#include <algorithm>

namespace bitlathe::safetensors {

namespace fs = std::filesystem;

namespace {

struct Piece {
    std::size_t bytes;
    std::uint64_t sum;
};

// One layer, its tensors, and where they go.
struct LayerPlan {
    const LayerOutcome* outcome;
    std::optional<QuantSpec> spec;
    std::size_t file = 0, first = 0;  // place of the first tensor in its file
    std::vector<TensorPlan> tensors;
    std::vector<std::vector<Piece>> pieces;  // of each tensor, as written
};

struct FilePlan {
    std::string name;
    std::vector<TensorPlan> tensors;
    std::uint64_t bytes = 0;
};

struct Plan {
    std::vector<LayerPlan> layers;
    std::vector<FilePlan> files;
    std::uint64_t bytes = 0;
};

// Files have at most mostBytes, unless one weight is larger.
Plan planOf(Kind kind, const WeightsRequest& request, std::uint64_t mostBytes) {
    Plan plan;
    plan.files.emplace_back();
    for (const LayerOutcome& outcome : request.layers) {
        const Layer& layer = request.source.layers[outcome.layer];
        LayerPlan own{&outcome, std::nullopt, 0, 0, {}, {}};
        if (outcome.got.weights) own.spec = storedSpec(kind, request.source, layer, *outcome.got.weights);
        own.tensors = tensorsFor(kind, request.source, layer, own.spec);
        own.pieces.resize(own.tensors.size());
        std::uint64_t bytes = 0;
        for (const TensorPlan& tensor : own.tensors) bytes += tensor.bytes();
        if (plan.files.back().bytes > 0 && plan.files.back().bytes + bytes > mostBytes) plan.files.emplace_back();
        FilePlan& file = plan.files.back();
        own.file = plan.files.size() - 1, own.first = file.tensors.size();
        file.tensors.insert(file.tensors.end(), own.tensors.begin(), own.tensors.end());
        file.bytes += bytes, plan.bytes += bytes;
        plan.layers.push_back(std::move(own));
    }
    const auto five = [](std::size_t n) { const std::string digits = std::to_string(n); return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits; };
    for (std::size_t f = 0; f < plan.files.size(); ++f)
        plan.files[f].name = plan.files.size() == 1 ? "model.safetensors" : "model-" + five(f + 1) + "-of-" + five(plan.files.size()) + ".safetensors";
    return plan;
}

std::vector<std::pair<std::string, std::string>> metadataFor(const Model& source, const WriteOptions& options) {
    std::vector<std::pair<std::string, std::string>> metadata;
    const auto isNew = [&](const std::string& key) { return std::none_of(options.metadata.begin(), options.metadata.end(), [&](const auto& row) { return row.first == key; }); };
    for (const auto& row : source.metadata)
        if (std::find(std::begin(kBesides), std::end(kBesides), row.first) == std::end(kBesides) && isNew(row.first)) metadata.push_back(row);
    if (std::none_of(metadata.begin(), metadata.end(), [](const auto& row) { return row.first == "format"; })) metadata.emplace_back("format", "pt");  // transformers asks for it
    metadata.insert(metadata.end(), options.metadata.begin(), options.metadata.end());
    return metadata;
}

// The file as it was meant: head, and every tensor's bytes.
void verify(const fs::path& folder, const Plan& plan, const std::string& name, JobContext& job) {
    const auto differs = [&](const std::string& what) {
        throw Error(ErrorKind::Output, "'" + name + "' does not read back as it was written (" + what + "); the disk may be failing, write to another place. Nothing was changed");
    };
    double done = 0;
    for (std::size_t f = 0; f < plan.files.size(); ++f) {
        const auto file = MappedFile::open(folder / plan.files[f].name);
        const Header head = parseHeader(file->bytes(), plan.files[f].name, job);
        std::vector<const HeaderEntry*> byPlace(plan.files[f].tensors.size());
        if (head.tensors.size() != byPlace.size()) differs("the number of tensors");
        std::uint64_t at = head.dataOffset;
        for (const LayerPlan& layer : plan.layers) {
            if (layer.file != f) continue;
            for (std::size_t t = 0; t < layer.tensors.size(); ++t) {
                std::uint64_t end = at;
                for (const Piece& piece : layer.pieces[t]) {
                    const auto part = file->bytes().subspan(end, piece.bytes);
                    if (checksum(part) != piece.sum) differs("the data of tensor '" + layer.tensors[t].name + "'");
                    file->release(part);
                    end += piece.bytes;
                    done += static_cast<double>(piece.bytes);
                    job.checkpoint(done / static_cast<double>(std::max<std::uint64_t>(plan.bytes, 1)), "reading the files again");
                }
                if (end - at != layer.tensors[t].bytes()) differs("the size of tensor '" + layer.tensors[t].name + "'");
                at = end;
            }
        }
        for (const HeaderEntry& entry : head.tensors) {
            const auto meant = std::find_if(plan.files[f].tensors.begin(), plan.files[f].tensors.end(), [&](const TensorPlan& tensor) { return tensor.name == entry.name; });
            if (meant == plan.files[f].tensors.end() || meant->type != entry.type || meant->shape != entry.shape) differs("the head of tensor '" + entry.name + "'");
        }
    }
}

void writeBesides(Kind kind, const WeightsRequest& request, const Plan& plan, FolderOut& folder) {
    const Model& source = request.source;
    if (plan.files.size() > 1) {
        std::vector<std::pair<std::string, std::string>> fileOf;
        for (const FilePlan& file : plan.files)
            for (const TensorPlan& tensor : file.tensors) fileOf.emplace_back(tensor.name, file.name);
        folder.write("model.safetensors.index.json", indexText(fileOf, plan.bytes));
    }
    const ConfigOut config = configFor(kind, source, request.layers);
    if (!config.config.empty()) folder.write("config.json", config.config);
    if (!config.quantizeConfig.empty()) folder.write("quantize_config.json", config.quantizeConfig);
    for (const auto& [name, text] : source.metadata)
        if (name == "generation_config.json" || name == "tokenizer.json" || name == "tokenizer_config.json") folder.write(name, text);
    // Of no use to us, and asked for by those who load the folder.
    for (const std::string_view name : kTokenizerFiles) folder.copy(source.source.parent_path() / name);
}

}  // namespace

QuantSpec storedSpec(Kind kind, const Model& source, const Layer& layer, QuantSpec spec) {
    if (kind == Kind::Plain) return spec;
    const Value& value = source.graph.value(layer.weight);
    const bool words = kind == Kind::Gptq || kind == Kind::Awq;
    spec.scale = words || value.type == ElementType::F16 ? ScaleType::F16 : value.type == ElementType::BF16 ? ScaleType::BF16 : ScaleType::F32;
    return spec;
}

std::int64_t bytesInFile(Kind kind, const Layer& layer, const std::optional<QuantSpec>& spec) {
    if (!spec) return layer.bytes;
    // Sizes are those of a source with the layer's type; names do not count.
    Model model;
    Value value;
    value.name = "weight";
    value.type = layer.storedAs == "float16" ? ElementType::F16 : layer.storedAs == "bfloat16" ? ElementType::BF16 : ElementType::F32;
    model.graph.values.push_back(std::move(value));
    Layer own = layer;
    own.weight = 0;
    std::int64_t bytes = 0;
    for (const TensorPlan& tensor : tensorsFor(kind, model, own, storedSpec(kind, model, own, *spec))) bytes += static_cast<std::int64_t>(tensor.bytes());
    return bytes;
}

WeightsWritten write(Kind kind, const WeightsRequest& request, const fs::path& path, const WriteOptions& options, Workers& workers, JobContext& job) {
    Plan plan = planOf(kind, request, static_cast<std::uint64_t>(std::max<std::int64_t>(options.cutAbove, 1)));
    const auto metadata = metadataFor(request.source, options);
    JobContext writing = job.part(0.0, 0.9), checking = job.part(0.9, 1.0);
    FolderOut folder(path, request.source.source);
    WeightsWritten written;
    double done = 0;
    std::optional<SaveFile> file;
    std::size_t open = std::size_t(-1);
    for (LayerPlan& layer : plan.layers) {
        if (layer.file != open) {
            if (file) file->commit();
            open = layer.file;
            file.emplace(folder.temporary() / plan.files[open].name);
            file->write(headText(plan.files[open].tensors, metadata));
        }
        std::uint64_t bytes = 0;
        for (const TensorPlan& tensor : layer.tensors) bytes += tensor.bytes();
        const double all = static_cast<double>(std::max<std::uint64_t>(plan.bytes, 1));
        JobContext part = writing.part(done / all, (done + static_cast<double>(bytes)) / all);
        const Layer& source = request.source.layers[layer.outcome->layer];
        const auto importance = request.importance ? request.importance->of(request.source.graph.value(source.weight).name) : std::span<const float>();
        // Tensors are written in their order: a later one waits until the one before it is done.
        written.notFinite += writeWeight({kind, request.source, source, layer.spec, importance, request.isa}, workers, part, [&](std::size_t tensor, std::span<const std::byte> data) {
            constexpr std::size_t kPiece = std::size_t(4) << 20;
            for (std::size_t at = 0; at < data.size(); at += kPiece) {
                const auto piece = data.subspan(at, std::min(kPiece, data.size() - at));
                layer.pieces[tensor].push_back({piece.size(), checksum(piece)});
                file->write(piece);
            }
        });
        done += static_cast<double>(bytes);
        writing.checkpoint(done / all, source.name);
    }
    if (file) file->commit();
    verify(folder.temporary(), plan, path.string(), checking);
    writeBesides(kind, request, plan, folder);
    folder.commit();
    return written;
}

}  // namespace bitlathe::safetensors
