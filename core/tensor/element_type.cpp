#include "core/tensor/element_type.h"

namespace bitlathe {

int bitsOf(ElementType type) noexcept {
    using enum ElementType;
    switch (type) {
    case F64: case I64: case U64: return 64;
    case F32: case I32: case U32: return 32;
    case F16: case BF16: case I16: case U16: return 16;
    case I8: case U8: case Bool: case F8E4M3FN: case F8E4M3FNUZ: case F8E5M2: case F8E5M2FNUZ: case F8E8M0: return 8;
    case I4: case U4: case F4E2M1: return 4;
    case I2: case U2: return 2;
    case String: return 0;
    }
    return 0;
}

std::int64_t bytesFor(ElementType type, std::int64_t count) noexcept {
    const std::int64_t bits = bitsOf(type);
    return bits >= 8 ? count * (bits / 8) : (count * bits + 7) / 8;
}

std::string_view nameOf(ElementType type) noexcept {
    using enum ElementType;
    switch (type) {
    case F64: return "float64";
    case F32: return "float32";
    case F16: return "float16";
    case BF16: return "bfloat16";
    case I64: return "int64";
    case I32: return "int32";
    case I16: return "int16";
    case I8: return "int8";
    case U64: return "uint64";
    case U32: return "uint32";
    case U16: return "uint16";
    case U8: return "uint8";
    case Bool: return "bool";
    case I4: return "int4";
    case U4: return "uint4";
    case I2: return "int2";
    case U2: return "uint2";
    case F8E4M3FN: return "float8e4m3fn";
    case F8E4M3FNUZ: return "float8e4m3fnuz";
    case F8E5M2: return "float8e5m2";
    case F8E5M2FNUZ: return "float8e5m2fnuz";
    case F8E8M0: return "float8e8m0";
    case F4E2M1: return "float4e2m1";
    case String: return "string";
    }
    return "unknown";
}

bool isFloat(ElementType type) noexcept {
    using enum ElementType;
    switch (type) {
    case F64: case F32: case F16: case BF16: case F8E4M3FN: case F8E4M3FNUZ: case F8E5M2: case F8E5M2FNUZ: case F8E8M0: case F4E2M1: return true;
    default: return false;
    }
}

bool isInteger(ElementType type) noexcept {
    return !isFloat(type) && type != ElementType::Bool && type != ElementType::String;
}

bool isSigned(ElementType type) noexcept {
    using enum ElementType;
    switch (type) {
    case U64: case U32: case U16: case U8: case U4: case U2: case Bool: case F8E8M0: case String: return false;
    default: return true;
    }
}

}  // namespace bitlathe
