#include "core/engine/operators/cached_attention.h"

#include "core/engine/blas.h"
#include "core/engine/kv_cache.h"
#include "core/engine/operators/arguments.h"
#include "core/kernels/float_rows.h"
#include "core/kernels/row_products.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <span>
#include <vector>

namespace bitlathe {

namespace {

constexpr std::int64_t kTile = 128;    // keys at once
constexpr std::int64_t kQueries = 16;  // tokens of a chunk
constexpr std::int64_t kSpan = 1024;   // keys of a chunk where there are few tokens; a multiple of kTile
constexpr std::int64_t kMostThreads = 1 << 12;  // that a machine may have
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
    if (form.size < 1 || form.valueSize < 1) context.fail("its " + std::to_string(form.heads) + " heads are more than queries " + toText(q.shape()) + " and values " + toText(v.shape()) + " have numbers");
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
            context.fail("the context of " + std::to_string(cache->capacity()) + " tokens is full: " + std::to_string(form.past) + " are kept and " + std::to_string(form.tokens) + " more do not fit; give fewer tokens");
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

// Sizes of memory are products of what the model says: they must not wrap.
void needCountable(const OperatorContext& context, std::initializer_list<std::int64_t> factors) {
    if (!checkedCount({factors.begin(), factors.size()})) context.fail("its heads ask for more than any memory holds");
}

// What one chunk needs beside its results.
struct Scratch {
    float *queries, *scores, *tile;
    static std::int64_t count(const Form& f) noexcept { return kQueries * f.group() * (f.size + kTile) + kTile * std::max(f.size, f.valueSize); }
    Scratch(const Form& f, std::byte* memory) noexcept {
        tile = reinterpret_cast<float*>(memory);
        queries = tile + kTile * std::max(f.size, f.valueSize);
        scores = queries + kQueries * f.group() * f.size;
    }
};

// Weighted sums of values over some keys, row by row: not yet divided by the weights' total.
struct Partial {
    float *sums, *largest, *total;
    static std::int64_t count(const Form& f) noexcept { return kQueries * f.group() * (f.valueSize + 2); }
    Partial(const Form& f, float* memory) noexcept : sums(memory), largest(memory + kQueries * f.group() * f.valueSize), total(largest + kQueries * f.group()) {}
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

// Some queries of the heads that share one head of keys.
struct Block {
    std::int64_t head, begin, tokens;
};

// Keys from … to − 1; `from` is a multiple of kTile, so that the cut changes no bits.
void attend(const OperatorContext& context, const Form& form, const Source& source, const float* q, const Block& block, std::int64_t from, std::int64_t to, const Scratch& s, const Partial& out) {
    const FloatRows& kernels = floatRows(context.machine().isa);
    const Blas& blas = *context.machine().blas;
    const Isa isa = context.machine().isa;
    const std::int64_t group = form.group(), rows = block.tokens * group;
    const bool few = block.tokens == 1;  // packing matrices is worth it for many rows
    for (std::int64_t t = 0; t < block.tokens; ++t)  // the heads that share these keys lie side by side
        std::copy_n(q + ((block.begin + t) * form.heads + block.head * group) * form.size, group * form.size, s.queries + t * group * form.size);
    std::fill_n(out.sums, rows * form.valueSize, 0.0f);
    std::fill_n(out.largest, rows, kHidden);
    std::fill_n(out.total, rows, 0.0f);
    for (std::int64_t first = from; first < to; first += kTile) {
        const std::int64_t count = std::min(kTile, to - first);
        const auto keys = source.keys(block.head, first, count, s.tile);
        if (few) rowProducts(isa, {s.queries, form.size, rows, keys.rows, keys.step, count, form.size, s.scores, kTile, form.scale});
        else blas.sgemm({.transposeB = true, .m = rows, .n = count, .k = form.size, .alpha = form.scale, .a = s.queries, .lda = form.size, .b = keys.rows, .ldb = keys.step, .c = s.scores, .ldc = kTile});
        for (std::int64_t row = 0; row < rows; ++row) {
            float* scores = s.scores + row * kTile;
            if (form.cap > 0) capScores(kernels, scores, count, form.cap);
            const std::int64_t place = form.past + block.begin + row / group;
            std::fill(scores, scores + std::clamp<std::int64_t>(form.firstSeen(place) - first, 0, count), kHidden);
            std::fill(scores + std::clamp<std::int64_t>(place + 1 - first, 0, count), scores + count, kHidden);
            joinTile(kernels, scores, count, out.largest[row], out.total[row], out.sums + row * form.valueSize, form.valueSize);
        }
        const auto values = source.values(block.head, first, count, s.tile);
        if (few) rowSums(isa, {s.scores, kTile, rows, values.rows, values.step, count, form.valueSize, out.sums, form.valueSize});
        else blas.sgemm({.m = rows, .n = form.valueSize, .k = count, .a = s.scores, .lda = kTile, .b = values.rows, .ldb = values.step, .beta = 1.0f, .c = out.sums, .ldc = form.valueSize});
    }
}

// The spans of one block, joined in their order.
void finish(const Form& form, const Block& block, std::span<const Partial> spans, const FloatRows& kernels, float* y) {
    const std::int64_t group = form.group();
    for (std::int64_t row = 0; row < block.tokens * group; ++row) {
        float* to = y + ((block.begin + row / group) * form.heads + block.head * group + row % group) * form.valueSize;
        float largest = kHidden, total = 0;
        for (const Partial& span : spans) largest = std::max(largest, span.largest[row]);
        std::fill_n(to, form.valueSize, 0.0f);
        for (const Partial& span : spans) {
            if (span.largest[row] == kHidden) continue;
            float share = span.largest[row] - largest;
            kernels.map(RowFunction::Exp, {}, &share, &share, 1);
            total += span.total[row] * share;
            for (std::int64_t i = 0; i < form.valueSize; ++i) to[i] += span.sums[row * form.valueSize + i] * share;
        }
        for (std::int64_t i = 0; i < form.valueSize; ++i) to[i] /= total;
    }
}

}  // namespace

void runCachedAttention(OperatorContext& context) {
    const Form form = formOf(context);
    const float *q = context.input(0).as<float>().data(), *k = context.input(1).as<float>().data(), *v = context.input(2).as<float>().data();
    float* y = context.output<float>(0, checkedShape(context, {1, form.tokens, form.heads * form.valueSize})).data();
    if (form.tokens == 0) return;
    if (KvCache* cache = context.cache()) {
        cache->writeKeys(form.layer, form.past, form.tokens, k);
        cache->writeValues(form.layer, form.past, form.tokens, v);
    }
    const Source source{context.cache(), form, k, v};
    const std::int64_t blocks = (form.tokens + kQueries - 1) / kQueries;
    const auto blockAt = [&](std::int64_t i) { return Block{i / blocks, i % blocks * kQueries, std::min(kQueries, form.tokens - i % blocks * kQueries)}; };
    // Few tokens over many keys: spans of keys are chunks of their own.
    const std::int64_t seen = form.past + form.tokens, spans = form.tokens <= kQueries ? std::max<std::int64_t>(1, (seen + kSpan - 1) / kSpan) : 1, keysPerSpan = spans > 1 ? kSpan : seen;
    needCountable(context, {kMostThreads, kQueries + kTile, form.group(), form.size + form.valueSize + kTile, static_cast<std::int64_t>(sizeof(float))});  // at least Scratch::count()
    needCountable(context, {form.kvHeads, blocks, spans, kQueries, form.group(), form.valueSize + 2, static_cast<std::int64_t>(sizeof(float))});
    const std::int64_t each = Partial::count(form);
    float* partials = context.scratch<float>(form.kvHeads * blocks * spans * each).data();
    const auto partialAt = [&](std::int64_t chunk) { return Partial(form, partials + chunk * each); };
    const FloatRows& kernels = floatRows(context.machine().isa);
    context.forEachWithScratch(form.kvHeads * blocks * spans, Scratch::count(form) * static_cast<std::int64_t>(sizeof(float)), [&](std::int64_t chunk, std::byte* memory) {
        const Block block = blockAt(chunk / spans);
        const std::int64_t span = chunk % spans, end = form.past + block.begin + block.tokens;
        const std::int64_t from = std::max(span * keysPerSpan, form.firstSeen(form.past + block.begin) / kTile * kTile), to = std::min((span + 1) * keysPerSpan, end);
        const Partial partial = partialAt(chunk);
        attend(context, form, source, q, block, from, to, Scratch(form, memory), partial);
        if (spans == 1) finish(form, block, std::span(&partial, 1), kernels, y);
    });
    if (spans == 1) return;
    for (std::int64_t i = 0; i < form.kvHeads * blocks; ++i) {
        std::vector<Partial> parts;
        for (std::int64_t span = 0; span < spans; ++span) parts.push_back(partialAt(i * spans + span));
        finish(form, blockAt(i), parts, kernels, y);
    }
}

}  // namespace bitlathe
