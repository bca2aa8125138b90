#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/plain_text.h"
#include "core/base/sha256.h"
#include "core/formats/gguf/container.h"
#include "core/formats/gguf/gguf.h"

#include <cstring>

namespace bitlathe::gguf {

namespace {

constexpr std::size_t kHashWhileReading = std::size_t(16) << 20;  // larger files are hashed when somebody asks

Value valueOf(const TensorInfo& tensor, const std::shared_ptr<const MappedFile>& file) {
    Value value;
    value.name = std::string(tensor.name);
    const auto bytes = file->bytes().subspan(tensor.offset, tensor.bytes);
    if (tensor.type->element) {
        value.type = tensor.type->element;
        value.constant = Tensor(*tensor.type->element, tensor.shape, bytes, file);
    } else {
        value.blocks = BlockTensor{&tensor.type->blocks, tensor.shape, bytes, file};
    }
    return value;
}

void addNotes(const Container& head, Model& model) {
    model.notes.push_back("the file has weights and no graph: what runs with them is built from its keys, where the architecture is known");
    if (const KeyValue* parts = head.find("split.count"); parts && parts->integer().value_or(0) > 1) {
        const KeyValue* part = head.find("split.no");
        model.notes.push_back("part " + std::to_string(part ? part->integer().value_or(0) + 1 : 1) + " of " + std::to_string(*parts->integer()) + " files: only the tensors of this one are here");
    }
    std::size_t askew = 0;
    for (const TensorInfo& tensor : head.tensors) askew += tensor.name.size() > 63;
    if (askew > 0) model.notes.push_back(std::to_string(askew) + " tensors have names of more than 63 bytes, which llama.cpp refuses");
}

// All but the tensors.
Model modelOf(const Container& head, const std::shared_ptr<const MappedFile>& file) {
    Model model;
    model.name = file->path().stem().string();
    model.format = "gguf";
    model.source = file->path();
    model.file = file;
    if (file->bytes().size() <= kHashWhileReading) model.sha256 = sha256(file->bytes());
    model.producer = plainText(head.text("general.architecture"));
    for (const KeyValue& key : head.keys) model.metadata.emplace_back(key.key, toText(key, head.lengthBytes));
    model.graph.weightsOnly = true;
    model.graph.name = plainText(head.text("general.name"));
    return model;
}

}  // namespace

bool recognizes(std::span<const std::byte> head) noexcept { return head.size() >= 4 && std::memcmp(head.data(), "GGUF", 4) == 0; }

std::optional<Model> vocabularyAlone(const std::filesystem::path& path, JobContext& context) {
    const auto file = MappedFile::open(path);
    if (!recognizes(file->bytes())) return std::nullopt;
    const Container head = parse(file->bytes(), path.string(), context);
    if (!head.tensors.empty() || !head.find("tokenizer.ggml.tokens")) return std::nullopt;
    Model model = modelOf(head, file);
    model.notes.push_back("the file holds a vocabulary and no tensors: it can be looked at, and texts can be cut by it");
    return model;
}

Model read(const std::filesystem::path& path, JobContext& context) {
    const auto file = MappedFile::open(path);
    const Container head = parse(file->bytes(), path.string(), context);
    if (head.tensors.empty()) refuseInput("'" + path.string() + "' holds no tensors: it is a vocabulary or a list alone; open the file with the weights");
    Model model = modelOf(head, file);
    model.graph.values.reserve(head.tensors.size());
    for (const TensorInfo& tensor : head.tensors) model.graph.values.push_back(valueOf(tensor, file));
    model.layers = findLayers(model.graph);
    addNotes(head, model);
    return model;
}

}  // namespace bitlathe::gguf
