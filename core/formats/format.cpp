#include "core/formats/format.h"

#include "core/base/mapped_file.h"
#include "core/base/sha256.h"
#include "core/formats/gguf/gguf.h"
#include "core/formats/keras/keras.h"
#include "core/formats/llama2c/llama2c.h"
#include "core/formats/onnx/onnx.h"
#include "core/formats/safetensors/safetensors.h"

#include <algorithm>

namespace bitlathe {

const std::vector<Format>& formats() {
    static const std::vector<Format> list = {
        {"gguf", "GGUF", {".gguf"}, &gguf::recognizes, &gguf::read, nullptr, nullptr, &gguf::kWeights},
        {"onnx", "ONNX", {".onnx"}, &onnx::recognizes, &onnx::read, &onnx::write},
        {"keras", "Keras HDF5", {".h5", ".keras.h5", ".hdf5"}, &keras::recognizes, &keras::read, nullptr},
        {"safetensors", "safetensors", {".safetensors", ".safetensors.index.json"}, &safetensors::recognizes, &safetensors::read, nullptr, &safetensors::fileIn},
        {"llama2c", "llama2.c", {".bin"}, &llama2c::recognizes, &llama2c::read, nullptr},
    };
    return list;
}

namespace {

Model readFolder(const std::filesystem::path& folder, JobContext& context) {
    for (const Format& format : formats())
        if (const auto file = format.fileIn ? format.fileIn(folder) : std::filesystem::path(); !file.empty()) return format.read(file, context);
    refuseInput("the folder '" + folder.string() + "' holds no model: a folder is opened when safetensors files lie in it; open a model file");
}

}  // namespace

const Format* findFormat(std::string_view name) {
    for (const Format& format : formats())
        if (format.name == name) return &format;
    return nullptr;
}

Model readModel(const std::filesystem::path& path, JobContext& context) {
    if (std::error_code none; std::filesystem::is_directory(path, none)) return readFolder(path, context);
    const auto file = MappedFile::open(path);
    const auto head = file->bytes().first(std::min(file->bytes().size(), kHeadBytes));
    for (const Format& format : formats())
        if (format.recognizes(head)) return format.read(path, context);
    for (const Format& format : formats())
        if (std::any_of(format.extensions.begin(), format.extensions.end(), [name = path.filename().string()](std::string_view extension) { return name.ends_with(extension); }))
            return format.read(path, context);
    std::string known;
    for (const Format& format : formats()) known += (known.empty() ? "" : ", ") + std::string(format.label);
    refuseInput("'" + path.string() + "' is in no format that can be read (" + known + "); export the network in one of these");
}

std::string sourceSha256(const Model& model, JobContext& context) {
    if (!model.sha256.empty()) return model.sha256;
    if (model.source.empty()) return {};
    const auto file = MappedFile::open(model.source);
    auto rest = file->bytes();
    Sha256 sum;
    constexpr std::size_t kStep = std::size_t(1) << 20;
    while (!rest.empty()) {
        const auto part = rest.first(std::min(kStep, rest.size()));
        sum.add(part);
        file->release(part);
        rest = rest.subspan(part.size());
        context.checkpoint(1.0 - static_cast<double>(rest.size()) / static_cast<double>(file->bytes().size()), "hashing the source file");
    }
    return sum.hex();
}

}  // namespace bitlathe
