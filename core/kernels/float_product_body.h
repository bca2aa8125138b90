// Body of float_product. Each ISA file includes it and is compiled for its own instruction set. Everything is local
// to the including file.
#pragma once

#include "core/kernels/float_product_kernels.h"
#include "core/kernels/product_lanes.h"

namespace bitlathe {
namespace {

constexpr std::int64_t kStep = 64;  // lanes

template <FloatForm Form>
constexpr std::int64_t kBytes = Form == FloatForm::F32 ? 4 : 2;

template <FloatForm Form>
LANES_INLINE Floats weightsAt(const std::uint8_t* at) {
    if constexpr (Form == FloatForm::F32) return asFloats(loadInts(reinterpret_cast<const std::int32_t*>(at)));
    else if constexpr (Form == FloatForm::F16) return loadHalves(reinterpret_cast<const std::uint16_t*>(at));
    else return loadBfloats(at);
}

template <FloatForm Form, int A>
LANES_INLINE void addTerms(const std::uint8_t* w, const float* const* x, Floats (*lanes)[4]) {
    for (int i = 0; i < 4; ++i) {
        const Floats weights = weightsAt<Form>(w + 16 * i * kBytes<Form>);
        for (int j = 0; j < A; ++j) lanes[j][i] = lanes[j][i] + weights * load(x[j] + 16 * i);
    }
}

// One row of weights times A rows of activations.
template <FloatForm Form, int A>
LANES_INLINE void rowTimesRows(const std::uint8_t* row, std::int64_t k, const float* x, float* y, std::int64_t yStride) {
    constexpr std::int64_t ahead = 6144;  // bytes: the processor itself fetches ahead within a page only
    Floats lanes[A][4];
    for (int j = 0; j < A; ++j)
        for (int i = 0; i < 4; ++i) lanes[j][i] = all(0);
    const float* at[A];
    for (int j = 0; j < A; ++j) at[j] = x + j * k;
    const std::int64_t whole = k / kStep * kStep, rest = k - whole;
    for (std::int64_t d = 0; d < whole; d += kStep) {
        const std::uint8_t* w = row + d * kBytes<Form>;
        for (std::int64_t b = 0; b < kStep * kBytes<Form>; b += 64) __builtin_prefetch(w + ahead + b);
        addTerms<Form, A>(w, at, lanes);
        for (int j = 0; j < A; ++j) at[j] += kStep;
    }
    if (rest > 0) {
        alignas(64) std::uint8_t w[kStep * kBytes<Form>] = {};
        alignas(64) float last[A][kStep] = {};
        __builtin_memcpy(w, row + whole * kBytes<Form>, static_cast<std::size_t>(rest * kBytes<Form>));
        for (int j = 0; j < A; ++j) {
            __builtin_memcpy(last[j], at[j], static_cast<std::size_t>(rest) * sizeof(float));
            at[j] = last[j];
        }
        addTerms<Form, A>(w, at, lanes);
    }
    for (int j = 0; j < A; ++j) y[j * yStride] = sumOfLanes((lanes[j][0] + lanes[j][2]) + (lanes[j][1] + lanes[j][3]));
}

template <FloatForm Form>
void multiplyForm(const FloatProduct& c) noexcept {
    for (std::int64_t n = 0; n < c.n; ++n) {
        const std::uint8_t* row = static_cast<const std::uint8_t*>(c.weights) + n * c.k * kBytes<Form>;
        std::int64_t m = 0;
        for (; m + 4 <= c.m; m += 4) rowTimesRows<Form, 4>(row, c.k, c.x + m * c.k, c.y + m * c.yStride + n, c.yStride);
        for (; m < c.m; ++m) rowTimesRows<Form, 1>(row, c.k, c.x + m * c.k, c.y + m * c.yStride + n, c.yStride);
    }
}

LANES_INLINE void multiplyAny(const FloatProduct& call) {
    switch (call.form) {
        case FloatForm::F32: return multiplyForm<FloatForm::F32>(call);
        case FloatForm::F16: return multiplyForm<FloatForm::F16>(call);
        case FloatForm::BF16: return multiplyForm<FloatForm::BF16>(call);
    }
}

}  // namespace
}  // namespace bitlathe
