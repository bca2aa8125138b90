// Real files: the corpus, and the models of the ONNX backend suite (Debian package libonnx-testdata).
#include "core/base/error.h"
#include "core/formats/format.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> onnxFilesIn(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator(folder, ignored))
        if (entry.path().extension() == ".onnx") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

TEST(Corpus, EveryOnnxFileOpensWithItsLayers) {
    const auto files = onnxFilesIn(fs::path(BITLATHE_SOURCE_DIR) / "../shared/corpus");
    if (files.empty()) GTEST_SKIP() << "the corpus is not here";
    struct Expected { std::string_view file; std::size_t conv, linear; std::int64_t parameters; };  // of layers: running statistics do not count
    const Expected table[] = {
        {"mnist.onnx", 3, 2, 376'870}, {"resnet20.onnx", 19, 1, 269'722}, {"squeezenet1.1_fp32.onnx", 26, 0, 1'235'496},
        {"SqueezeNet_fp16.onnx", 26, 0, 1'235'496}, {"version-RFB-320.onnx", 52, 0, 276'292},
        {"self-attention-mnist-pgd-medium-sim.onnx", 0, 6, 119'674}, {"stories260K.onnx", 0, 35, 259'328}, {"us_bart_teacher_forced.onnx", 0, 16, 734'592},
    };
    for (const auto& path : files) {
        SCOPED_TRACE(path);
        JobContext context;
        const Model model = readModel(path, context);
        EXPECT_EQ(model.format, "onnx");
        EXPECT_EQ(model.sha256.size(), 64u);
        EXPECT_FALSE(model.layers.empty());
        std::size_t conv = 0, linear = 0;
        std::int64_t parameters = 0;
        for (const Layer& layer : model.layers) {
            conv += layer.kind == LayerKind::Conv;
            linear += layer.kind == LayerKind::Linear;
            parameters += layer.parameters;
        }
        for (const Expected& expected : table)
            if (path.filename() == expected.file) {
                EXPECT_EQ(conv, expected.conv);
                EXPECT_EQ(linear, expected.linear);
                EXPECT_EQ(parameters, expected.parameters);
            }
    }
}

TEST(BackendSuite, EveryModelIsReadOrRefusedWithASentence) {
    const auto files = onnxFilesIn("/usr/share/libonnx-testdata");
    if (files.empty()) GTEST_SKIP() << "Debian package libonnx-testdata is not installed";
    int read = 0, refused = 0;
    for (const auto& path : files) {
        try {
            JobContext context;
            readModel(path, context);
            ++read;
        } catch (const Error& error) {
            ++refused;
            ADD_FAILURE() << error.message();
        }
    }
    std::printf("read %d of %zu models, %d refused\n", read, files.size(), refused);
}

}  // namespace
}  // namespace bitlathe
