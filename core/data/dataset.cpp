#include "core/data/dataset.h"

#include "core/base/mapped_file.h"
#include "core/data/hdf5_dataset.h"
#include "core/data/image_folder.h"
#include "core/data/npy.h"
#include "core/data/npz.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace bitlathe {

const SampleArray* Dataset::find(std::string_view name) const noexcept {
    for (const SampleArray& array : arrays)
        if (array.name == name) return &array;
    return nullptr;
}

const std::vector<DatasetFormat>& datasetFormats() {
    static const std::vector<DatasetFormat> formats = {
        {"npz", "NumPy archive (.npz)", recognizesNpz, openNpz},
        {"npy", "NumPy array (.npy)", recognizesNpy, openNpy},
        {"hdf5", "HDF5 (.h5, .hdf5)", recognizesHdf5, openHdf5Dataset},
        {"images", "folder of PNG and JPEG images: one folder per class, or labels.csv", recognizesImageFolder, openImageFolder},
    };
    return formats;
}

DatasetPath splitDatasetSpec(const std::string& spec) {
    // A path that is too long or may not be looked at is none that exists.
    const auto exists = [](const std::string& path) {
        std::error_code why;
        return std::filesystem::exists(path, why);
    };
    if (exists(spec)) return {spec, {}};
    if (const auto colon = spec.rfind(':'); colon != std::string::npos && exists(spec.substr(0, colon))) return {spec.substr(0, colon), spec.substr(colon + 1)};
    refuseInput("there is no data '" + spec + "'; check the path and the permissions");
}

std::vector<std::string> labelNamesFor(const std::string& samples) {
    std::vector<std::string> names;
    if (samples == "x" || samples.starts_with("x_")) names.push_back("y" + samples.substr(1));
    if (samples == "X" || samples.starts_with("X_")) names.push_back("y" + samples.substr(1)), names.push_back("Y" + samples.substr(1));
    if (samples.ends_with("_x")) names.push_back(samples.substr(0, samples.size() - 1) + "y");
    for (const std::string_view word : {"images", "inputs", "samples", "data"})
        if (const auto at = samples.find(word); at != std::string::npos) names.push_back(std::string(samples).replace(at, word.size(), "labels"));
    names.push_back(samples + "_labels");
    for (const char* plain : {"labels", "label", "y"})
        if (std::find(names.begin(), names.end(), plain) == names.end()) names.emplace_back(plain);
    return names;
}

namespace {

// Empty when there is none beside the data.
std::string preprocessingBeside(const std::filesystem::path& path) {
    std::error_code none;
    std::filesystem::path sidecar = path / "preprocess.json";
    if (!std::filesystem::is_directory(path, none)) sidecar = std::filesystem::path(path).replace_extension(".preprocess.json");
    if (!std::filesystem::is_regular_file(sidecar, none)) return {};
    const auto file = MappedFile::open(sidecar);
    return {reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()};
}

}  // namespace

Dataset openDataset(const std::string& spec) {
    const auto [path, name] = splitDatasetSpec(spec);
    for (const DatasetFormat& format : datasetFormats()) {
        if (!format.recognizes(path)) continue;
        Dataset data = format.open(path, name);
        data.path = spec;
        data.format = format.name;
        if (data.preprocessing.empty()) data.preprocessing = preprocessingBeside(path);
        if (data.count() == 0) refuseInput("'" + spec + "' holds no samples; give data with at least one");
        return data;
    }
    std::error_code none;
    if (std::filesystem::is_directory(path, none))
        refuseInput("'" + path + "' is a folder without pictures: give one with a folder of PNG or JPEG images for each class, with a labels.csv, or with images alone");
    refuseInput("'" + path + "' is no data that can be read: give .npz, .npy, .h5 or a folder of images");
}

ArrayRoles chooseArrays(const std::vector<NamedArray>& arrays, const std::string& wanted, const std::string& path) {
    const auto index = [&](std::string_view name) -> std::optional<std::size_t> {
        for (std::size_t i = 0; i < arrays.size(); ++i)
            if (arrays[i].name == name) return i;
        return std::nullopt;
    };
    std::string all;
    for (const NamedArray& array : arrays) all += (all.empty() ? "" : ", ") + array.name + " " + toText(array.shape);
    std::optional<std::size_t> chosen;
    if (!wanted.empty()) {
        chosen = index(wanted);
        if (!chosen) refuseInput("'" + path + "' has no array '" + wanted + "'; it holds " + all);
    } else {
        for (const auto name : {"inputs", "images", "x"})
            if (!chosen) chosen = index(name);
        std::vector<std::size_t> plausible;
        for (std::size_t i = 0; i < arrays.size(); ++i)
            if (arrays[i].shape.rank() >= 2) plausible.push_back(i);
        if (!chosen && plausible.size() == 1) chosen = plausible.front();
        if (!chosen && !plausible.empty()) {  // one array per input of the model: they are bound by name later
            const auto count = arrays[plausible.front()].shape[0];
            if (std::all_of(plausible.begin(), plausible.end(), [&](std::size_t i) { return arrays[i].shape[0] == count; })) chosen = plausible.front();
        }
        if (!chosen)
            refuseInput("'" + path + "': which array holds the samples is not clear; call it inputs, images or x, or give FILE:NAME. It holds " +
                        (all.empty() ? std::string("nothing") : all));
    }
    if (arrays[*chosen].shape.rank() < 1)
        refuseInput("'" + path + "': '" + arrays[*chosen].name + "' is a single number; samples need a first axis that counts them");
    const std::int64_t count = arrays[*chosen].shape[0];
    ArrayRoles roles;
    roles.samples.push_back(*chosen);
    const auto isLabels = [&](std::size_t i) {
        return (arrays[i].shape == Shape{count} || arrays[i].shape == Shape{count, 1}) && isInteger(arrays[i].type);
    };
    for (const std::string& name : labelNamesFor(arrays[*chosen].name)) {
        const auto i = index(name);
        if (!i || i == chosen) continue;
        if (isLabels(*i)) {
            roles.labels = i;
            break;
        }
        // Labels that do not fit must not pass for no labels.
        if (name != "label" && name != "y")
            refuseInput("'" + path + "': '" + name + "' is " + std::string(nameOf(arrays[*i].type)) + " of " + toText(arrays[*i].shape) + ", but there are " + std::to_string(count) +
                        " samples; give one integer for each, or call the array something else");
    }
    for (std::size_t i = 0; i < arrays.size(); ++i)
        if (i != *chosen && i != roles.labels && arrays[i].shape.rank() >= 1 && arrays[i].shape[0] == count) roles.samples.push_back(i);
    return roles;
}

}  // namespace bitlathe
