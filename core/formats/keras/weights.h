// The weights of a Keras file by layer: which arrays belong to a layer, under which names. Knows the naming
// habits of Keras 1, 2 and 3; knows no operators.
#pragma once

#include "core/hdf5/hdf5_file.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bitlathe::keras {

struct StoredWeight {
    std::string name;  // as `weight_names` has it: "conv2d/kernel:0"
    std::string path;  // of the array in the file
};

class Weights {
public:
    // Throws Error(Input) when the file has no list of layers.
    explicit Weights(std::shared_ptr<const Hdf5File> file, std::string fileName);

    const std::vector<std::string>& groups() const noexcept { return m_names; }  // in the file's order
    const std::vector<StoredWeight>& of(const std::string& group) const;

    // The weight of a layer called "kernel" (or, in older files, one of `others`). group: the layer at the
    // top of the file; path: names that must stand in the weight's own name in that order, for layers in models
    // and wrappers ("block1", "forward_"; a name that ends in '_' is a beginning). Null when there is none.
    const StoredWeight* find(const std::string& group, const std::vector<std::string>& path, std::string_view kernel) const;

    // All weights of a layer, as find() understands group and path.
    std::vector<const StoredWeight*> under(const std::string& group, const std::vector<std::string>& path) const;

    // Float32, whatever float the file has, or the codes that stand for it.
    Tensor read(const StoredWeight& weight) const;
    const Hdf5File& file() const noexcept { return *m_file; }
    // What Bitlathe said of the file when it wrote it; nothing where it did not. "codes only": arrays are missing.
    const std::vector<std::pair<std::string, std::string>>& own() const noexcept { return m_own; }
    bool codesOnly() const noexcept { return m_codesOnly; }

private:
    std::shared_ptr<const Hdf5File> m_file;
    std::string m_fileName;
    std::vector<std::string> m_names;
    std::unordered_map<std::string, std::vector<StoredWeight>> m_groups;
    std::unordered_map<std::string, std::string> m_codes;  // groups of codes by the array that they stand for
    std::vector<std::pair<std::string, std::string>> m_own;
    bool m_codesOnly = false;

    void readOwn();
};

// "kernel" of "conv2d/kernel:0", and of "convolution2d_1_W" of Keras 1.
std::string parameterName(std::string_view weightName);

}  // namespace bitlathe::keras
