#include "tests/interop/interop_cases.h"

#include "core/base/error.h"

#include <cstdio>

namespace bitlathe::interop {

std::vector<Case> cases() {
    const std::filesystem::path root = BITLATHE_SOURCE_DIR, corpus = root / "../shared/corpus", demo = root / "resources/demo";
    const std::string mnist = R"({"scale": 0.00392156862745098, "mean": [0.1307], "std": [0.3081]})";
    const std::string cifar = R"({"scale": 0.00392156862745098, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]})";
    std::vector<Case> all = {
        {"glyphs", demo / "glyphs.onnx", demo / "glyphs_calibration.npz", "", {"float", "int8", "int8-tensor", "mixed-safe", "int8-weights", "int4-channel"}},
        {"mnist", corpus / "mnist-onnx-safetensors/mnist.onnx", corpus / "mnist-data/mnist_test_first2000.npz", mnist, {"float", "int8", "int8-percentile", "int4-g128"}},
        {"resnet20", corpus / "resnet20-cifar10-onnx/resnet20.onnx", corpus / "cifar10-data/cifar10_test_exact_342.npz", cifar, {"float", "int8", "int8-tensor", "mixed-safe", "int4-g32"}},
        {"selfattention", corpus / "selfattention-mnist-onnx/self-attention-mnist-pgd-medium-sim.onnx", corpus / "mnist-data/mnist_test_first2000.npz",
         R"({"scale": 0.00392156862745098, "layout": "NHWC"})", {"float", "int8", "int8-weights"}},
        {"ultraface", corpus / "ultraface-rfb320-onnx/version-RFB-320.onnx", "", "", {"float", "int8"}},
        {"squeezenet", corpus / "squeezenet-imagenet-onnx/squeezenet1.1_fp32.onnx", "", "", {"float", "int8"}},
        {"squeezenet16", corpus / "squeezenet-imagenet-onnx/SqueezeNet_fp16.onnx", "", "", {"int8"}},
        {"stories", corpus / "stories260k-llm/derived/stories260K.onnx", "", "", {"float", "int8-weights", "int4-g32"}},
        {"bart", corpus / "bart-g2p-us/derived/us_bart_teacher_forced.onnx", "", "", {"float", "int4-g128", "int8"}},
    };
    std::vector<Case> here;
    for (Case& one : all)
        if (std::filesystem::exists(one.model)) here.push_back(std::move(one));
        else std::printf("skipped: %s is not here\n", one.model.c_str());
    return here;
}

}  // namespace bitlathe::interop

int main(int argc, char** argv) {
    const std::string mode = argc > 2 ? argv[1] : "";
    try {
        if (mode == "make") return bitlathe::interop::make(argv[2], argc > 3 ? argv[3] : "") == 0 ? 0 : 1;
        if (mode == "check") return bitlathe::interop::check(argv[2]) == 0 ? 0 : 1;
    } catch (const bitlathe::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    std::fprintf(stderr, "interop_cases make|check FOLDER [CASE]\n");
    return 2;
}
