// Our named mixtures beside those of llama.cpp's own quantizer, on trained models: the types of the tensors, their bytes, and
// where bytes differ the errors of the weights, perplexity and KL divergence from the float model. Skipped where
// node-llama-cpp is not installed (npm ci --ignore-scripts in this folder).
#include "core/base/mapped_file.h"
#include "core/engine/operators/weight_rows.h"
#include "core/formats/gguf/container.h"
#include "core/quant/gguf_rows.h"
#include "core/tensor/convert.h"
#include "core/workflow/collect_importance.h"
#include "core/workflow/export.h"
#include "core/workflow/load.h"
#include "core/workflow/load_tokenizer.h"
#include "core/workflow/model_presets.h"
#include "core/workflow/perplexity.h"
#include "tests/interop/peer_llama.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace bitlathe {
namespace {

struct Mixture {
    const char* name;
    int fileType;   // llama_ftype
    bool sameBytes; // without importance. IQ4_XS codes by the scale that the file holds, ggml by a finer one that no reader has.
    bool minded = false;  // llama.cpp asks for importance
};
constexpr Mixture kMixtures[] = {{"Q8_0", 7, true}, {"Q6_K", 18, true}, {"Q5_K_M", 17, true}, {"Q4_K_M", 15, true}, {"Q4_K_S", 14, true}, {"Q4_0", 2, true}, {"IQ4_XS", 30, false}, {"Q3_K_M", 12, true}, {"Q2_K", 10, true},
                                  {"IQ3_M", 27, false}, {"IQ3_S", 26, false}, {"IQ3_XS", 22, false, true}, {"IQ3_XXS", 23, false, true}, {"IQ2_M", 29, false, true}, {"IQ2_S", 28, false, true},
                                  {"IQ2_XS", 20, false, true}, {"IQ2_XXS", 19, false, true}, {"IQ1_M", 31, false, true}, {"IQ1_S", 24, false, true}};

constexpr std::int64_t kWindows = 8;      // of 512 tokens: what is printed, not what is held to a bound, depends on it
constexpr double kSameError = 1.0001;     // of sums of squares: float32 against float32
const std::filesystem::path kDemo = BITLATHE_SOURCE_DIR "/resources/demo";

std::string textOf(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Gguf {
    std::shared_ptr<const MappedFile> file;
    gguf::Container head;
    explicit Gguf(const std::filesystem::path& path) : file(MappedFile::open(path)) {
        JobContext job;
        head = gguf::parse(file->bytes(), path.filename().string(), job);
    }
    std::span<const std::byte> bytes(const gguf::TensorInfo& t) const { return file->bytes().subspan(t.offset, t.bytes); }
    const gguf::TensorInfo* find(std::string_view name) const {
        for (const auto& tensor : head.tensors)
            if (tensor.name == name) return &tensor;
        return nullptr;
    }
    std::vector<float> values(std::string_view name) const {
        const gguf::TensorInfo& t = *find(name);
        std::vector<float> y(static_cast<std::size_t>(t.shape.count()));
        if (const GgufForm* form = ggufFormNamed(t.type->name)) unpackGgufRows(*form, bytes(t), y);
        else {
            const Tensor plain = toFloat32(Tensor(*t.type->element, t.shape, bytes(t), file));
            std::memcpy(y.data(), plain.bytes().data(), plain.bytes().size());
        }
        return y;
    }
};

// What both files hold of the same weights.
struct Weights {
    int tensors = 0, same = 0, otherType = 0;
    double ours = 0, theirs = 0;  // Σ importance · error² over the tensors of one type whose bytes differ
};

// The library that is installed falls back to q4_0 where columns make no blocks of 256 and fewer than 4 bits are asked for;
// the version that our mixtures follow, and its recorded types, to iq4_nl, which has as many bits. Where columns make no
// blocks at all, llama.cpp stores halves; we leave the weight as it is.
bool knownFallback(const gguf::TensorInfo& ours, const gguf::TensorInfo& theirs) {
    const std::int64_t columns = ours.shape[ours.shape.rank() - 1];
    if (columns % 32 != 0) return ours.type->element && theirs.type->name == "f16";
    return columns % 256 != 0 && ours.type->name == "iq4_nl" && theirs.type->name == "q4_0";
}

Weights compare(const Gguf& source, const Gguf& ours, const Gguf& theirs, const Importance* importance) {
    Weights all;
    EXPECT_EQ(ours.head.tensors.size(), theirs.head.tensors.size());
    for (const auto& mine : ours.head.tensors) {
        const auto* other = theirs.find(mine.name);
        if (!other) {
            ADD_FAILURE() << mine.name << " is in one file only";
            continue;
        }
        ++all.tensors;
        if (mine.type != other->type) {
            EXPECT_TRUE(knownFallback(mine, *other)) << mine.name << ": " << mine.type->name << " here, " << other->type->name << " there";
            ++all.otherType;
            continue;
        }
        const auto a = ours.bytes(mine), b = theirs.bytes(*other);
        if (a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0) {
            ++all.same;
            continue;
        }
        const auto x = source.values(mine.name), y = ours.values(mine.name), z = theirs.values(mine.name);
        const auto columns = importance ? importance->of(mine.name) : std::span<const float>();
        double own = 0, peers = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double weight = columns.empty() ? 1.0 : double(columns[i % columns.size()]), e = double(x[i]) - double(y[i]), f = double(x[i]) - double(z[i]);
            own += weight * e * e;
            peers += weight * f * f;
        }
        EXPECT_LE(own, peers * kSameError) << mine.name;
        all.ours += own;
        all.theirs += peers;
    }
    return all;
}

class QuantizerPeer : public testing::Test {
protected:
    static const PeerLlama& peer() {
        static const PeerLlama opened;
        return opened;
    }
    JobContext job;
    Workers workers{2};
    const Machine machine = Machine::detect();
    const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / ("quantizer_peer-" + std::to_string(::getpid()));

    void SetUp() override {
        if (!peer()) GTEST_SKIP() << peer().why();
        std::filesystem::create_directories(folder);
    }
    void TearDown() override { std::filesystem::remove_all(folder); }

    std::vector<TextWindow> windows(const std::filesystem::path& model, const std::filesystem::path& text) {
        auto all = windowsOf(textOf(text), loadTokenizer(model, job), {}, job);
        if (std::int64_t(all.size()) > kWindows) all.resize(kWindows);
        return all;
    }
    // KL divergence of each window.
    std::vector<double> divergences(const LanguageNetwork& network, const LanguageNetwork& reference, const std::vector<TextWindow>& text, LanguageFigures& figures) {
        std::vector<double> each;
        double before = 0;
        PerplexityOptions options;
        options.partial = [&](const LanguageEvaluation& e) {
            const double sum = e.figures.divergence.mean.value * double(e.figures.tokens);
            each.push_back((sum - before) / double(text[each.size()].scored()));
            before = sum;
        };
        figures = evaluateLanguage(network, reference, text, options, workers, job).figures;
        return each;
    }
    LanguageNetwork network(const std::filesystem::path& path) { return prepareLanguage(loadModel(path, machine, job), EngineMode::Simulated, machine); }

    void walk(const std::filesystem::path& source, const std::vector<TextWindow>& text, const std::shared_ptr<const Importance>& importance) {
        const auto model = loadModel(source, machine, job);
        const LanguageNetwork reference = prepareLanguage(model, EngineMode::Float, machine);
        const Gguf original(source);
        std::printf("%s%s: perplexity and KL divergence from float in 1e-3 nats, ours and llama.cpp's, and their paired differences\n", source.filename().c_str(), importance ? ", by importance" : "");
        for (const Mixture& mixture : kMixtures) {
            if (mixture.minded && !importance) continue;
            SCOPED_TRACE(mixture.name);
            const auto own = folder / "ours.gguf", other = folder / "theirs.gguf";
            const Preset* preset = findModelPreset(mixture.name);
            ASSERT_TRUE(preset);
            ExportRequest request;
            request.model = model;
            request.recipe = recipeFor(*preset, *model, importance != nullptr);
            request.path = own;
            request.importance = importance;
            exportModel(request, workers, job);
            ASSERT_TRUE(peer().quantize(source, other, mixture.fileType, importance.get()));
            const Weights weights = compare(original, Gguf(own), Gguf(other), importance.get());
            if (mixture.sameBytes && !importance) {
                EXPECT_EQ(weights.same + weights.otherType, weights.tensors);
            }
            LanguageFigures mine, theirs;
            const LanguageNetwork net = network(own);
            const auto a = divergences(net, reference, text, mine);
            std::printf("%-7s %7.4f ± %.4f  %8.3f ± %.3f", mixture.name, mine.perplexity.value, mine.perplexity.error, 1e3 * mine.divergence.mean.value, 1e3 * mine.divergence.mean.error);
            if (weights.same == weights.tensors) {
                std::printf("   all %d tensors have llama.cpp's bytes\n", weights.tensors);
                continue;
            }
            const LanguageNetwork peers = network(other);
            const auto b = divergences(peers, reference, text, theirs);
            double sum = 0, squares = 0;
            const auto n = double(a.size());
            for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] - b[i], squares += (a[i] - b[i]) * (a[i] - b[i]);
            const double mean = sum / n, error = std::sqrt(std::max(0.0, squares / n - mean * mean) / (n - 1));
            const LanguageFigures paired = evaluateLanguage(net, peers, text, {}, workers, job).figures;
            std::printf("   %7.4f  %8.3f   ln ratio %+.5f ± %.5f, KL %+.3f ± %.3f; errors of weights %.4f; %d of %d tensors the same, %d of another type\n", theirs.perplexity.value,
                        1e3 * theirs.divergence.mean.value, paired.logRatio.value, paired.logRatio.error, 1e3 * mean, 1e3 * error, weights.theirs > 0 ? weights.ours / weights.theirs : 1.0,
                        weights.same, weights.tensors, weights.otherType);
        }
    }
    void walkDemo(const char* name, bool minded) {
        const auto source = kDemo / name;
        std::shared_ptr<const Importance> importance;
        if (minded) {
            const LanguageNetwork net = prepareLanguage(loadModel(source, machine, job), EngineMode::Float, machine);
            importance = std::make_shared<Importance>(collectImportance(net, windows(source, kDemo / "language_calibration.txt"), {}, workers, job));
        }
        walk(source, windows(source, kDemo / "language_test.txt"), importance);
    }
};

TEST_F(QuantizerPeer, MixturesOfASmallModelAreLlamaCppsOwn) { walkDemo("tales-1m.gguf", false); }
TEST_F(QuantizerPeer, MixturesOfALargerModelAreLlamaCppsOwn) { walkDemo("tales-3.5m.gguf", false); }
TEST_F(QuantizerPeer, ByImportanceNoTensorIsFartherFromItsWeights) { walkDemo("tales-3.5m.gguf", true); }

// llama.cpp does not read the first version of GGUF: our own copy in the third serves both.
TEST_F(QuantizerPeer, MixturesOfStories260KAreLlamaCppsOwn) {
    const std::filesystem::path corpus = BITLATHE_SOURCE_DIR "/../shared/corpus/stories260k-llm", first = corpus / "stories260K-f32-GGUFv1.gguf", copy = folder / "stories.gguf";
    if (!std::filesystem::exists(first)) GTEST_SKIP() << first << " is missing";
    ExportRequest request;
    request.model = loadModel(first, machine, job);
    request.path = copy;
    exportModel(request, workers, job);
    walk(copy, windows(copy, corpus / "tinystories_valid_part1.txt"), nullptr);
}

}  // namespace
}  // namespace bitlathe
