// CachedAttention against its formula in float64: past tokens, windows, caps, shared keys, every way of holding them.
#include "core/base/error.h"
#include "core/engine/kv_cache.h"
#include "tests/core/engine/graph_builder.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bitlathe {
namespace {

struct Case {
    std::int64_t past = 0, tokens = 1, heads = 4, kvHeads = 2, size = 16, valueSize = 16, window = 0;
    double cap = 0;
};

class Attention {
public:
    explicit Attention(const Case& c, unsigned seed = 1) : m_case(c), m_builder(seed) {
        const std::vector<ValueId> inputs{m_builder.input("q"), m_builder.input("k"), m_builder.input("v")};
        Attributes attributes{{"layer", std::int64_t(0)}, {"num_heads", c.heads}, {"kv_num_heads", c.kvHeads}};
        if (c.window > 0) attributes["window"] = c.window;
        if (c.cap > 0) attributes["softcap"] = static_cast<float>(c.cap);
        m_builder.output(m_builder.node("CachedAttention", inputs, attributes, "bitlathe"));
        const std::int64_t all = c.past + c.tokens;
        m_q = m_builder.random({1, all, c.heads * c.size});
        m_k = m_builder.random({1, all, c.kvHeads * c.size});
        m_v = m_builder.random({1, all, c.kvHeads * c.valueSize});
    }

    // The last `tokens` rows, after the first `past` went into the cache.
    std::vector<float> run(CacheType type, int threads, bool cached = true) {
        const auto executable = Executable::compile(m_builder.model(), {.machine = Machine::detect()});
        KvCache cache({{m_case.kvHeads, m_case.size, m_case.valueSize, type, type}}, m_case.past + m_case.tokens, Machine::detect().isa);
        Workspace workspace;
        Workers workers(threads);
        JobContext job;
        for (std::int64_t begin = 0; begin < m_case.past; begin += 333) {
            const std::int64_t end = std::min(m_case.past, begin + 333);
            bitlathe::run(*executable, workspace, workers, rows(begin, end), job, nullptr, &cache);
            cache.setLength(end);
        }
        const auto y = bitlathe::run(*executable, workspace, workers, rows(m_case.past, m_case.past + m_case.tokens), job, nullptr, cached ? &cache : nullptr)[0];
        return {y.as<float>().begin(), y.as<float>().end()};
    }

    std::vector<float> formula() const {
        const Case& c = m_case;
        std::vector<float> y;
        for (std::int64_t t = c.past; t < c.past + c.tokens; ++t)
            for (std::int64_t h = 0; h < c.heads; ++h) {
                const std::int64_t shared = h / (c.heads / c.kvHeads), first = c.window > 0 ? std::max<std::int64_t>(0, t - c.window + 1) : 0;
                std::vector<double> weights;
                double most = -1e300, total = 0;
                for (std::int64_t j = first; j <= t; ++j) {
                    double score = 0;
                    for (std::int64_t i = 0; i < c.size; ++i) score += at(m_q, t, h * c.size + i) * at(m_k, j, shared * c.size + i);
                    score /= std::sqrt(double(c.size));
                    if (c.cap > 0) score = c.cap * std::tanh(score / c.cap);
                    most = std::max(most, score);
                    weights.push_back(score);
                }
                for (double& weight : weights) total += weight = std::exp(weight - most);
                for (std::int64_t i = 0; i < c.valueSize; ++i) {
                    double sum = 0;
                    for (std::int64_t j = first; j <= t; ++j) sum += weights[static_cast<std::size_t>(j - first)] * at(m_v, j, shared * c.valueSize + i);
                    y.push_back(static_cast<float>(sum / total));
                }
            }
        return y;
    }

private:
    static double at(const Tensor& x, std::int64_t row, std::int64_t column) { return double(x.as<float>()[static_cast<std::size_t>(row * x.shape()[2] + column)]); }
    std::vector<Tensor> rows(std::int64_t begin, std::int64_t end) const {
        std::vector<Tensor> parts;
        for (const Tensor* x : {&m_q, &m_k, &m_v}) {
            const auto wide = static_cast<std::size_t>(x->shape()[2]);
            parts.push_back(Tensor::of(Shape{1, end - begin, x->shape()[2]}, x->as<float>().subspan(static_cast<std::size_t>(begin) * wide, static_cast<std::size_t>(end - begin) * wide)));
        }
        return parts;
    }
    Case m_case;
    GraphBuilder m_builder;
    Tensor m_q, m_k, m_v;
};

double apart(const std::vector<float>& a, const std::vector<float>& b) {
    EXPECT_EQ(a.size(), b.size());
    double most = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) most = std::isnan(a[i]) ? 1e9 : std::max(most, std::abs(double(a[i]) - double(b[i])));
    return most;
}

constexpr double kRounding = 5e-6;

TEST(CachedAttention, IsItsFormula) {
    for (const Case& c : {Case{}, Case{.tokens = 5}, Case{.tokens = 40}, Case{.past = 100}, Case{.past = 3000}, Case{.past = 3000, .tokens = 7}, Case{.past = 200, .tokens = 300},
                          Case{.past = 1023, .heads = 3, .kvHeads = 3, .size = 20, .valueSize = 12}, Case{.past = 130, .tokens = 33, .window = 50}, Case{.past = 2500, .tokens = 2, .window = 1100},
                          Case{.past = 60, .tokens = 20, .cap = 1.5}, Case{.past = 1500, .heads = 8, .kvHeads = 1, .size = 70, .valueSize = 70, .window = 1}}) {
        Attention attention(c);
        EXPECT_LT(apart(attention.run(CacheType::F32, 1), attention.formula()), kRounding) << c.past << " + " << c.tokens << " window " << c.window;
    }
}

TEST(CachedAttention, GivesTheSameBitsForEveryNumberOfThreads) {
    for (const Case& c : {Case{.past = 3000}, Case{.past = 70, .tokens = 50}}) {
        Attention attention(c);
        EXPECT_EQ(attention.run(CacheType::F32, 1), attention.run(CacheType::F32, 4));
    }
}

TEST(CachedAttention, WithoutACacheTheTokensOfTheRunAreAllThereAre) {
    Attention attention({.tokens = 37});
    EXPECT_LT(apart(attention.run(CacheType::F32, 2, false), attention.formula()), kRounding);
}

std::string refusalOf(std::int64_t heads, std::int64_t kvHeads, const Shape& q, const Shape& kv) {
    GraphBuilder builder;
    const std::vector<ValueId> inputs{builder.input("q"), builder.input("k"), builder.input("v")};
    builder.output(builder.node("CachedAttention", inputs, {{"num_heads", heads}, {"kv_num_heads", kvHeads}}, "bitlathe"));
    try {
        runOnce(*Executable::compile(builder.model(), {.machine = Machine::detect()}), {builder.random(q), builder.random(kv), builder.random(kv)});
        return {};
    } catch (const Error& error) {
        return error.message();
    }
}

TEST(CachedAttention, MoreHeadsThanNumbersAreASentenceAndNotACrash) {
    constexpr std::int64_t wraps = std::int64_t(1) << 60;
    EXPECT_NE(refusalOf(wraps, 1, {1, 1, 0}, {1, 1, 0}).find("heads are more than"), std::string::npos);
    EXPECT_NE(refusalOf(wraps, wraps, {1, 1, 0}, {1, 1, 0}).find("heads are more than"), std::string::npos);
    EXPECT_NE(refusalOf(2, 1, {1, 0, 0}, {1, 0, 0}).find("heads are more than"), std::string::npos);
    EXPECT_NE(refusalOf(8, 2, {1, 1, 4}, {1, 1, 2}).find("do not fit its heads"), std::string::npos);
    EXPECT_EQ(refusalOf(4, 2, {1, 0, 8}, {1, 0, 4}), "") << "no tokens are no mistake";
}

TEST(CachedAttention, FewerBitsAreFurtherFromTheFormula) {
    Attention attention({.past = 300, .tokens = 3, .size = 64, .valueSize = 32});
    const auto truth = attention.formula();
    const double half = apart(attention.run(CacheType::F16, 2), truth), eight = apart(attention.run(CacheType::Int8, 2), truth), four = apart(attention.run(CacheType::Int4, 2), truth);
    EXPECT_LT(half, 1e-3);
    EXPECT_LT(eight, 1e-2);
    EXPECT_LT(four, 0.15);
    EXPECT_LT(half, eight);
    EXPECT_LT(eight, four);
}

TEST(KvCache, HoldsWhatItSays) {
    const KvCache cache({{2, 64, 32, CacheType::F16, CacheType::Int4}, {2, 64, 32, CacheType::F32, CacheType::Int8}}, 10, Isa::Reference);
    EXPECT_EQ(cache.bytesPerToken(), 2 * (64 * 2 + 18) + 2 * (64 * 4 + 34));
    EXPECT_EQ(cache.bytes(), 10 * cache.bytesPerToken());
    for (const std::string_view name : {"f32", "f16", "int8", "int4"}) EXPECT_EQ(nameOf(*cacheTypeFromName(name)), name);
    EXPECT_FALSE(cacheTypeFromName("int2"));
}

TEST(KvCache, ImpossibleOnesAreSentences) {
    EXPECT_THROW(KvCache({{2, 48, 64, CacheType::Int8, CacheType::F32}}, 10, Isa::Reference), Error);
    EXPECT_THROW(KvCache({{2, 64, 64}}, 0, Isa::Reference), Error);
    EXPECT_THROW(KvCache({{0, 64, 64}}, 10, Isa::Reference), Error);
    EXPECT_THROW(KvCache({{1 << 20, 1 << 20, 64}}, 10, Isa::Reference), Error);
    EXPECT_THROW(KvCache({{8, 128, 128}}, std::int64_t(1) << 60, Isa::Reference), Error);
}

}  // namespace
}  // namespace bitlathe
