// Damaged ONNX files through all that happens to a file before anybody has decided to run it: reading, folding,
// finding layers, and quantizing its weights.
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/workflow/load.h"
#include "core/quant/qdq.h"
#include "tests/core/formats/text_model.h"
#include "tests/fuzz/mutations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

int rounds(int standard) {
    const char* text = std::getenv("BITLATHE_FUZZ_ROUNDS");
    return text ? std::atoi(text) : standard;
}

class OnnxFuzz : public testing::Test {
protected:
    // True when the bytes were a model; false for a refusal, which must be a sentence about this file.
    bool feed(const std::string& bytes) {
        const std::string path = m_file.write(bytes);
        JobContext job;
        try {
            const auto model = loadModel(path, m_machine, job);
            missingOperators(*model);
            const QuantizedModel quantized = quantizeModel(*model, findPreset("int4-g32")->recipe, {}, {}, m_workers, job);
            EXPECT_EQ(quantized.layers.size(), model->layers.size());
            const Recipe& everything = findPreset("int8")->recipe;
            ActivationRanges ranges;
            for (const auto& [name, spec] : observedValues(*model, everything)) ranges[name].range = {-1.0f, 2.0f};
            const QuantizedModel integer = quantizeModel(*model, everything, ranges, {}, m_workers, job);
            EXPECT_EQ(integer.layers.size(), model->layers.size());
            return true;
        } catch (const Error& error) {
            EXPECT_GT(error.message().size(), 20u);
            return false;
        }
    }

    MemoryFile m_file;
    Machine m_machine = Machine::detect(Isa::Reference);
    Workers m_workers{1};
};

std::string smallNetwork() {
    return modelBytes("ir_version: 8 producer_name: 'p' opset_import { version: 11 } opset_import { domain: 'f' version: 1 } metadata_props { key: 'k' value: 'v' }"
        "functions { name: 'F' domain: 'f' input: 'p' output: 'q' opset_import { version: 11 } node { op_type: 'Relu' input: 'p' output: 'q' } }"
        "graph { name: 'g' input { name: 'x' type { tensor_type { elem_type: 1 shape { dim { dim_param: 'n' } dim { dim_value: 2 } dim { dim_value: 4 } dim { dim_value: 4 } } } } }"
        "output { name: 'y' type { tensor_type { elem_type: 1 } } } initializer { name: 'w' dims: [2, 2, 1, 1] data_type: 1 float_data: [1, 2, 3, 4] }"
        "initializer { name: 'b' dims: 2 data_type: 10 int32_data: [15360, 15360] } initializer { name: 'q' dims: 3 data_type: 22 raw_data: '12' }"
        "node { name: 'c' op_type: 'Conv' input: ['x', 'w'] output: 'c' attribute { name: 'kernel_shape' type: INTS ints: [1, 1] } }"
        "node { op_type: 'BatchNormalization' input: ['c', 's', 's', 's', 's'] output: 'n' attribute { name: 'epsilon' type: FLOAT f: 0.1 } }"
        "node { op_type: 'Constant' output: 's' attribute { name: 'value' type: TENSOR t { dims: 2 data_type: 1 raw_data: '\\000\\000\\200?\\000\\000\\200?' } } }"
        "node { op_type: 'F' domain: 'f' input: 'n' output: 'r' } node { op_type: 'Softmax' input: 'r' output: 't' } node { op_type: 'Unsqueeze' input: 't' output: 'u' attribute { name: 'axes' type: INTS ints: 0 } }"
        "node { op_type: 'Shape' input: 'w' output: 'shape' } node { op_type: 'Gather' input: ['shape', 'zero'] output: 'd' } initializer { name: 'zero' data_type: 7 int64_data: 0 }"
        "node { op_type: 'ConstantOfShape' input: 'shape' output: 'filled' } node { op_type: 'Clip' input: 'u' output: 'y' attribute { name: 'max' type: FLOAT f: 6 } } }");
}

TEST_F(OnnxFuzz, EveryPrefixIsRefusedOrRead) {
    const std::string sample = smallNetwork();
    EXPECT_TRUE(feed(sample));
    for (std::size_t length = 0; length < sample.size(); ++length) feed(sample.substr(0, length));
}

TEST_F(OnnxFuzz, EveryFlippedByteIsRefusedOrRead) {
    const std::string sample = smallNetwork();
    for (std::size_t at = 0; at < sample.size(); ++at)
        for (const int flip : {0x01, 0x02, 0x08, 0x40, 0x80, 0xff}) {
            std::string bytes = sample;
            bytes[at] = static_cast<char>(bytes[at] ^ flip);
            feed(bytes);
        }
}

TEST_F(OnnxFuzz, MutationsOfASmallNetworkAreRefusedOrRead) {
    const std::string sample = smallNetwork();
    int read = 0;
    const int count = rounds(4000);
    for (int i = 0; i < count; ++i) read += feed(mutated(sample, static_cast<std::uint64_t>(i)));
    std::printf("%d of %d mutations were still models\n", read, count);
    EXPECT_GT(read, 0);
}

TEST_F(OnnxFuzz, MutationsOfTheBackendSuiteAreRefusedOrRead) {
    std::vector<fs::path> files;
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator("/usr/share/libonnx-testdata", ignored))
        if (entry.path().extension() == ".onnx" && entry.file_size() < 20'000) files.push_back(entry.path());
    if (files.empty()) GTEST_SKIP() << "Debian package libonnx-testdata is not installed";
    std::sort(files.begin(), files.end());
    const int count = rounds(3000);
    for (int i = 0; i < count; ++i) {
        const auto& path = files[static_cast<std::size_t>(i) * 7919u % files.size()];
        feed(mutated(readFile(path), static_cast<std::uint64_t>(i)));
    }
}

TEST_F(OnnxFuzz, WellFormedNonsenseIsRefusedOrRead) {
    std::vector<std::string> samples = {smallNetwork()};
    std::error_code ignored;
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator("/usr/share/libonnx-testdata", ignored))
        if (entry.path().extension() == ".onnx" && entry.file_size() < 20'000) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& path : files) samples.push_back(readFile(path));
    int read = 0;
    const int count = rounds(6000);
    for (int i = 0; i < count; ++i) {
        const std::size_t which = i % 2 ? 0 : static_cast<std::size_t>(i) * 7919u % samples.size();
        read += feed(mutatedOnnx(samples[which], static_cast<std::uint64_t>(i)));
    }
    std::printf("%d of %d were still models\n", read, count);
    EXPECT_GT(read, count / 20);
}

}  // namespace
}  // namespace bitlathe
