#include "core/kernels/kernel_list.h"

#include <cassert>

namespace bitlathe {
namespace {

constexpr KernelRow rows[] = {
    {"igemm_avx512vnni", "igemm", Isa::Avx512Vnni, "int8 matrix product, AVX-512 VNNI"},
    {"igemm_avx2", "igemm", Isa::Avx2, "int8 matrix product, AVX2, widened to 16 bits"},
    {"igemm_reference", "igemm", Isa::Reference, "int8 matrix product, plain C++"},
    {"depthwise_avx512vnni", "depthwise", Isa::Avx512Vnni, "int8 depthwise convolution, AVX-512 VNNI"},
    {"depthwise_avx2", "depthwise", Isa::Avx2, "int8 depthwise convolution, AVX2, widened to 16 bits"},
    {"depthwise_reference", "depthwise", Isa::Reference, "int8 depthwise convolution, plain C++"},
    {"requantize_avx512", "requantize", Isa::Avx512Vnni, "int32 to 8-bit codes, AVX-512"},
    {"requantize_avx2", "requantize", Isa::Avx2, "int32 to 8-bit codes, AVX2"},
    {"requantize_reference", "requantize", Isa::Reference, "int32 to 8-bit codes, plain C++"},
};

}  // namespace

std::span<const KernelRow> kernelList() noexcept { return rows; }

const KernelRow& kernelFor(std::string_view kind, Isa isa) noexcept {
    for (const KernelRow& row : rows)
        if (row.kind == kind && row.isa <= isa) return row;
    assert(false && "unknown kernel kind");
    return rows[0];
}

}  // namespace bitlathe
