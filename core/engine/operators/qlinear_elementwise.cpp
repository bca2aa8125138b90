#include "core/engine/operators/qlinear_elementwise.h"

#include "core/engine/operator.h"
#include "core/engine/operators/broadcast.h"
#include "core/engine/operators/byte_scale.h"
#include "core/engine/operators/integer_product.h"
#include "core/kernels/kernel_list.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace bitlathe {

ByteScale byteScale(const OperatorContext& context, std::size_t scale) {
    const Tensor& real = context.input(scale);
    const Tensor* zero = context.optional(scale + 1);
    if (real.count() != 1 || (zero && zero->count() != 1)) context.refuse("has more than one scale for a tensor of codes");
    return {toFloat32(real).as<float>()[0], zero ? zeroPoints(zero)[0] : 0};
}

ByteType codesOf(const OperatorContext& context, const Tensor& tensor) {
    ByteType type;
    if (!byteTypeOf(tensor.type(), type)) context.refuse("works on 8-bit codes only, not on " + std::string(nameOf(tensor.type())));
    return type;
}

namespace {

// roundHalfEven(real) + zero point, saturated; NaN becomes the code of 0.
std::uint8_t codeOf(float real, ByteType type, const ByteScale& scale) noexcept {
    if (std::isnan(real)) return static_cast<std::uint8_t>(scale.zeroPoint);
    const float shifted = std::nearbyint(real) + static_cast<float>(scale.zeroPoint);
    return static_cast<std::uint8_t>(static_cast<int>(std::clamp(shifted, static_cast<float>(lowestCode(type)), static_cast<float>(highestCode(type)))));
}

using BinaryKernel = void (*)(Isa, const ByteBinary&) noexcept;

// Inputs: A, its scale and zero point, B, …, then those of the output.
void runBinary(OperatorContext& context, BinaryKernel kernel) {
    const Tensor &a = context.input(0), &b = context.input(3);
    ByteBinary task;
    task.type = codesOf(context, a);
    if (a.type() != b.type()) context.fail("its inputs differ in type");
    task.aScale = byteScale(context, 1);
    task.bScale = byteScale(context, 4);
    task.yScale = byteScale(context, 6);
    const BroadcastLoop loop(context, {&a.shape(), &b.shape()});
    const auto *from = a.bytes().data(), *other = b.bytes().data();
    std::byte* y = a.shape() == loop.shape() ? context.outputBytesOver(0, 0, a.type(), loop.shape()) : context.outputBytes(0, a.type(), loop.shape());
    const Isa isa = context.machine().isa;
    loop.run(context, 1 << 17, [&](const BroadcastLoop::Row& row) {
        ByteBinary part = task;
        part.a = from + row.from[0];
        part.b = other + row.from[1];
        part.y = y + row.to;
        part.aStep = loop.moves(0) ? 1 : 0;
        part.bStep = loop.moves(1) ? 1 : 0;
        part.count = row.length;
        kernel(isa, part);
    });
}

// y = quantize(f(dequantize(x))) by a table; f sees reals.
template <class F>
void runTable(OperatorContext& context, F&& f) {
    const Tensor& x = context.input(0);
    const ByteType type = codesOf(context, x);
    const ByteScale in = byteScale(context, 1), out = byteScale(context, 3);
    std::array<std::uint8_t, 256> table;
    for (int i = 0; i < 256; ++i) {
        const int code = type == ByteType::S8 ? static_cast<std::int8_t>(i) : i;
        const float real = f(in.scale * static_cast<float>(code - in.zeroPoint));
        table[static_cast<std::size_t>(i)] = codeOf(real / out.scale, type, out);
    }
    const auto* from = reinterpret_cast<const std::uint8_t*>(x.bytes().data());
    auto* y = reinterpret_cast<std::uint8_t*>(context.outputBytesOver(0, 0, x.type(), x.shape()));
    context.forRange(x.count(), 1 << 17, [&](std::int64_t begin, std::int64_t end) {
        lookupBytes(context.machine().isa, table.data(), from + begin, y + begin, end - begin);
    });
}

}  // namespace

void runQLinearAdd(OperatorContext& context) { runBinary(context, qlinearAdd); }
void runQLinearMul(OperatorContext& context) { runBinary(context, qlinearMul); }
Prepared prepareQLinearAdd(const PrepareContext& context) { return {nullptr, std::string(kernelFor("qlinear_add", context.machine.isa).name)}; }
Prepared prepareQLinearMul(const PrepareContext& context) { return {nullptr, std::string(kernelFor("qlinear_mul", context.machine.isa).name)}; }

void runQLinearSigmoid(OperatorContext& context) {
    runTable(context, [](float x) { return 1.0f / (1.0f + std::exp(-x)); });
}
void runQLinearLeakyRelu(OperatorContext& context) {
    const float alpha = context.node().real("alpha", 0.01f);
    runTable(context, [alpha](float x) { return x >= 0.0f ? x : alpha * x; });
}

// Inputs: scale and zero point of the output, then a tensor, its scale and zero point for each part.
void runQLinearConcat(OperatorContext& context) {
    const ByteScale out = byteScale(context, 0);
    const std::size_t parts = (context.inputCount() - std::min<std::size_t>(2, context.inputCount())) / 3;
    if (parts == 0) context.fail("has nothing to concatenate");
    const Tensor& first = context.input(2);
    const ByteType type = codesOf(context, first);
    const int rank = first.shape().rank();
    auto axis = context.node().integer("axis", 1);
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank) context.fail("axis lies outside its inputs");
    Shape shape = first.shape();
    const int at = static_cast<int>(axis);
    shape[at] = 0;
    for (std::size_t i = 0; i < parts; ++i) {
        const Tensor& x = context.input(2 + 3 * i);
        Shape same = x.shape();
        if (same.rank() == rank) same[at] = first.shape()[at];
        if (x.type() != first.type() || same != first.shape()) context.fail("its inputs differ in type or shape");
        shape[at] += x.shape()[at];
    }
    const std::int64_t outer = shape.count(0, at), stride = shape.count(at, rank);
    auto* y = reinterpret_cast<std::uint8_t*>(context.outputBytes(0, first.type(), shape));
    for (std::size_t i = 0; i < parts; ++i) {
        const Tensor& x = context.input(2 + 3 * i);
        const ByteScale in = byteScale(context, 3 + 3 * i);
        std::array<std::uint8_t, 256> table;
        requantizeTable(type, in, type, out, table.data());
        const std::int64_t run = x.shape().count(at, rank);
        const auto* from = reinterpret_cast<const std::uint8_t*>(x.bytes().data());
        const std::int64_t grain = std::max<std::int64_t>(1, (1 << 16) / std::max<std::int64_t>(run, 1));
        context.forRange(outer, grain, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t o = begin; o < end; ++o) {
                if (in == out) std::memcpy(y + o * stride, from + o * run, static_cast<std::size_t>(run));
                else lookupBytes(context.machine().isa, table.data(), from + o * run, y + o * stride, run);
            }
        });
        y += run;
    }
}

// As ONNX Runtime: exponentials of code differences from a table, the row's maximum taken as the largest code.
void runQLinearSoftmax(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const ByteType type = codesOf(context, x);
    const ByteScale in = byteScale(context, 1), out = byteScale(context, 3);
    const int rank = x.shape().rank();
    auto axis = context.node().integer("axis", -1);
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= std::max(rank, 1)) context.fail("axis lies outside its input");
    const bool flat = context.node().integer("opset", 13) < 13;  // then all axes from `axis` on are one
    const int at = static_cast<int>(axis);
    const std::int64_t inner = flat ? 1 : x.shape().count(std::min(at + 1, rank), rank);
    const std::int64_t length = rank == 0 ? 1 : flat ? x.shape().count(at, rank) : x.shape()[at];
    if (length == 0) {
        context.outputBytes(0, x.type(), x.shape());
        return;
    }
    std::array<float, 256> table;  // exp of −(255 − i) codes
    for (int i = 0; i < 256; ++i) table[static_cast<std::size_t>(i)] = static_cast<float>(std::exp(static_cast<double>(i - 255) * static_cast<double>(in.scale)));
    const int flip = type == ByteType::S8 ? 128 : 0;
    const auto* from = reinterpret_cast<const std::uint8_t*>(x.bytes().data());
    auto* y = reinterpret_cast<std::uint8_t*>(context.outputBytesOver(0, 0, x.type(), x.shape()));
    const auto code = [&](std::int64_t i) { return static_cast<int>(static_cast<std::uint8_t>(from[i] + flip)); };
    context.forRange(x.count() / length, std::max<std::int64_t>(1, (1 << 14) / length), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
            const std::int64_t first = row / inner * length * inner + row % inner;
            int most = 0;
            for (std::int64_t i = 0; i < length; ++i) most = std::max(most, code(first + i * inner));
            const float* shifted = table.data() + (255 - most);
            float sum = 0.0f;
            for (std::int64_t i = 0; i < length; ++i) sum += shifted[code(first + i * inner)];
            for (std::int64_t i = 0; i < length; ++i)
                y[first + i * inner] = codeOf(shifted[code(first + i * inner)] * (1.0f / out.scale) / sum, type, out);
        }
    });
}

}  // namespace bitlathe
