// Labelled or unlabelled samples, streamed one at a time: never the whole set in memory.
// Knows file layouts and element types, not what a model wants (core/data/preprocessing.h).
#pragma once

#include "core/base/job.h"
#include "core/tensor/tensor.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

// One array of samples. read() gives sample i in the stored type and the array's sample shape; samples of
// an image folder may differ in shape. Reading forwards is fast, backwards may start over. One thread at a
// time. Throws Error(Input).
struct SampleArray {
    std::string name;
    ElementType type = ElementType::F32;
    Shape sample;  // of the first sample
    std::int64_t count = 0;
    std::function<Tensor(std::int64_t index)> read;
    std::function<std::string(std::int64_t index)> nameOf = {};  // what a sample is called, for messages: "cats/one.png"; null: only by its number
};

struct Dataset {
    std::string path;    // as it was given
    std::string format;  // the row's name: "npz"
    std::vector<SampleArray> arrays;  // arrays[0] are the samples meant when a model has one input
    std::optional<std::vector<std::int64_t>> labels;  // one per sample, where known
    std::vector<std::string> classNames;              // by label; empty where not known
    std::string preprocessing;                        // JSON found beside the data; empty: none

    std::int64_t count() const noexcept { return arrays.empty() ? 0 : arrays.front().count; }
    const SampleArray* find(std::string_view name) const noexcept;
};

struct DatasetFormat {
    std::string_view name, label;
    bool (*recognizes)(const std::string& path);
    // `arrayName` may be empty: then the samples are called inputs, images or x, or are the only array.
    Dataset (*open)(const std::string& path, const std::string& arrayName);
};
const std::vector<DatasetFormat>& datasetFormats();

// What a FILE, FILE:NAME or folder names. Throws Error(Input) where there is no such file.
struct DatasetPath {
    std::string path, arrayName;
};
DatasetPath splitDatasetSpec(const std::string& spec);

// `spec` is FILE, FILE:NAME or a folder. A preprocessing that the data itself does not hold is looked for beside it:
// preprocess.json in a folder, STEM.preprocess.json beside a file. Throws Error(Input) naming what was found and what
// was expected.
Dataset openDataset(const std::string& spec);

// Names that the labels of samples called `samples` may have, the likeliest first: y_test for x_test, train_labels
// for train_images, inputs_labels; then labels, label, y.
std::vector<std::string> labelNamesFor(const std::string& samples);

// From the arrays of one file, which are samples and which are labels: shared by npz and HDF5.
struct NamedArray {
    std::string name;
    ElementType type;
    Shape shape;
};
struct ArrayRoles {
    std::vector<std::size_t> samples;   // the chosen one first, then others of equal count
    std::optional<std::size_t> labels;  // integer, one per sample
};
ArrayRoles chooseArrays(const std::vector<NamedArray>& arrays, const std::string& wanted, const std::string& path);

}  // namespace bitlathe
