#include "core/engine/operators/cast.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/elements.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

namespace bitlathe {

namespace {

constexpr std::int64_t kBlock = 1024;  // even, so that packed bytes are never shared between blocks

struct SmallFloat {
    int exponentBits, mantissaBits, bias;
    SmallFloatKind kind;
};

constexpr SmallFloat smallFloat(ElementType type) noexcept {
    switch (type) {
    case ElementType::F8E4M3FN: return {4, 3, 7, SmallFloatKind::Finite};
    case ElementType::F8E4M3FNUZ: return {4, 3, 8, SmallFloatKind::FiniteUz};
    case ElementType::F8E5M2: return {5, 2, 15, SmallFloatKind::Ieee};
    case ElementType::F8E5M2FNUZ: return {5, 2, 16, SmallFloatKind::FiniteUz};
    default: return {2, 1, 1, SmallFloatKind::NoNan};  // F4E2M1
    }
}

unsigned encode(double x, const SmallFloat& format, bool saturate) noexcept {
    const int m = format.mantissaBits;
    const unsigned sign = 1u << (format.exponentBits + m), ones = sign - 1;
    const unsigned infinity = ((1u << format.exponentBits) - 1) << m;
    unsigned most = ones, notANumber = ones;
    switch (format.kind) {
    case SmallFloatKind::Ieee: most = infinity - 1; break;
    case SmallFloatKind::Finite: most = ones - 1; break;
    case SmallFloatKind::FiniteUz: notANumber = sign; break;
    case SmallFloatKind::NoNan: break;
    }
    const bool unsignedZero = format.kind == SmallFloatKind::FiniteUz;
    const unsigned negative = std::signbit(x) ? sign : 0;
    if (std::isnan(x)) return unsignedZero ? notANumber : negative | notANumber;
    const double magnitude = std::abs(x);
    unsigned code = most + 1;
    if (magnitude < 1e30) {
        const int exponent = magnitude == 0 ? 1 - format.bias : std::max(std::ilogb(magnitude), 1 - format.bias);
        const double steps = std::nearbyint(std::ldexp(magnitude, m - exponent));
        code = (static_cast<unsigned>(exponent + format.bias - 1) << m) + static_cast<unsigned>(steps);
    }
    if (code > most) {
        if (saturate || format.kind == SmallFloatKind::NoNan) code = most;
        else if (format.kind == SmallFloatKind::Ieee) code = infinity;
        else return unsignedZero ? notANumber : negative | notANumber;
    }
    return unsignedZero && code == 0 ? 0 : negative | code;
}

enum class ScaleRounding { Up, Down, Nearest };

// A power of two: e8m0 knows no sign, no zero and no infinity.
unsigned encodeE8m0(double x, ScaleRounding rounding, bool saturate) noexcept {
    constexpr unsigned kNan = 255;
    if (std::isnan(x)) return kNan;
    const double magnitude = std::abs(x);
    if (std::isinf(magnitude)) return saturate ? 254 : kNan;
    if (magnitude == 0) return saturate ? 0 : kNan;
    int exponent = std::ilogb(magnitude);
    const double rest = std::ldexp(magnitude, -exponent);  // 1 … 2
    if (rounding == ScaleRounding::Up ? rest > 1 : rounding == ScaleRounding::Nearest && rest >= 1.5) ++exponent;
    if (exponent > 127) return saturate ? 254 : kNan;
    if (exponent < -127) return saturate ? 0 : kNan;
    return static_cast<unsigned>(exponent + 127);
}

// A block of values on their way: the widest type of their kind.
union Wide {
    double real;
    std::int64_t integer;
    std::uint64_t natural;
};
enum class Kind { Real, Integer, Natural };

Kind kindOf(ElementType type) noexcept {
    return isFloat(type) ? Kind::Real : isInteger(type) && isSigned(type) ? Kind::Integer : Kind::Natural;
}

void load(const Tensor& x, std::int64_t begin, std::int64_t count, Wide* to) {
    const std::byte* bytes = x.bytes().data();
    const bool plain = visitNumbers(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T* from = reinterpret_cast<const T*>(bytes) + begin;
        for (std::int64_t i = 0; i < count; ++i) {
            if constexpr (kIsReal<T>) to[i].real = double(Computed<T>(from[i]));
            else if constexpr (std::is_signed_v<T>) to[i].integer = from[i];
            else to[i].natural = from[i];
        }
    });
    if (plain) return;
    const Kind kind = kindOf(x.type());
    for (std::int64_t i = 0; i < count; ++i) {
        const double value = elementAt(x.type(), bytes, begin + i);  // small types: exact
        if (kind == Kind::Real) to[i].real = value;
        else if (kind == Kind::Integer) to[i].integer = static_cast<std::int64_t>(value);
        else to[i].natural = static_cast<std::uint64_t>(value);
    }
}

template <class T>
T truncated(double value) noexcept {
    using Limits = std::numeric_limits<T>;
    if (!(value == value)) return 0;
    if (value <= double(Limits::min())) return Limits::min();
    return value >= double(Limits::max()) ? Limits::max() : static_cast<T>(value);
}

// An integer of `bits` bits: a real is cut to the range, another integer keeps its low bits.
unsigned smallInteger(const Wide& value, Kind kind, int bits, bool isSigned) noexcept {
    std::int64_t code = value.integer;
    if (kind == Kind::Real) {
        const int least = isSigned ? -(1 << (bits - 1)) : 0;
        code = std::clamp<int>(truncated<std::int16_t>(value.real), least, least + (1 << bits) - 1);
    }
    return static_cast<unsigned>(code) & ((1u << bits) - 1);
}

struct Target {
    ElementType type;
    bool saturate;
    ScaleRounding rounding;
};

double realOf(const Wide& value, Kind kind) noexcept {
    return kind == Kind::Real ? value.real : kind == Kind::Integer ? double(value.integer) : double(value.natural);
}

void store(const Wide* from, Kind kind, std::int64_t begin, std::int64_t count, const Target& target, std::byte* bytes) {
    const bool plain = visitNumbers(target.type, [&](auto tag) {
        using T = typename decltype(tag)::type;
        T* to = reinterpret_cast<T*>(bytes) + begin;
        if constexpr (kIsReal<T>) {
            if (kind == Kind::Real) for (std::int64_t i = 0; i < count; ++i) to[i] = T(Computed<T>(from[i].real));
            else if (kind == Kind::Integer) for (std::int64_t i = 0; i < count; ++i) to[i] = T(Computed<T>(from[i].integer));
            else for (std::int64_t i = 0; i < count; ++i) to[i] = T(Computed<T>(from[i].natural));
        } else if (kind == Kind::Real) {
            for (std::int64_t i = 0; i < count; ++i) to[i] = truncated<T>(from[i].real);
        } else {
            for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<T>(from[i].natural);
        }
    });
    if (plain) return;
    if (target.type == ElementType::Bool) {
        auto* to = reinterpret_cast<std::uint8_t*>(bytes) + begin;
        for (std::int64_t i = 0; i < count; ++i) to[i] = kind == Kind::Real ? from[i].real != 0 : from[i].natural != 0;
        return;
    }
    const int bits = bitsOf(target.type), each = 8 / bits;
    auto* to = reinterpret_cast<std::uint8_t*>(bytes) + begin / each;
    const SmallFloat format = smallFloat(target.type);
    for (std::int64_t i = 0; i < count; ++i) {
        unsigned code = 0;
        if (isInteger(target.type)) code = smallInteger(from[i], kind, bits, isSigned(target.type));
        else if (target.type == ElementType::F8E8M0) code = encodeE8m0(realOf(from[i], kind), target.rounding, target.saturate);
        else code = encode(realOf(from[i], kind), format, target.saturate);
        const auto shift = static_cast<int>(i % each) * bits;
        to[i / each] = static_cast<std::uint8_t>(shift == 0 ? code : to[i / each] | code << shift);
    }
}

void castTo(OperatorContext& context, ElementType type) {
    const Tensor& x = context.input(0);
    if (x.type() == ElementType::String || type == ElementType::String) context.refuse("strings cannot be computed with");
    if (x.type() == type) return context.setOutput(0, x);
    const std::string rounding = context.node().text("round_mode", "up");
    const Target target{type, context.node().integer("saturate", 1) != 0,
                        rounding == "down" ? ScaleRounding::Down : rounding == "nearest" ? ScaleRounding::Nearest : ScaleRounding::Up};
    std::byte* out = context.outputBytes(0, type, x.shape());
    const Kind kind = kindOf(x.type());
    context.forRange(x.count(), kCostlyGrain, [&](std::int64_t begin, std::int64_t end) {
        std::array<Wide, kBlock> block;
        for (std::int64_t at = begin; at < end; at += kBlock) {
            const std::int64_t count = std::min(kBlock, end - at);
            load(x, at, count, block.data());
            store(block.data(), kind, at, count, target, out);
        }
    });
}

}  // namespace

std::optional<ElementType> elementTypeOfOnnx(std::int64_t code) noexcept {
    using enum ElementType;
    constexpr std::optional<ElementType> kNone;
    static constexpr std::optional<ElementType> kTypes[] = {
        kNone, F32, U8, I8, U16, I16, I32, I64, String, Bool, F16, F64, U32, U64, kNone, kNone, BF16,
        F8E4M3FN, F8E4M3FNUZ, F8E5M2, F8E5M2FNUZ, U4, I4, F4E2M1, F8E8M0, U2, I2};
    return code >= 0 && code < std::int64_t(std::size(kTypes)) ? kTypes[code] : kNone;
}

void runCast(OperatorContext& context) {
    const std::int64_t code = context.node().integer("to", 0);
    const auto type = elementTypeOfOnnx(code);
    if (!type) context.fail("it casts to data type " + std::to_string(code) + ", which is not a number type");
    castTo(context, *type);
}

void runCastLike(OperatorContext& context) { castTo(context, context.input(1).type()); }

}  // namespace bitlathe
