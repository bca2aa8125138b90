// Our GGUF blocks beside those of ggml's own library, on weights like those of networks. Skipped where the library is
// not installed (npm ci --ignore-scripts in this folder).
#include "core/quant/gguf_rows.h"
#include "core/tensor/convert.h"
#include "tests/bench/peer_ggml.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace bitlathe {
namespace {

constexpr std::int64_t kColumns = 1024, kRows = 96;

struct Weights {
    const char* name;
    float (*next)(std::minstd_rand& random);
};

float bell(std::minstd_rand& random) {
    static thread_local std::normal_distribution<float> normal;
    return normal(random);
}
constexpr Weights kWeights[] = {
    {"bell", [](std::minstd_rand& r) { return 0.02f * bell(r); }},
    {"halves", [](std::minstd_rand& r) { return halfToFloat(floatToHalf(0.02f * bell(r))); }},
    {"heavy tails", [](std::minstd_rand& r) { const float n = bell(r); return r() % 500 == 0 ? n : 0.01f * n; }},
    {"even", [](std::minstd_rand& r) { return float(r() % 20001) / 10000 - 1; }},
    {"sparse", [](std::minstd_rand& r) { return r() % 10 < 6 ? 0.0f : 0.05f * bell(r); }},
    {"lopsided", [](std::minstd_rand& r) { return std::fabs(bell(r)) - 0.1f; }},
    {"ternary", [](std::minstd_rand& r) { return 0.03f * float(int(r() % 3) - 1); }},
};

class GgufPeer : public testing::TestWithParam<GgufForm> {
protected:
    const GgufForm& form = GetParam();
    std::vector<float> unpacked(std::span<const std::byte> blocks) const {
        std::vector<float> y(blocks.size() / std::size_t(form.bytes) * std::size_t(form.values));
        unpackGgufRows(form, blocks, y);
        return y;
    }
    // Per row, weighted.
    static double squaredError(std::span<const float> x, std::span<const float> y, std::span<const float> importance, std::int64_t row) {
        double sum = 0;
        for (std::int64_t i = row * kColumns; i < (row + 1) * kColumns; ++i) {
            const auto at = std::size_t(i);
            const double e = double(x[at]) - double(y[at]);
            sum += (importance.empty() ? 1.0 : double(importance[std::size_t(i % kColumns)])) * e * e;
        }
        return sum;
    }
};
INSTANTIATE_TEST_SUITE_P(All, GgufPeer, testing::ValuesIn(kGgufForms), [](const auto& info) { return std::string(info.param.name); });

// Values: parts whose scale is 0 may hold any codes. IQ4_XS codes by the scale of the file, ggml by a finer one that no
// reader has; the same goes for all types of one part by importance.
TEST_P(GgufPeer, EncodesWhatGgmlEncodes) {
    const PeerGgml peer{{}};
    if (!peer) GTEST_SKIP() << peer.why();
    peer.prepare(form.id);
    for (const Weights& weights : kWeights)
        for (const bool minded : {false, true}) {
            if (!minded && (form.type == GgufType::IQ1_S || form.type == GgufType::IQ2_XXS || form.type == GgufType::IQ2_XS)) continue;  // ggml stops there
            std::minstd_rand random(17);
            std::vector<float> x(std::size_t(kRows * kColumns)), importance;
            for (float& v : x) v = weights.next(random);
            std::exponential_distribution<float> falling;
            for (std::int64_t i = 0; minded && i < kColumns; ++i) importance.push_back(falling(random) + 0.01f);
            const GgufRows rows{form, kColumns, importance};
            std::vector<std::byte> own(std::size_t(kRows * rows.rowBytes())), theirs(own.size());
            packGgufRows(rows, x, own);
            peer.quantize(form.id, x.data(), theirs.data(), 0, kRows, kColumns, minded ? importance.data() : nullptr);
            const std::string where = std::string(weights.name) + (minded ? " by importance" : "");
            const auto y = unpacked(own), other = unpacked(theirs);
            const bool takesImportance = form.type != GgufType::Q8_0 && form.type < GgufType::TQ1_0;
            const bool sameParameters = !minded || !takesImportance;
            if (form.type != GgufType::IQ4_XS && !isLattice(form.type) && sameParameters) {
                EXPECT_EQ(y, other) << where;
            }
            if (form.type <= GgufType::Q8_0 && sameParameters) {
                EXPECT_EQ(own, theirs) << where;
            }
            double ours = 0, ggmls = 0;
            for (std::int64_t row = 0; row < kRows; ++row) {
                ours += squaredError(x, y, importance, row);
                ggmls += squaredError(x, other, importance, row);
            }
            EXPECT_LE(ours, ggmls * 1.0001) << where;
        }
}

}  // namespace
}  // namespace bitlathe
