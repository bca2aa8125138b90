#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/sha256.h"
#include "core/formats/keras/assemble.h"
#include "core/formats/keras/keras.h"

#include <array>
#include <cstring>

namespace bitlathe::keras {

namespace {

constexpr std::size_t kHashWhileReading = std::size_t(16) << 20;  // larger files are hashed when somebody asks

int majorVersion(const std::string& version) { return version.empty() || version[0] < '1' || version[0] > '9' ? 1 : version[0] - '0'; }

std::string textOf(const Hdf5File& file, const std::string& attribute) {
    if (auto text = file.textAttribute("/", attribute)) return *text;
    if (file.contains("/model_weights"))
        if (auto text = file.textAttribute("/model_weights", attribute)) return *text;
    return {};
}

}  // namespace

bool recognizes(std::span<const std::byte> head) noexcept {
    static constexpr std::array<unsigned char, 8> signature = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    return head.size() >= signature.size() && std::memcmp(head.data(), signature.data(), signature.size()) == 0;
}

Model read(const std::filesystem::path& path, JobContext& context) {
    std::vector<WeightOrigin> origins;
    return read(path, context, origins);
}

Model read(const std::filesystem::path& path, JobContext& context, std::vector<WeightOrigin>& origins) {
    const std::string fileName = path.string();
    const auto file = std::make_shared<const Hdf5File>(fileName);
    const Weights weights(file, fileName);
    const auto config = file->textAttribute("/", "model_config");

    Model model;
    model.name = path.stem().string();
    model.format = "keras";
    model.source = path;
    const std::string version = textOf(*file, "keras_version"), backend = textOf(*file, "backend");
    model.producer = "keras" + (version.empty() ? "" : " " + version) + (backend.empty() ? "" : " (" + backend + ")");
    model.opsets[""] = 21;
    if (const auto mapped = MappedFile::open(path); mapped->bytes().size() <= kHashWhileReading) model.sha256 = sha256(mapped->bytes());
    for (const auto& [key, value] : weights.own())
        if (key.starts_with("bitlathe.")) model.metadata.emplace_back(key, value);
    if (weights.codesOnly()) model.notes.push_back("weights are stored as codes, without floats: Keras cannot read this file; export it for Keras to change that");
    {
        GraphEdit edit(model.graph);
        Build build{edit, weights, model.notes, fileName, majorVersion(version), {}, {}, {}};
        if (config) {
            assemble(build, parseNetwork(*config, fileName), context);
        } else {
            assembleWeights(build, context);
            model.notes.push_back("the file has weights and no network ('model_config'): they can be looked at and quantized, not run; save the whole model with model.save('NAME.h5')");
        }
        edit.finish();
        origins = std::move(build.origins);
    }
    sortTopologically(model.graph, fileName);
    dropUnused(model.graph);
    model.layers = findLayers(model.graph);
    return model;
}

}  // namespace bitlathe::keras
