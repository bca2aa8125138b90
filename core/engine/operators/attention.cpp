#include "core/engine/operators/attention.h"

#include "core/engine/blas.h"
#include "core/engine/operators/arguments.h"
#include "core/engine/operators/broadcast.h"
#include "core/engine/operators/strided.h"
#include "core/kernels/float_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace bitlathe {

namespace {

constexpr float kHidden = -std::numeric_limits<float>::infinity();

// Heads of a tensor batch × heads × length × size, or of batch × length × (heads · size): how they lie in memory.
struct Heads {
    const float* data = nullptr;
    std::int64_t heads = 0, length = 0, size = 0;
    std::int64_t batchStep = 0, headStep = 0, rowStep = 0;
    const float* at(std::int64_t batch, std::int64_t head, std::int64_t row) const { return data + batch * batchStep + head * headStep + row * rowStep; }
};

Heads separateHeads(const float* data, std::int64_t heads, std::int64_t length, std::int64_t size) {
    return {data, heads, length, size, heads * length * size, length * size, size};
}

Heads headsOf(OperatorContext& context, std::size_t i, std::string_view countAttribute, std::int64_t batch) {
    const Tensor& x = inputOf(context, i, ElementType::F32);
    needRank(context, x, 3, 4);
    if (x.shape()[0] != batch) context.fail("its inputs differ in their number of sequences");
    if (x.shape().rank() == 4) return separateHeads(x.as<float>().data(), x.shape()[1], x.shape()[2], x.shape()[3]);
    const std::int64_t heads = context.node().integer(countAttribute, 0), wide = x.shape()[2];
    if (heads < 1 || wide % heads != 0) context.fail(std::string(countAttribute) + " is " + std::to_string(heads) + ", which does not divide " + std::to_string(wide));
    return {x.as<float>().data(), heads, x.shape()[1], wide / heads, x.shape()[1] * wide, wide / heads, wide};
}

// Keys or values with those of earlier steps in front. They become output `present` where it is asked for.
Heads withPast(OperatorContext& context, const Heads& fresh, std::size_t past, std::size_t present, std::int64_t batch) {
    const Tensor* earlier = context.optional(past);
    if (!earlier && !context.wants(present)) return fresh;
    std::int64_t length = 0;
    if (earlier) {
        inputOf(context, past, ElementType::F32);
        const Shape& s = earlier->shape();
        if (s.rank() != 4 || s[0] != batch || s[1] != fresh.heads || s[3] != fresh.size) context.fail("the past keys or values " + toText(s) + " do not fit the new ones");
        length = s[2];
    }
    const Shape shape = checkedShape(context, {batch, fresh.heads, length + fresh.length, fresh.size});
    float* to = context.wants(present) ? context.output<float>(present, shape).data() : context.scratch<float>(shape.count()).data();
    const Heads all = separateHeads(to, fresh.heads, length + fresh.length, fresh.size);
    context.forEach(batch * fresh.heads, [&](std::int64_t at) {
        const std::int64_t b = at / fresh.heads, h = at % fresh.heads;
        float* head = to + at * all.headStep;
        if (earlier) std::copy_n(earlier->as<float>().data() + at * length * fresh.size, length * fresh.size, head);
        for (std::int64_t row = 0; row < fresh.length; ++row) std::copy_n(fresh.at(b, h, row), fresh.size, head + (length + row) * fresh.size);
    });
    return all;
}

// What is added to a score, or hides it.
struct Mask {
    const float* added = nullptr;
    const std::uint8_t* shown = nullptr;
    std::vector<std::int64_t> strides;  // of batch, head, query, key
    std::int64_t length = 0;            // keys behind it are hidden

    std::int64_t rowAt(std::int64_t batch, std::int64_t head, std::int64_t query) const { return batch * strides[0] + head * strides[1] + query * strides[2]; }
    void apply(float* scores, std::int64_t row, std::int64_t keys) const {
        const std::int64_t step = strides[3], count = std::min(keys, length);
        if (added) for (std::int64_t k = 0; k < count; ++k) scores[k] += added[row + k * step];
        if (shown) for (std::int64_t k = 0; k < count; ++k) scores[k] = shown[row + k * step] != 0 ? scores[k] : kHidden;
        std::fill(scores + count, scores + std::max(count, keys), kHidden);
    }
};

Mask maskOf(OperatorContext& context, const Shape& scores) {
    Mask mask;
    const Tensor* tensor = context.optional(3);
    if (!tensor) return mask;
    if (tensor->type() == ElementType::Bool) mask.shown = reinterpret_cast<const std::uint8_t*>(tensor->bytes().data());
    else mask.added = inputOf(context, 3, ElementType::F32).as<float>().data();
    const int rank = tensor->shape().rank();
    mask.length = rank == 0 || tensor->shape()[rank - 1] == 1 ? scores[3] : tensor->shape()[rank - 1];
    Shape target = scores;
    target[3] = std::min(mask.length, scores[3]);
    const auto joined = rank <= 4 ? broadcast(tensor->shape(), target) : std::nullopt;
    if (!joined || *joined != target) context.fail("the mask " + toText(tensor->shape()) + " does not fit the scores " + toText(scores));
    mask.strides = broadcastStrides(tensor->shape(), target);
    return mask;
}

struct Window {
    bool causal;
    std::int64_t left, right;  // -1: no bound

    // Hides the keys that the query at absolute position p may not see.
    void apply(float* scores, std::int64_t p, std::int64_t keys) const {
        const std::int64_t first = left < 0 ? 0 : std::clamp<std::int64_t>(p - left, 0, keys);
        std::int64_t last = right < 0 || right > keys ? keys : std::clamp<std::int64_t>(p + right + 1, 0, keys);
        if (causal) last = std::min(last, std::clamp<std::int64_t>(p + 1, 0, keys));
        std::fill(scores, scores + std::min(first, last), kHidden);
        std::fill(scores + last, scores + keys, kHidden);
    }
};

}  // namespace

void runAttention(OperatorContext& context) {
    const Node& node = context.node();
    const Tensor& query = inputOf(context, 0, ElementType::F32);
    needRank(context, query, 3, 4);
    const std::int64_t batch = query.shape()[0];
    const Heads q = headsOf(context, 0, "q_num_heads", batch);
    const Heads k = withPast(context, headsOf(context, 1, "kv_num_heads", batch), 4, 1, batch);
    const Heads v = withPast(context, headsOf(context, 2, "kv_num_heads", batch), 5, 2, batch);
    if ((context.optional(4) == nullptr) != (context.optional(5) == nullptr)) context.fail("past_key and past_value must be given together");
    if (k.heads < 1 || q.heads % k.heads != 0 || v.heads != k.heads || k.size != q.size || v.length != k.length)
        context.fail("queries " + toText(query.shape()) + ", keys " + toText(context.input(1).shape()) + " and values " + toText(context.input(2).shape()) + " do not fit");
    const std::int64_t keys = k.length, rows = q.length, past = context.optional(4) ? context.optional(4)->shape()[2] : 0;
    const Shape scoresShape = checkedShape(context, {batch, q.heads, rows, keys});
    const Mask mask = maskOf(context, scoresShape);
    const Window window{node.integer("is_causal", 0) != 0, std::max<std::int64_t>(-1, node.integer("left_window_size", -1)),
                        std::max<std::int64_t>(-1, node.integer("right_window_size", -1))};
    const std::vector<std::int64_t> filled = integersIn(context, 6);
    if (context.optional(6) && static_cast<std::int64_t>(filled.size()) != batch) context.fail("nonpad_kv_seqlen must have one number per sequence");
    for (const std::int64_t length : filled)
        if (length < 0 || length > keys) context.fail("nonpad_kv_seqlen " + std::to_string(length) + " exceeds the " + std::to_string(keys) + " keys");
    const float scale = node.has("scale") ? node.real("scale", 1.0f) : 1.0f / std::sqrt(static_cast<float>(std::max<std::int64_t>(1, q.size)));
    const float cap = node.real("softcap", 0.0f);
    const std::int64_t shown = node.integer("qk_matmul_output_mode", 0);

    const bool flat = query.shape().rank() == 3;
    float* y = context.output<float>(0, checkedShape(context, flat ? std::vector<std::int64_t>{batch, rows, q.heads * v.size} : std::vector<std::int64_t>{batch, q.heads, rows, v.size})).data();
    float* told = context.wants(3) ? context.output<float>(3, scoresShape).data() : nullptr;
    const FloatRows& kernels = floatRows(context.machine().isa);
    const Blas& blas = *context.machine().blas;
    constexpr std::int64_t kBlock = 64;  // queries at once
    const std::int64_t blocks = (rows + kBlock - 1) / kBlock;
    context.forEach(batch * q.heads * blocks, [&](std::int64_t chunk) {
        const std::int64_t b = chunk / blocks / q.heads, h = chunk / blocks % q.heads, first = chunk % blocks * kBlock, count = std::min(kBlock, rows - first);
        const std::int64_t shared = h / (q.heads / k.heads), offset = !filled.empty() ? filled[static_cast<std::size_t>(b)] - rows : past;
        std::vector<float> scores(static_cast<std::size_t>(count * keys));
        if (keys > 0)
            blas.sgemm({.transposeB = true, .m = count, .n = keys, .k = q.size, .alpha = scale, .a = q.at(b, h, first), .lda = q.rowStep,
                        .b = k.at(b, shared, 0), .ldb = k.rowStep, .c = scores.data(), .ldc = keys});
        for (std::int64_t i = 0; i < count; ++i) {
            float* row = scores.data() + i * keys;
            const auto tell = [&](std::int64_t mode) {
                if (told && shown == mode) std::copy_n(row, keys, told + ((b * q.heads + h) * rows + first + i) * keys);
            };
            tell(0);
            if (cap != 0) {
                for (std::int64_t j = 0; j < keys; ++j) row[j] /= cap;
                kernels.map(RowFunction::Tanh, {}, row, row, keys);
                for (std::int64_t j = 0; j < keys; ++j) row[j] *= cap;
            }
            tell(1);
            if (!mask.strides.empty()) mask.apply(row, mask.rowAt(b, h, first + i), keys);
            window.apply(row, first + i + offset, keys);
            if (!filled.empty()) std::fill(row + filled[static_cast<std::size_t>(b)], row + keys, kHidden);
            tell(2);
            if (std::all_of(row, row + keys, [](float score) { return score == kHidden; })) std::fill_n(row, keys, 0.0f);
            else kernels.softmax(row, row, keys);
            tell(3);
        }
        float* out = flat ? y + ((b * rows + first) * q.heads + h) * v.size : y + ((b * q.heads + h) * rows + first) * v.size;
        const std::int64_t step = flat ? q.heads * v.size : v.size;
        if (keys == 0) for (std::int64_t i = 0; i < count; ++i) std::fill_n(out + i * step, v.size, 0.0f);
        else blas.sgemm({.m = count, .n = v.size, .k = keys, .a = scores.data(), .lda = keys, .b = v.at(b, shared, 0), .ldb = v.rowStep, .c = out, .ldc = step});
    });
}

namespace {

struct Rotary {
    const Tensor &x, &cosines, &sines;
    const Tensor* positions;
};

void rotate(OperatorContext& context, const Rotary& r) {
    const Shape& shape = r.x.shape();
    needRank(context, r.x, 3, 4);
    const Node& node = context.node();
    const std::int64_t batch = shape[0];
    const std::int64_t headCount = node.integer("num_heads", 0);
    const bool flat = shape.rank() == 3;
    // com.microsoft leaves num_heads out where the caches tell the size of a head.
    const std::int64_t guessed = flat && headCount == 0 && r.cosines.shape().rank() > 0 ? shape[2] / std::max<std::int64_t>(1, 2 * r.cosines.shape()[r.cosines.shape().rank() - 1]) : headCount;
    const std::int64_t heads = flat ? guessed : shape[1], length = flat ? shape[1] : shape[2];
    if (heads < 1 || (flat && shape[2] % heads != 0)) context.fail("num_heads is " + std::to_string(heads) + ", which does not divide the input " + toText(shape));
    const std::int64_t size = flat ? shape[2] / heads : shape[3];
    const std::int64_t turned = node.integer("rotary_embedding_dim", 0) > 0 ? node.integer("rotary_embedding_dim", 0) : size, half = turned / 2;
    if (turned > size || turned % 2 != 0) context.fail("it turns " + std::to_string(turned) + " of " + std::to_string(size) + " numbers");
    if (r.cosines.shape() != r.sines.shape() || r.cosines.shape().rank() < 1 || r.cosines.shape()[r.cosines.shape().rank() - 1] != half)
        context.fail("the caches " + toText(r.cosines.shape()) + " and " + toText(r.sines.shape()) + " do not fit");
    // Row of the caches for every token.
    std::vector<std::int64_t> rows;
    const std::int64_t cached = r.cosines.count() / std::max<std::int64_t>(1, half);
    const std::vector<std::int64_t> positions = r.positions ? toInt64(*r.positions) : std::vector<std::int64_t>{};
    if (r.positions && positions.size() != 1 && static_cast<std::int64_t>(positions.size()) != batch * length) context.fail("position_ids " + toText(r.positions->shape()) + " does not fit");
    for (std::int64_t token = 0; token < batch * length; ++token) {
        std::int64_t row = token;
        if (r.positions) row = positions.size() == 1 && batch * length != 1 ? positions[0] + token % length : positions[static_cast<std::size_t>(token)];
        if (row < 0 || row >= cached) context.fail("position " + std::to_string(row) + " lies outside the " + std::to_string(cached) + " cached ones");
        rows.push_back(row);
    }
    const bool interleaved = node.integer("interleaved", 0) != 0;
    const std::int64_t step = interleaved ? 2 : 1, partner = interleaved ? 1 : half;
    const float *from = r.x.as<float>().data(), *cosines = r.cosines.as<float>().data(), *sines = r.sines.as<float>().data();
    float* to = context.output<float>(0, shape).data();
    context.forRange(batch * heads * length, rowsPerChunk(size), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t at = begin; at < end; ++at) {  // in the order of memory
            const std::int64_t b = at / (heads * length), token = b * length + (flat ? at / heads % length : at % length);
            const float *x = from + at * size, *c = cosines + rows[static_cast<std::size_t>(token)] * half, *s = sines + rows[static_cast<std::size_t>(token)] * half;
            float* y = to + at * size;
            for (std::int64_t i = 0; i < half; ++i) {
                const float a = x[i * step], z = x[i * step + partner];
                y[i * step] = c[i] * a - s[i] * z;
                y[i * step + partner] = s[i] * a + c[i] * z;
            }
            std::copy(x + turned, x + size, y + turned);
        }
    });
}

}  // namespace

void runRotaryEmbedding(OperatorContext& context) {
    rotate(context, {inputOf(context, 0, ElementType::F32), inputOf(context, 1, ElementType::F32), inputOf(context, 2, ElementType::F32), context.optional(3)});
}

void runRotaryEmbeddingMicrosoft(OperatorContext& context) {
    if (context.node().real("scale", 1.0f) != 1.0f || context.node().integer("is_packed_batching", 0) != 0) context.refuse("scaled and packed forms are not computed");
    rotate(context, {inputOf(context, 0, ElementType::F32), inputOf(context, 2, ElementType::F32), inputOf(context, 3, ElementType::F32), &context.input(1)});
}

void runTensorScatter(OperatorContext& context) {
    const Tensor &cache = context.input(0), &update = context.input(1);
    needSameType(context, cache, update);
    const int size = elementBytes(context, cache.type());
    const int axis = axisOf(context, context.node().integer("axis", -2), cache.shape().rank());
    bool fits = axis > 0 && update.shape().rank() == cache.shape().rank();
    for (int a = 0; fits && a < cache.shape().rank(); ++a) fits = a == axis ? update.shape()[a] <= cache.shape()[a] : update.shape()[a] == cache.shape()[a];
    if (!fits) context.fail("the update " + toText(update.shape()) + " does not fit the cache " + toText(cache.shape()));
    const std::string mode = context.node().text("mode", "linear");
    if (mode != "linear" && mode != "circular") context.fail("mode is '" + mode + "', which does not exist");
    const AroundAxis around = aroundAxis(cache.shape(), axis);
    const std::int64_t batch = cache.shape()[0], length = update.shape()[axis], row = around.inner * size;
    std::vector<std::int64_t> places = integersIn(context, 2);
    if (places.empty()) places.assign(static_cast<std::size_t>(batch), 0);
    if (static_cast<std::int64_t>(places.size()) != batch) context.fail("write_indices must have one number per sequence");
    for (const std::int64_t place : places)
        if (place < 0 || place >= std::max<std::int64_t>(1, around.extent) || (mode == "linear" && place > around.extent - length))
            context.fail("the place " + std::to_string(place) + " lies outside the cache " + toText(cache.shape()));
    std::byte* out = copyToOutput(context, 0);
    const std::int64_t perBatch = batch == 0 ? 0 : around.outer / batch;
    for (std::int64_t outer = 0; outer < around.outer; ++outer)
        for (std::int64_t i = 0; i < length; ++i) {
            const std::int64_t place = (places[static_cast<std::size_t>(outer / perBatch)] + i) % around.extent;
            std::copy_n(update.bytes().data() + (outer * length + i) * row, row, out + (outer * around.extent + place) * row);
        }
}

}  // namespace bitlathe
