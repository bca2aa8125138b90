#include "core/engine/operators/cached_attention.h"

#include "core/engine/blas.h"
#include "core/engine/kv_cache.h"
#include "core/engine/operators/arguments.h"
#include "core/kernels/float_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bitlathe {

namespace {

constexpr std::int64_t kTile = 128;   // keys at once
constexpr std::int64_t kQueries = 16; // tokens of a chunk
constexpr float kHidden = -std::numeric_limits<float>::infinity();

struct Form {
    std::int64_t heads = 0, kvHeads = 0, size = 0, valueSize = 0, tokens = 0;
    std::int64_t past = 0, window = 0;
    float scale = 1, cap = 0;
    std::size_t layer = 0;
    std::int64_t group() const noexcept { return heads / kvHeads; }
    // Keys first … last − 1 are seen by the token at place p of the cache.
    std::int64_t firstSeen(std::int64_t p) const noexcept { return window > 0 ? std::max<std::int64_t>(0, p - window + 1) : 0; }
};

Form formOf(OperatorContext& context) {
    const Node& node = context.node();
    const Tensor &q = inputOf(context, 0, ElementType::F32), &k = inputOf(context, 1, ElementType::F32), &v = inputOf(context, 2, ElementType::F32);
    for (const Tensor* tensor : {&q, &k, &v}) {
        needRank(context, *tensor, 3, 3);
        if (tensor->shape()[0] != 1 || tensor->shape()[1] != q.shape()[1]) context.fail("queries " + toText(q.shape()) + ", keys " + toText(k.shape()) + " and values " + toText(v.shape()) + " do not fit");
    }
    Form form;
    form.heads = node.integer("num_heads", 0);
    form.kvHeads = node.integer("kv_num_heads", form.heads);
    if (form.heads < 1 || form.kvHeads < 1 || form.heads % form.kvHeads != 0) context.fail(std::to_string(form.heads) + " heads of queries cannot share " + std::to_string(form.kvHeads) + " of keys");
    if (q.shape()[2] % form.heads != 0 || k.shape()[2] % form.kvHeads != 0 || v.shape()[2] % form.kvHeads != 0 || q.shape()[2] / form.heads != k.shape()[2] / form.kvHeads)
        context.fail("queries " + toText(q.shape()) + ", keys " + toText(k.shape()) + " and values " + toText(v.shape()) + " do not fit its heads");
    form.size = q.shape()[2] / form.heads;
    form.valueSize = v.shape()[2] / form.kvHeads;
    form.tokens = q.shape()[1];
    form.window = std::max<std::int64_t>(0, node.integer("window", 0));
    form.scale = node.has("scale") ? node.real("scale", 1.0f) : 1.0f / std::sqrt(static_cast<float>(std::max<std::int64_t>(1, form.size)));
    form.cap = node.real("softcap", 0.0f);
    form.layer = static_cast<std::size_t>(std::max<std::int64_t>(0, node.integer("layer", 0)));
    if (const KvCache* cache = context.cache()) {
        if (form.layer >= cache->layers().size()) context.fail("the cache has " + std::to_string(cache->layers().size()) + " layers, this is layer " + std::to_string(form.layer));
        const CacheLayer& layer = cache->layers()[form.layer];
        if (layer.heads != form.kvHeads || layer.keySize != form.size || layer.valueSize != form.valueSize) context.fail("the cache was made for another model");
        form.past = cache->length();
        if (form.tokens > cache->capacity() - form.past)
            context.fail("the context of " + std::to_string(cache->capacity()) + " tokens is full: " + std::to_string(form.past) + " are kept and " + std::to_string(form.tokens) + " more do not fit; choose a longer context or start anew");
    }
    return form;
}

// Keys and values of a tile: of the cache, or of this run.
struct Source {
    const KvCache* cache;
    const Form& form;
    const float *k, *v;

    struct Tile {
        const float* rows;
        std::int64_t step;
    };
    Tile keys(std::int64_t head, std::int64_t first, std::int64_t count, float* scratch) const noexcept {
        if (cache) return {cache->keys(form.layer, head, first, count, scratch), form.size};
        return {k + (first * form.kvHeads + head) * form.size, form.kvHeads * form.size};
    }
    Tile values(std::int64_t head, std::int64_t first, std::int64_t count, float* scratch) const noexcept {
        if (cache) return {cache->values(form.layer, head, first, count, scratch), form.valueSize};
        return {v + (first * form.kvHeads + head) * form.valueSize, form.kvHeads * form.valueSize};
    }
};

struct Scratch {
    float *queries, *scores, *sums, *tile, *largest, *total;
    static std::int64_t count(const Form& f) noexcept {
        const std::int64_t rows = kQueries * f.group();
        return rows * (f.size + kTile + f.valueSize + 2) + kTile * std::max(f.size, f.valueSize);
    }
    Scratch(const Form& f, std::byte* memory) noexcept {
        const std::int64_t rows = kQueries * f.group();
        tile = reinterpret_cast<float*>(memory);
        queries = tile + kTile * std::max(f.size, f.valueSize);
        scores = queries + rows * f.size;
        sums = scores + rows * kTile;
        largest = sums + rows * f.valueSize;
        total = largest + rows;
    }
};

// One row's scores become weights; what was summed before shrinks where a larger score came.
void joinTile(const FloatRows& kernels, float* scores, std::int64_t count, float& largest, float& total, float* sums, std::int64_t width) noexcept {
    float top = kHidden;
    for (std::int64_t i = 0; i < count; ++i) top = std::max(top, scores[i]);
    if (top == kHidden) {
        std::fill_n(scores, count, 0.0f);
        return;
    }
    if (top > largest) {
        if (largest != kHidden) {
            float shrink = largest - top;
            kernels.map(RowFunction::Exp, {}, &shrink, &shrink, 1);
            total *= shrink;
            for (std::int64_t i = 0; i < width; ++i) sums[i] *= shrink;
        }
        largest = top;
    }
    for (std::int64_t i = 0; i < count; ++i) scores[i] -= largest;
    kernels.map(RowFunction::Exp, {}, scores, scores, count);
    total += static_cast<float>(kernels.sum(scores, count));
}

void capScores(const FloatRows& kernels, float* scores, std::int64_t count, float cap) noexcept {
    for (std::int64_t i = 0; i < count; ++i) scores[i] /= cap;
    kernels.map(RowFunction::Tanh, {}, scores, scores, count);
    for (std::int64_t i = 0; i < count; ++i) scores[i] *= cap;
}

}  // namespace

void runCachedAttention(OperatorContext& context) {
    const Form form = formOf(context);
    const float *q = context.input(0).as<float>().data(), *k = context.input(1).as<float>().data(), *v = context.input(2).as<float>().data();
    float* y = context.output<float>(0, checkedShape(context, {1, form.tokens, form.heads * form.valueSize})).data();
    if (KvCache* cache = context.cache()) {
        cache->writeKeys(form.layer, form.past, form.tokens, k);
        cache->writeValues(form.layer, form.past, form.tokens, v);
    }
    const Source source{context.cache(), form, k, v};
    const FloatRows& kernels = floatRows(context.machine().isa);
    const Blas& blas = *context.machine().blas;
    const std::int64_t group = form.group(), blocks = (form.tokens + kQueries - 1) / kQueries;
    context.forEachWithScratch(form.kvHeads * blocks, Scratch::count(form) * static_cast<std::int64_t>(sizeof(float)), [&](std::int64_t chunk, std::byte* memory) {
        const Scratch s(form, memory);
        const std::int64_t head = chunk / blocks, begin = chunk % blocks * kQueries, tokens = std::min(kQueries, form.tokens - begin), rows = tokens * group;
        for (std::int64_t t = 0; t < tokens; ++t)  // the heads that share these keys lie side by side
            std::copy_n(q + ((begin + t) * form.heads + head * group) * form.size, group * form.size, s.queries + t * group * form.size);
        std::fill_n(s.sums, rows * form.valueSize, 0.0f);
        std::fill_n(s.largest, rows, kHidden);
        std::fill_n(s.total, rows, 0.0f);
        const std::int64_t end = form.past + begin + tokens;
        for (std::int64_t first = form.firstSeen(form.past + begin) / kTile * kTile; first < end; first += kTile) {
            const std::int64_t count = std::min(kTile, end - first);
            const auto keys = source.keys(head, first, count, s.tile);
            blas.sgemm({.transposeB = true, .m = rows, .n = count, .k = form.size, .alpha = form.scale, .a = s.queries, .lda = form.size, .b = keys.rows, .ldb = keys.step, .c = s.scores, .ldc = kTile});
            for (std::int64_t row = 0; row < rows; ++row) {
                float* scores = s.scores + row * kTile;
                if (form.cap > 0) capScores(kernels, scores, count, form.cap);
                const std::int64_t place = form.past + begin + row / group;
                std::fill(scores, scores + std::clamp<std::int64_t>(form.firstSeen(place) - first, 0, count), kHidden);
                std::fill(scores + std::clamp<std::int64_t>(place + 1 - first, 0, count), scores + count, kHidden);
                joinTile(kernels, scores, count, s.largest[row], s.total[row], s.sums + row * form.valueSize, form.valueSize);
            }
            const auto values = source.values(head, first, count, s.tile);
            blas.sgemm({.m = rows, .n = form.valueSize, .k = count, .a = s.scores, .lda = kTile, .b = values.rows, .ldb = values.step, .beta = 1.0f, .c = s.sums, .ldc = form.valueSize});
        }
        for (std::int64_t row = 0; row < rows; ++row) {
            float* to = y + ((begin + row / group) * form.heads + head * group + row % group) * form.valueSize;
            for (std::int64_t i = 0; i < form.valueSize; ++i) to[i] = s.sums[row * form.valueSize + i] / s.total[row];
        }
    });
}

void runRotaryAngles(OperatorContext& context) {
    const Tensor &positions = inputOf(context, 0, ElementType::I64), &frequencies = inputOf(context, 1, ElementType::F32);
    needRank(context, positions, 2, 2);
    needRank(context, frequencies, 1, 1);
    const std::int64_t half = frequencies.count();
    const Shape shape = checkedShape(context, {positions.shape()[0], positions.shape()[1], half});
    float *cosines = context.output<float>(0, shape).data(), *sines = context.output<float>(1, shape).data();
    const double scale = context.node().real("scale", 1.0f);
    const auto at = positions.as<std::int64_t>();
    const auto by = frequencies.as<float>();
    context.forRange(positions.count(), rowsPerChunk(half, kCostlyGrain / 8), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t t = begin; t < end; ++t)
            for (std::int64_t i = 0; i < half; ++i) {
                const double angle = static_cast<double>(at[static_cast<std::size_t>(t)]) * static_cast<double>(by[static_cast<std::size_t>(i)]);
                cosines[t * half + i] = static_cast<float>(std::cos(angle) * scale);
                sines[t * half + i] = static_cast<float>(std::sin(angle) * scale);
            }
    });
}

void runGated(OperatorContext& context) {
    const Tensor &gate = inputOf(context, 0, ElementType::F32), &up = inputOf(context, 1, ElementType::F32);
    if (gate.shape() != up.shape()) context.fail("gate " + toText(gate.shape()) + " and values " + toText(up.shape()) + " differ in shape");
    const std::string name = context.node().text("activation", "silu");
    const bool relu = name == "relu";
    RowFunction function = RowFunction::Swish;
    if (name == "gelu") function = RowFunction::Gelu;
    else if (name == "tanh_gelu") function = RowFunction::TanhGelu;
    else if (name != "silu" && !relu) context.fail("the activation '" + name + "' does not exist");
    const float *g = gate.as<float>().data(), *u = up.as<float>().data();
    float* y = context.outputOver<float>(0, 0, gate.shape()).data();
    const FloatRows& kernels = floatRows(context.machine().isa);
    context.forRange(gate.count(), kCostlyGrain, [&](std::int64_t begin, std::int64_t end) {
        if (relu) for (std::int64_t i = begin; i < end; ++i) y[i] = g[i] < 0 ? 0.0f : g[i];
        else kernels.map(function, {}, g + begin, y + begin, end - begin);
        for (std::int64_t i = begin; i < end; ++i) y[i] *= u[i];
    });
}

}  // namespace bitlathe
