#include "core/data/hdf5_dataset.h"

#include "core/hdf5/hdf5_file.h"

#include <fstream>
#include <string_view>

namespace bitlathe {

bool recognizesHdf5(const std::string& path) {
    char head[8] = {};
    std::ifstream(path, std::ios::binary).read(head, sizeof head);
    return std::string_view(head, sizeof head) == std::string_view("\x89HDF\r\n\x1a\n", 8);
}

Dataset openHdf5Dataset(const std::string& path, const std::string& arrayName) {
    const auto file = std::make_shared<const Hdf5File>(path);
    std::vector<NamedArray> arrays;
    for (const std::string& name : file->datasets())
        if (const auto info = file->describe(name)) arrays.push_back({name, info->type, info->shape});
    const ArrayRoles roles = chooseArrays(arrays, arrayName, path);
    Dataset data;
    for (const std::size_t i : roles.samples) {
        const NamedArray& array = arrays[i];
        data.arrays.push_back({array.name, array.type, Shape(std::vector<std::int64_t>(array.shape.begin() + 1, array.shape.end())), array.shape[0],
                               [file, name = array.name](std::int64_t index) {
                                   const Tensor rows = file->readRows(name, index, 1);
                                   return rows.reshaped(Shape(std::vector<std::int64_t>(rows.shape().begin() + 1, rows.shape().end())));
                               }});
    }
    if (roles.labels) data.labels = toInt64(file->readRows(arrays[*roles.labels].name, 0, arrays[*roles.labels].shape[0]));
    data.preprocessing = file->textAttribute(arrays[roles.samples.front()].name, "preprocess").value_or("");
    if (data.preprocessing.empty()) data.preprocessing = file->textAttribute("/", "preprocess").value_or("");
    return data;
}

}  // namespace bitlathe
