#include "core/hdf5/read_node.h"

#include "core/base/error.h"
#include "core/hdf5/handle.h"

#include <algorithm>
#include <optional>

namespace bitlathe::hdf5 {

namespace {

constexpr std::size_t kMostNames = 1000000, kMostText = std::size_t(1) << 28;

[[noreturn]] void refuse(const std::string& source, const std::string& what) {
    refuseInput("'" + source + "': " + what + "; the file may be damaged, use an older copy of it");
}

herr_t collectLink(hid_t, const char* name, const H5L_info_t* info, void* to) {
    auto& names = *static_cast<std::vector<std::string>*>(to);
    if (info->type == H5L_TYPE_HARD) names.emplace_back(name);
    return names.size() < kMostNames ? 0 : 1;
}

herr_t collectAttribute(hid_t, const char* name, const H5A_info_t*, void* to) {
    auto& names = *static_cast<std::vector<std::string>*>(to);
    names.emplace_back(name);
    return names.size() < kMostNames ? 0 : 1;
}

std::vector<std::string> linksIn(hid_t group) {
    std::vector<std::string> names;
    H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collectLink, &names);
    std::sort(names.begin(), names.end());
    return names;
}

// Texts of fixed length, as this program writes them: `all` holds `count` of `size` bytes.
std::vector<std::string> split(const std::string& all, std::size_t count, std::size_t size) {
    std::vector<std::string> texts(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto from = all.begin() + std::ptrdiff_t(i * size), to = from + std::ptrdiff_t(size);
        texts[i].assign(from, std::find(from, to, '\0'));
    }
    return texts;
}

std::optional<Hdf5Value> readAttribute(hid_t object, const std::string& name) {
    const Handle at(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
    if (!at.ok()) return std::nullopt;
    const Handle type(H5Aget_type(at), H5Tclose), space(H5Aget_space(at), H5Sclose);
    const bool scalar = H5Sget_simple_extent_type(space) == H5S_SCALAR;
    switch (H5Tget_class(type)) {
    case H5T_INTEGER: {
        std::int64_t value = 0;
        if (!scalar || H5Aread(at, H5T_NATIVE_INT64, &value) < 0) return std::nullopt;
        return value;
    }
    case H5T_FLOAT: {
        double value = 0;
        if (!scalar || H5Aread(at, H5T_NATIVE_DOUBLE, &value) < 0) return std::nullopt;
        return value;
    }
    case H5T_STRING: {
        const std::size_t size = H5Tget_size(type);
        if (!scalar || H5Tis_variable_str(type) > 0 || size == 0 || size > kMostText) return std::nullopt;
        std::string value(size, '\0');
        if (H5Aread(at, type, value.data()) < 0) return std::nullopt;
        return split(value, 1, size).front();
    }
    default: return std::nullopt;
    }
}

std::optional<Hdf5Value> readTexts(hid_t array, hid_t type) {
    const Handle space(H5Dget_space(array), H5Sclose);
    const int rank = H5Sget_simple_extent_ndims(space);
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    const std::size_t size = H5Tget_size(type);
    if (rank > 1 || count < 0 || H5Tis_variable_str(type) > 0 || size == 0 || std::size_t(count) > kMostText / size) return std::nullopt;
    std::string all(std::size_t(count) * size, '\0');
    if (count > 0 && H5Dread(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data()) < 0) return std::nullopt;
    std::vector<std::string> texts = split(all, std::size_t(count), size);
    if (rank == 0) return texts.empty() ? std::string() : texts.front();
    return texts;
}

std::string textOf(hid_t object, const char* name) {
    if (H5Aexists(object, name) <= 0) return {};
    const auto value = readAttribute(object, name);
    const auto* text = value ? std::get_if<std::string>(&*value) : nullptr;
    return text ? *text : std::string();
}

}  // namespace

Hdf5Node readNode(hid_t file, const std::string& path, const std::string& source, const std::function<Tensor(const std::string&)>& array) {
    const Handle group(H5Gopen2(file, path.c_str(), H5P_DEFAULT), H5Gclose);
    if (!group.ok()) refuse(source, "has no group '" + path + "'");
    Hdf5Node node;
    std::vector<std::string> names;
    H5Aiterate2(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collectAttribute, &names);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
        if (name == "about" || name.ends_with(".unit")) continue;
        if (auto value = readAttribute(group, name)) node.add(name, std::move(*value), textOf(group, (name + ".unit").c_str()));
    }
    node.about = textOf(group, "about");
    for (const std::string& name : linksIn(group)) {
        const Handle object(H5Oopen(group, name.c_str(), H5P_DEFAULT), H5Oclose);
        if (!object.ok() || H5Iget_type(object) != H5I_DATASET) continue;
        const Handle type(H5Dget_type(object), H5Tclose);
        const H5T_class_t kind = H5Tget_class(type);
        std::optional<Hdf5Value> value;
        if (kind == H5T_STRING) value = readTexts(object, type);
        else if (kind == H5T_INTEGER || kind == H5T_FLOAT) value = array(path + "/" + name);
        if (value) node.add(name, std::move(*value), textOf(object, "unit"), textOf(object, "about"));
    }
    return node;
}

std::vector<std::string> groupsIn(hid_t file, const std::string& path) {
    const Handle group(H5Gopen2(file, path.c_str(), H5P_DEFAULT), H5Gclose);
    if (!group.ok()) return {};
    std::vector<std::string> names = linksIn(group);
    std::erase_if(names, [&](const std::string& name) {
        H5O_info_t info;
        return H5Oget_info_by_name2(group, name.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0 || info.type != H5O_TYPE_GROUP;
    });
    return names;
}

}  // namespace bitlathe::hdf5
