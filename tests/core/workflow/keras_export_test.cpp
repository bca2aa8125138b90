// Keras HDF5 in, Keras HDF5 out: every golden network as floats with codes beside them, and as codes alone.
#include "core/base/error.h"
#include "core/engine/run.h"
#include "core/formats/format.h"
#include "core/hdf5/hdf5_file.h"
#include "core/quant/codec.h"
#include "core/quant/quantized_tensor.h"
#include "core/workflow/evaluate.h"
#include "core/workflow/export.h"
#include "core/workflow/load.h"
#include "core/workflow/network.h"
#include "tests/core/full_disk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <thread>

#include <unistd.h>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;
using testing_support::fileText;

const fs::path kGolden = BITLATHE_SOURCE_DIR "/tests/golden/keras", kCorpus = BITLATHE_SOURCE_DIR "/../shared/corpus";

Recipe recipeOf(QuantSpec spec) {
    Recipe recipe;
    recipe.defaults.weights = std::move(spec);
    return recipe;
}
Recipe int8PerChannel() { return recipeOf({}); }
Recipe int4InGroups() { return recipeOf({.bits = 4, .granularity = PerGroup{16}}); }

class KerasExport : public testing::Test {
protected:
    void SetUp() override {
        m_folder = fs::temp_directory_path() / ("bitlathe_keras_export_" + std::to_string(::getpid()));
        fs::create_directories(m_folder);
    }
    void TearDown() override { fs::remove_all(m_folder); }

    std::shared_ptr<const Model> load(const fs::path& path) { return loadModel(path, machine, job); }
    fs::path exported(const fs::path& from, const Recipe& recipe, const std::string& target, const std::string& name) {
        ExportRequest request;
        request.model = load(from);
        request.recipe = recipe;
        request.target = target;
        request.path = m_folder / name;
        result = exportModel(request, workers, job);
        return request.path;
    }
    std::vector<Tensor> outputs(const fs::path& path, const std::vector<Tensor>& inputs, const Recipe* recipe) {
        const Network network = prepareNetwork(load(path), recipe, {}, recipe ? EngineMode::Simulated : EngineMode::Float, true, machine, workers, job);
        Workspace workspace;
        return run(*network.executable, workspace, workers, inputs, job);
    }
    static std::vector<Tensor> goldenInputs(const fs::path& path) {
        const Hdf5File file(path.string());
        std::vector<Tensor> tensors;
        for (int i = 0; file.contains("/golden/x" + std::to_string(i)); ++i) tensors.push_back(file.read("/golden/x" + std::to_string(i)));
        return tensors;
    }

    Machine machine = Machine::detect();
    Workers workers{2};
    JobContext job;
    ExportResult result;
    fs::path m_folder;
};

std::vector<std::string> goldenFiles() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(kGolden))
        if (entry.path().extension() == ".h5") names.push_back(entry.path().stem().string());
    std::sort(names.begin(), names.end());
    return names;
}

class EveryKerasNetwork : public KerasExport, public testing::WithParamInterface<std::string> {};

TEST_P(EveryKerasNetwork, ComputesAsItsSimulationAfterItWasWrittenAndReadAgain) {
    const fs::path source = kGolden / (GetParam() + ".h5");
    const std::vector<Tensor> inputs = goldenInputs(source);
    for (const Recipe& recipe : {int8PerChannel(), int4InGroups()}) {
        const fs::path floats = exported(source, recipe, "keras", "floats.h5"), codes = exported(source, recipe, "keras-codes", "codes.h5");
        const bool any = std::any_of(result.plan.quantized->layers.begin(), result.plan.quantized->layers.end(), [](const LayerOutcome& o) { return o.got.weights.has_value(); });
        EXPECT_EQ(any, GetParam() != "pooling");
        for (const LayerOutcome& outcome : result.plan.quantized->layers) EXPECT_EQ(outcome.asked, outcome.got) << outcome.reason;
        const std::vector<Tensor> simulated = outputs(source, inputs, &recipe), written = outputs(floats, inputs, nullptr), decoded = outputs(codes, inputs, nullptr);
        ASSERT_EQ(written.size(), simulated.size());
        for (std::size_t i = 0; i < written.size(); ++i) {
            EXPECT_EQ(written[i], simulated[i]) << "output " << i;
            EXPECT_EQ(decoded[i], written[i]) << "output " << i << " of the codes alone";
        }
    }
}

TEST_P(EveryKerasNetwork, KeepsWhatWasNotQuantized) {
    const fs::path source = kGolden / (GetParam() + ".h5");
    const Hdf5File before(source.string()), after(exported(source, int8PerChannel(), "keras", "floats.h5").string());
    for (const char* attribute : {"model_config", "keras_version", "backend"}) EXPECT_EQ(after.textAttribute("/", attribute), before.textAttribute("/", attribute));
    EXPECT_EQ(after.textsAttribute("/model_weights", "layer_names"), before.textsAttribute("/model_weights", "layer_names"));
    for (const std::string& group : before.groups("/model_weights"))
        EXPECT_EQ(after.textsAttribute("/model_weights/" + group, "weight_names"), before.textsAttribute("/model_weights/" + group, "weight_names"));
    std::vector<std::string> kept = after.datasets();
    std::erase_if(kept, [](const std::string& path) { return path.starts_with("bitlathe/"); });
    EXPECT_EQ(kept, before.datasets());
    for (const std::string& path : kept) EXPECT_EQ(after.describe(path)->shape, before.describe(path)->shape) << path;
    EXPECT_EQ(after.read("golden/x0"), before.read("golden/x0"));
}

INSTANTIATE_TEST_SUITE_P(Golden, EveryKerasNetwork, testing::ValuesIn(goldenFiles()), [](const auto& info) { return info.param; });

// The recipe of FORMAT.md, without our decoder: (code - zero point) * scale, rows, axes.
TEST_F(KerasExport, CodesTimesScalesAreTheFloatsInTheFile) {
    for (const QuantSpec& spec : {QuantSpec{}, QuantSpec{.bits = 4, .symmetric = false, .granularity = PerGroup{16}}, QuantSpec{.bits = 5, .granularity = PerTensor{}}}) {
        const Hdf5File file(exported(kGolden / "conv2d_same.h5", recipeOf(spec), "keras", "floats.h5").string());
        const std::vector<std::string> groups = file.groups("/bitlathe/layers");
        ASSERT_EQ(groups.size(), 3u);
        for (const std::string& group : groups) {
            const Hdf5Node node = file.node("/bitlathe/layers/" + group);
            const auto number = [&](const char* name) { return *node.get<std::int64_t>(name); };
            const std::int64_t channels = number("channels"), each = number("outer") * number("inner"), bits = number("code_bits");
            const Tensor array = file.read(*node.get<std::string>("array")), codes = *node.get<Tensor>("codes"), scales = *node.get<Tensor>("scales");
            const Tensor* points = node.get<Tensor>("zero_points");
            EXPECT_EQ(points != nullptr, !spec.symmetric);
            const std::int64_t rank = array.shape().rank();
            ASSERT_TRUE(rank == 4 || rank == 2);
            const std::int64_t perChannel = std::max<std::int64_t>(number("groups_per_channel"), 0);
            for (std::int64_t c = 0; c < channels; ++c)
                for (std::int64_t e = 0; e < each; ++e) {
                    std::int64_t code = 0;
                    if (bits == 8) code = codes.as<std::int8_t>()[static_cast<std::size_t>(c * each + e)];
                    for (std::int64_t b = 0; bits != 8 && b < bits; ++b) {
                        const std::int64_t bit = e * bits + b;
                        code |= (codes.as<std::uint8_t>()[static_cast<std::size_t>(c * codes.shape()[1] + bit / 8)] >> (bit % 8) & 1) << b;
                    }
                    const auto at = static_cast<std::size_t>(perChannel == 0 ? 0 : c * perChannel + e / number("group_size"));
                    const float weight = scales.as<float>()[at] * static_cast<float>(code + number("lowest_code") - (points ? points->as<std::int32_t>()[at] : 0));
                    // A filter's channel holds in × h × w and the file has h × w × in × out; a matrix has in × out.
                    std::int64_t place = e * channels + c;
                    if (rank == 4) {
                        const std::int64_t h = array.shape()[0], w = array.shape()[1], in = array.shape()[2], i = e / (h * w), y = e / w % h, x = e % w;
                        place = ((y * w + x) * in + i) * channels + c;
                    }
                    ASSERT_EQ(weight, array.as<float>()[static_cast<std::size_t>(place)]) << group << ", channel " << c << ", weight " << e;
                }
        }
    }
}

TEST_F(KerasExport, EveryFormatComesBackFromCodesAlone) {
    const auto inputs = goldenInputs(kGolden / "conv2d_same.h5");
    for (const Codec& codec : codecs()) {
        QuantSpec spec{.codec = std::string(codec.name), .bits = codec.takesTable ? 2 : std::max(codec.minBits, std::min(codec.maxBits, 3))};
        if (codec.takesTable) spec.table = {-1, 0, 0.5, 1};
        if (!codec.scaleTypes.empty()) spec.scale = codec.scaleTypes.front();
        const Recipe recipe = recipeOf(spec);
        const fs::path codes = exported(kGolden / "conv2d_same.h5", recipe, "keras-codes", "codes.h5");
        EXPECT_EQ(outputs(codes, inputs, nullptr), outputs(kGolden / "conv2d_same.h5", inputs, &recipe)) << codec.name;
    }
    for (const int bits : {1, 2, 8, 12, 16})
        for (const bool symmetric : {true, false}) {
            const Recipe recipe = recipeOf({.bits = bits, .symmetric = symmetric});
            const fs::path codes = exported(kGolden / "conv2d_same.h5", recipe, "keras-codes", "codes.h5");
            EXPECT_EQ(outputs(codes, inputs, nullptr), outputs(kGolden / "conv2d_same.h5", inputs, &recipe)) << bits << " bits";
        }
}

TEST_F(KerasExport, TheSameExportGivesTheSameBytesLater) {
    const std::string first = fileText(exported(kGolden / "conv2d_same.h5", int4InGroups(), "keras", "first.h5"));
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // HDF5 would keep the time of day in seconds
    EXPECT_TRUE(first == fileText(exported(kGolden / "conv2d_same.h5", int4InGroups(), "keras", "second.h5")));
    const std::string codes = fileText(exported(kGolden / "lstm.h5", int4InGroups(), "keras-codes", "first.h5"));
    EXPECT_TRUE(codes == fileText(exported(kGolden / "lstm.h5", int4InGroups(), "keras-codes", "second.h5")));
}

TEST_F(KerasExport, AFileOfCodesBecomesAFileForKerasAgain) {
    const fs::path codes = exported(kGolden / "conv2d_same.h5", int4InGroups(), "keras-codes", "codes.h5");
    EXPECT_FALSE(load(codes)->notes.empty());
    const fs::path floats = exported(codes, Recipe{}, "keras", "again.h5");
    const Hdf5File file(floats.string());
    EXPECT_TRUE(file.contains("/model_weights"));
    for (const std::string& path : Hdf5File((kGolden / "conv2d_same.h5").string()).datasets()) EXPECT_TRUE(file.contains("/" + path)) << path;
    const auto inputs = goldenInputs(kGolden / "conv2d_same.h5");
    EXPECT_EQ(outputs(floats, inputs, nullptr), outputs(codes, inputs, nullptr));
}

TEST_F(KerasExport, IsChosenByTheNameOfTheFileAndLeavesActivationsOut) {
    ExportRequest request;
    request.model = load(kGolden / "lstm.h5");
    request.recipe = findPreset("int8")->recipe;
    request.path = m_folder / "out.h5";
    EXPECT_FALSE(takesRanges(request));
    const ExportPlan plan = planExport(request, workers, job);
    EXPECT_TRUE(std::any_of(plan.issues.begin(), plan.issues.end(), [](const Issue& issue) { return issue.message.find("activations") != std::string::npos; }));
    for (const LayerOutcome& outcome : plan.quantized->layers) EXPECT_FALSE(outcome.got.activations);
    request.path = m_folder / "out.onnx";
    EXPECT_TRUE(takesRanges(request));
}

TEST_F(KerasExport, LayersThatNobodyKnowsGoThroughWithTheirWeights) {
    for (const char* name : {"custom_layer", "weights_alone"}) {
        const fs::path source = std::string(BITLATHE_SOURCE_DIR "/tests/golden/keras_opaque/") + name + ".h5";
        const fs::path floats = exported(source, int8PerChannel(), "keras", "floats.h5"), codes = exported(source, int8PerChannel(), "keras-codes", "codes.h5");
        const auto before = load(source), after = load(floats), decoded = load(codes);
        ASSERT_EQ(after->layers.size(), before->layers.size());
        int changed = 0;
        for (std::size_t l = 0; l < before->layers.size(); ++l) {
            const Tensor was = weightOf(before->graph, before->layers[l]), is = weightOf(after->graph, after->layers[l]);
            EXPECT_EQ(is, weightOf(decoded->graph, decoded->layers[l]));
            if (!before->layers[l].quantizable) continue;
            EXPECT_EQ(is, dequantize(quantizeWeights(was, before->layers[l].layout, QuantSpec{}, workers, job), workers));
            changed += !(is == was);
        }
        EXPECT_GT(changed, 0);
    }
}

TEST_F(KerasExport, ExplainsAFullDiskAndAReadOnlyFolder) {
    const auto refusal = [&](const fs::path& path, rlim_t limit) -> std::string {
        ExportRequest request;
        request.model = load(kGolden / "branches.h5");
        request.recipe = int8PerChannel();
        request.path = path;
        const testing_support::FileSizeLimit full(limit);
        try {
            exportModel(request, workers, job);
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::Output);
            return error.message();
        }
        return {};
    };
    EXPECT_NE(refusal(m_folder / "full.h5", 4096).find("free some room"), std::string::npos);
    EXPECT_FALSE(fs::exists(m_folder / "full.h5"));
    EXPECT_NE(refusal(m_folder / "absent/x.h5", RLIM_INFINITY).find("cannot create a file beside"), std::string::npos);
    EXPECT_TRUE(fs::is_empty(m_folder));
}

TEST_F(KerasExport, TheTrainedNetworksKeepTheAccuracyOfTheirSimulation) {
    const fs::path model = kCorpus / "resnet8-cifar10-keras/pretrainedResnet.h5", data = kCorpus / "cifar10-data/cifar10_test_exact_342.npz";
    if (!fs::exists(model) || !fs::exists(data)) GTEST_SKIP() << "../shared/corpus is missing";
    const Recipe recipe = int4InGroups();
    const fs::path floats = exported(model, recipe, "keras", "floats.h5"), codes = exported(model, recipe, "keras-codes", "codes.h5");
    EXPECT_LT(fs::file_size(codes), fs::file_size(model) / 2);
    const std::vector<Tensor> input = {Tensor::of(Shape{2, 32, 32, 3}, std::vector<float>(2 * 32 * 32 * 3, 0.25f))};
    EXPECT_EQ(outputs(floats, input, nullptr), outputs(model, input, &recipe));
    EXPECT_EQ(outputs(codes, input, nullptr), outputs(model, input, &recipe));
}

}  // namespace
}  // namespace bitlathe
