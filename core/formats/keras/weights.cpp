#include "core/formats/keras/weights.h"

#include "core/base/error.h"
#include "core/formats/keras/codes.h"

#include <algorithm>
#include <array>

namespace bitlathe::keras {

namespace {

// Lists longer than an attribute may be are cut: "weight_names0", "weight_names1", …
std::optional<std::vector<std::string>> list(const Hdf5File& file, const std::string& object, const std::string& name) {
    if (auto whole = file.textsAttribute(object, name)) return whole;
    std::optional<std::vector<std::string>> result;
    for (int part = 0;; ++part) {
        const auto texts = file.textsAttribute(object, name + std::to_string(part));
        if (!texts) return result;
        if (!result) result.emplace();
        result->insert(result->end(), texts->begin(), texts->end());
    }
}

std::vector<std::string_view> components(std::string_view path) {
    std::vector<std::string_view> result;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t slash = std::min(path.find('/', at), path.size());
        if (slash > at) result.push_back(path.substr(at, slash - at));
        at = slash + 1;
    }
    return result;
}

bool passesThrough(std::string_view name, const std::vector<std::string>& path) {
    auto wanted = path.begin();
    for (const std::string_view part : components(name)) {
        if (wanted == path.end()) break;
        if (part == *wanted || (wanted->ends_with('_') && part.starts_with(*wanted))) ++wanted;
    }
    return wanted == path.end();
}

}  // namespace

std::string parameterName(std::string_view weightName) {
    std::string_view last = weightName.substr(weightName.rfind('/') + 1);
    last = last.substr(0, last.find(':'));
    // Keras 1 joined layer and parameter: "convolution2d_1_W", "batchnormalization_1_running_mean".
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> old = {{
        {"_running_mean", "moving_mean"}, {"_running_std", "moving_variance"}, {"_W", "kernel"}, {"_b", "bias"}, {"_gamma", "gamma"}, {"_beta", "beta"},
        {"_alphas", "alpha"}, {"_embeddings", "embeddings"}}};
    if (weightName.find('/') == std::string_view::npos)
        for (const auto& [suffix, name] : old)
            if (last.ends_with(suffix)) return std::string(name);
    return std::string(last);
}

Weights::Weights(std::shared_ptr<const Hdf5File> file, std::string fileName) : m_file(std::move(file)), m_fileName(std::move(fileName)) {
    const std::string root = m_file->contains("/model_weights") ? "/model_weights" : "/";
    const auto names = list(*m_file, root, "layer_names");
    if (!names)
        refuseInput("'" + m_fileName + "' is HDF5, but not a Keras model: '" + root + "' has no list 'layer_names'; save the model with model.save('NAME.h5')");
    m_names = *names;
    const std::string prefix = root == "/" ? "/" : root + "/";
    for (const std::string& name : m_names) {
        std::vector<StoredWeight>& weights = m_groups[name];
        const std::string group = prefix + name;
        if (!m_file->contains(group)) refuseInput("'" + m_fileName + "': layer '" + name + "' is listed but has no group of weights; the file is damaged");
        for (const std::string& weight : list(*m_file, group, "weight_names").value_or(std::vector<std::string>())) weights.push_back({weight, group + "/" + weight});
    }
    readOwn();
}

void Weights::readOwn() {
    if (!m_file->contains(kOwnGroup)) return;
    const Hdf5Node head = m_file->node(kOwnGroup);
    const auto* schema = head.get<std::int64_t>("schema");
    if (!schema || *schema < 1 || *schema > kSchema)
        refuseInput("'" + m_fileName + "' was written by a newer Bitlathe" + (schema ? " (schema " + std::to_string(*schema) + ")" : "") + "; open it with that version");
    for (const Hdf5Item& item : head.items)
        if (const auto* text = std::get_if<std::string>(&item.value)) m_own.emplace_back(item.name, *text);
    const auto* form = head.get<std::string>("form");
    m_codesOnly = form && *form == "codes only";
    const auto *arrays = head.get<std::vector<std::string>>("arrays"), *groups = head.get<std::vector<std::string>>("groups");
    if (!arrays || !groups || arrays->size() != groups->size()) refuseInput("'" + m_fileName + "': the list of codes is damaged; export the network again");
    for (std::size_t i = 0; i < arrays->size(); ++i) m_codes[(*arrays)[i]] = std::string(kLayerGroup) + "/" + (*groups)[i];
}

const std::vector<StoredWeight>& Weights::of(const std::string& group) const {
    static const std::vector<StoredWeight> none;
    const auto at = m_groups.find(group);
    return at == m_groups.end() ? none : at->second;
}

const StoredWeight* Weights::find(const std::string& group, const std::vector<std::string>& path, std::string_view parameter) const {
    const StoredWeight* first = nullptr;
    for (const StoredWeight& weight : of(group)) {
        if (parameterName(weight.name) != parameter) continue;
        if (passesThrough(weight.name, path)) return &weight;
        if (!first) first = &weight;
    }
    // A name need not hold the layer's: what is alone in its group is meant.
    return path.empty() ? first : nullptr;
}

std::vector<const StoredWeight*> Weights::under(const std::string& group, const std::vector<std::string>& path) const {
    std::vector<const StoredWeight*> result;
    for (const StoredWeight& weight : of(group))
        if (passesThrough(weight.name, path)) result.push_back(&weight);
    return result;
}

Tensor Weights::read(const StoredWeight& weight) const {
    if (!m_file->contains(weight.path)) {
        if (const auto codes = m_codes.find(weight.path); codes != m_codes.end()) return decodedArray(m_file->node(codes->second), "'" + m_fileName + "': group '" + codes->second + "'");
        refuseInput("'" + m_fileName + "': weight '" + weight.name + "' is listed but is not in the file; the file is damaged");
    }
    return toFloat32(m_file->read(weight.path));
}

}  // namespace bitlathe::keras
