#include "core/engine/operators/quantize_linear.h"

#include "core/engine/operator.h"
#include "core/engine/operators/encode.h"
#include "core/engine/widen.h"
#include "core/kernels/convert_rows.h"
#include "core/kernels/quantize.h"
#include "core/tensor/convert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace bitlathe {

namespace {

constexpr std::int64_t kGrain = 1 << 16;  // elements per task; whole bytes of every packed type

bool isSmallFloat(ElementType type) {
    return type == ElementType::F8E4M3FN || type == ElementType::F8E4M3FNUZ || type == ElementType::F8E5M2 ||
           type == ElementType::F8E5M2FNUZ || type == ElementType::F4E2M1;
}

// ONNX's numbers for element types, in output_dtype.
ElementType typeFromOnnx(const OperatorContext& context, std::int64_t number) {
    using T = ElementType;
    switch (number) {
        case 1: return T::F32;
        case 2: return T::U8;
        case 3: return T::I8;
        case 4: return T::U16;
        case 5: return T::I16;
        case 10: return T::F16;
        case 16: return T::BF16;
        case 17: return T::F8E4M3FN;
        case 18: return T::F8E4M3FNUZ;
        case 19: return T::F8E5M2;
        case 20: return T::F8E5M2FNUZ;
        case 21: return T::U4;
        case 22: return T::I4;
        case 23: return T::F4E2M1;
        case 25: return T::U2;
        case 26: return T::I2;
        default: context.refuse("output_dtype " + std::to_string(number) + " is not a type of codes");
    }
}

// Scales as float32, zero points as int32; absent zero points are all 0.
struct Parameters {
    ScaleLayout layout;
    Tensor scales;
    std::vector<std::int32_t> zeros;

    float scale(std::int64_t i) const { return scales.as<float>()[static_cast<std::size_t>(i)]; }
    std::int32_t zero(std::int64_t i) const { return zeros.empty() ? 0 : zeros[static_cast<std::size_t>(i)]; }
};

Parameters parametersOf(const OperatorContext& context, const Shape& shape) {
    Parameters p;
    const Tensor& scale = context.input(1);
    const Tensor* zero = context.optional(2);
    std::string why;
    if (!isFloat(scale.type()) && scale.type() != ElementType::F8E8M0) context.fail("the scale is not a float");
    if (!ScaleLayout::resolve(context.node(), shape, scale.shape(), p.layout, why)) context.fail(why);
    p.scales = toFloat32(scale);
    if (zero) {
        if (zero->count() != scale.count()) context.fail("scale and zero point differ in shape");
        if (!isSmallFloat(zero->type()))
            for (std::int64_t i = 0; i < zero->count(); ++i)
                p.zeros.push_back(static_cast<std::int32_t>(elementAt(zero->type(), zero->bytes().data(), i)));
    }
    return p;
}

// Calls run(begin, count, scale index) for each stretch of [begin, end) with one scale.
template <class F>
void eachRun(const ScaleLayout& layout, std::int64_t begin, std::int64_t end, F&& run) {
    while (begin < end) {
        const std::int64_t count = std::min(layout.runOf(begin, end), end - begin);
        run(begin, count, layout.scaleOf(begin));
        begin += count;
    }
}

void quantizeTask(const OperatorContext& context, const Parameters& p, ElementType type, const float* x, std::int64_t begin,
                  std::int64_t end, bool saturate, std::byte* y) {
    const Isa isa = context.machine().isa;
    if (isSmallFloat(type)) {
        std::vector<std::uint8_t> codes(static_cast<std::size_t>(end - begin));
        eachRun(p.layout, begin, end, [&](std::int64_t at, std::int64_t count, std::int64_t s) {
            for (std::int64_t i = at; i < at + count; ++i)
                codes[static_cast<std::size_t>(i - begin)] = encodeSmallFloat(type, x[i] / p.scale(s), saturate || type == ElementType::F4E2M1);
        });
        if (bitsOf(type) == 8) std::memcpy(y + begin, codes.data(), codes.size());
        else packCodes(isa, 4, codes.data(), end - begin, reinterpret_cast<std::uint8_t*>(y) + begin / 2);
        return;
    }
    const IntegerRange range = integerRange(type);
    const int bits = bitsOf(type);
    std::vector<std::uint8_t> codes(bits < 8 ? static_cast<std::size_t>(end - begin) : 0);
    eachRun(p.layout, begin, end, [&](std::int64_t at, std::int64_t count, std::int64_t s) {
        const QuantizeRule rule{p.scale(s), p.zero(s), static_cast<std::int32_t>(range.lo), static_cast<std::int32_t>(range.hi)};
        if (bits == 16) quantizeWords(isa, x + at, count, rule, y + 2 * at);
        else if (bits == 8) quantizeBytes(isa, x + at, count, rule, y + at);
        else quantizeBytes(isa, x + at, count, rule, codes.data() + (at - begin));
    });
    if (bits < 8) packCodes(isa, bits, codes.data(), end - begin, reinterpret_cast<std::uint8_t*>(y) + begin * bits / 8);
}

void dequantizeTask(const OperatorContext& context, const Parameters& p, const Tensor& x, std::int64_t begin, std::int64_t end, float* y) {
    const Isa isa = context.machine().isa;
    const ElementType type = x.type();
    const std::byte* bytes = x.bytes().data();
    std::vector<std::uint8_t> codes;
    const std::uint8_t* from = reinterpret_cast<const std::uint8_t*>(bytes) + begin;
    const bool packed = isInteger(type) && bitsOf(type) < 8;
    if (packed) {
        codes.resize(static_cast<std::size_t>(end - begin));
        unpackCodes(isa, bitsOf(type), isSigned(type), reinterpret_cast<const std::uint8_t*>(bytes) + begin * bitsOf(type) / 8, end - begin, codes.data());
        from = codes.data();
    }
    const bool bytewise = packed || type == ElementType::I8 || type == ElementType::U8;
    eachRun(p.layout, begin, end, [&](std::int64_t at, std::int64_t count, std::int64_t s) {
        if (bytewise && count > 1) return dequantizeBytes(isa, isSigned(type) ? ByteType::S8 : ByteType::U8, from + (at - begin), count, p.scale(s), p.zero(s), y + at);
        if (bytewise) {
            const auto code = from[at - begin];
            const std::int32_t value = isSigned(type) ? static_cast<std::int8_t>(code) : code;
            y[at] = static_cast<float>(std::int64_t(value) - p.zero(s)) * p.scale(s);
            return;
        }
        // Exact: codes and zero points of 32 bits differ by less than 2^53.
        for (std::int64_t i = at; i < at + count; ++i) y[i] = static_cast<float>(elementAt(type, bytes, i) - p.zero(s)) * p.scale(s);
    });
}

}  // namespace

bool ScaleLayout::resolve(const Node& node, const Shape& tensor, const Shape& scale, ScaleLayout& layout, std::string& why) {
    const std::int64_t block = node.integer("block_size", 0);
    if (scale.count() == 1 && scale.rank() <= 1 && block == 0) return true;
    std::int64_t axis = node.integer("axis", 1);
    if (tensor.rank() == 1 && scale.rank() == 1 && axis == 1) axis = 0;
    if (axis < 0) axis += tensor.rank();
    if (axis < 0 || axis >= tensor.rank()) {
        why = "axis lies outside the tensor " + toText(tensor);
        return false;
    }
    const int at = static_cast<int>(axis);
    layout.axis = tensor[at];
    layout.inner = tensor.count(at + 1, tensor.rank());
    if (block == 0) {
        layout.kind = Kind::Axis;
        if (scale.rank() == 1 && scale[0] == layout.axis) return true;
        why = "scale " + toText(scale) + " does not fit axis " + std::to_string(at) + " of " + toText(tensor);
        return false;
    }
    layout.kind = Kind::Block;
    layout.block = block;
    layout.blocks = block > 0 ? layout.axis / block + (layout.axis % block != 0) : 0;
    Shape expected = tensor;
    expected[at] = layout.blocks;
    if (block > 0 && scale == expected) return true;
    why = "scale " + toText(scale) + " does not fit blocks of " + std::to_string(block) + " along axis " + std::to_string(at) + " of " + toText(tensor);
    return false;
}

std::int64_t ScaleLayout::scaleOf(std::int64_t i) const noexcept {
    if (kind == Kind::Tensor) return 0;
    const std::int64_t row = i / inner;
    if (kind == Kind::Axis) return row % axis;
    return (row / axis * blocks + row % axis / block) * inner + i % inner;
}

std::int64_t ScaleLayout::runOf(std::int64_t i, std::int64_t count) const noexcept {
    if (kind == Kind::Tensor) return count - i;
    if (kind == Kind::Axis) return inner - i % inner;
    if (inner > 1) return 1;
    const std::int64_t at = i % axis;
    return std::min(block - at % block, axis - at);
}

void runQuantizeLinear(OperatorContext& context) {
    const Tensor& given = context.input(0);
    const Tensor* zero = context.optional(2);
    const auto named = context.node().integer("output_dtype", 0);
    const ElementType type = zero ? zero->type() : named ? typeFromOnnx(context, named) : ElementType::U8;
    if (!isSmallFloat(type) && (!isInteger(type) || bitsOf(type) > 16)) context.refuse("does not make codes of type " + std::string(nameOf(type)));
    const Tensor x = toFloat32(given);
    const Parameters p = parametersOf(context, x.shape());
    const bool saturate = context.node().integer("saturate", 1) != 0;
    std::byte* y = context.outputBytes(0, type, x.shape());
    const float* from = x.as<float>().data();
    context.forRange(x.count(), kGrain, [&](std::int64_t begin, std::int64_t end) { quantizeTask(context, p, type, from, begin, end, saturate, y); });
}

void runDequantizeLinear(OperatorContext& context) {
    const Tensor& x = context.input(0);
    if (!isSmallFloat(x.type()) && (!isInteger(x.type()) || bitsOf(x.type()) > 32)) context.refuse("does not read codes of type " + std::string(nameOf(x.type())));
    const Parameters p = parametersOf(context, x.shape());
    const auto named = context.node().integer("output_dtype", 0);
    const ElementType type = named ? typeFromOnnx(context, named) : context.input(1).type();
    const bool narrow = isWidened(type);
    if (type != ElementType::F32 && !narrow) context.refuse("does not make " + std::string(nameOf(type)));
    float* y = narrow ? context.scratch<float>(x.count()).data() : context.output<float>(0, x.shape()).data();
    context.forRange(x.count(), kGrain, [&](std::int64_t begin, std::int64_t end) { dequantizeTask(context, p, x, begin, end, y); });
    if (narrow) context.setOutput(0, fromFloat32(Tensor::of(x.shape(), std::span<const float>(y, static_cast<std::size_t>(x.count()))), type, context.machine().isa));
}

DynamicScale dynamicScale(const float* values, std::int64_t count) noexcept {
    // Eight running extremes: the order does not change a minimum.
    std::array<float, 8> lo{}, hi{};
    std::int64_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (std::size_t j = 0; j < 8; ++j) {
            lo[j] = std::min(lo[j], values[i + static_cast<std::int64_t>(j)]);
            hi[j] = std::max(hi[j], values[i + static_cast<std::int64_t>(j)]);
        }
    for (; i < count; ++i) {
        lo[0] = std::min(lo[0], values[i]);
        hi[0] = std::max(hi[0], values[i]);
    }
    const float least = *std::min_element(lo.begin(), lo.end()), most = *std::max_element(hi.begin(), hi.end());
    DynamicScale result;
    result.scale = most == least ? 1.0f : (most - least) / 255.0f;
    const float zero = -least / result.scale;  // not a number where the range is infinite
    result.zeroPoint = std::isnan(zero) ? 0 : static_cast<std::uint8_t>(std::nearbyint(std::clamp(zero, 0.0f, 255.0f)));
    return result;
}

void runDynamicQuantizeLinear(OperatorContext& context) {
    const Tensor& x = context.input(0);
    if (x.type() != ElementType::F32) context.refuse("works on float32 only");
    const float* from = x.as<float>().data();
    const DynamicScale dynamic = dynamicScale(from, x.count());
    auto* y = context.output<std::uint8_t>(0, x.shape()).data();
    context.output<float>(1, Shape{})[0] = dynamic.scale;
    context.output<std::uint8_t>(2, Shape{})[0] = dynamic.zeroPoint;
    const QuantizeRule rule{dynamic.scale, dynamic.zeroPoint, 0, 255};
    context.forRange(x.count(), kGrain, [&](std::int64_t begin, std::int64_t end) {
        quantizeBytes(context.machine().isa, from + begin, end - begin, rule, y + begin);
    });
}

}  // namespace bitlathe
