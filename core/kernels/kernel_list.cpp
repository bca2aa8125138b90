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
    {"qlinear_add_avx512", "qlinear_add", Isa::Avx512Vnni, "8-bit addition, AVX-512"},
    {"qlinear_add_avx2", "qlinear_add", Isa::Avx2, "8-bit addition, AVX2"},
    {"qlinear_add_reference", "qlinear_add", Isa::Reference, "8-bit addition, plain C++"},
    {"qlinear_mul_avx512", "qlinear_mul", Isa::Avx512Vnni, "8-bit multiplication, AVX-512"},
    {"qlinear_mul_avx2", "qlinear_mul", Isa::Avx2, "8-bit multiplication, AVX2"},
    {"qlinear_mul_reference", "qlinear_mul", Isa::Reference, "8-bit multiplication, plain C++"},
    {"lookup_avx512", "lookup", Isa::Avx512Vnni, "table of 256 bytes, AVX-512"},
    {"lookup_avx2", "lookup", Isa::Avx2, "table of 256 bytes, AVX2"},
    {"lookup_reference", "lookup", Isa::Reference, "table of 256 bytes, plain C++"},
    {"max_pool_avx512", "max_pool", Isa::Avx512Vnni, "8-bit maximum pooling, AVX-512"},
    {"max_pool_avx2", "max_pool", Isa::Avx2, "8-bit maximum pooling, AVX2"},
    {"max_pool_reference", "max_pool", Isa::Reference, "8-bit maximum pooling, plain C++"},
    {"average_pool_avx512", "average_pool", Isa::Avx512Vnni, "8-bit average pooling, AVX-512"},
    {"average_pool_avx2", "average_pool", Isa::Avx2, "8-bit average pooling, AVX2"},
    {"average_pool_reference", "average_pool", Isa::Reference, "8-bit average pooling, plain C++"},
    {"quantize_avx512", "quantize", Isa::Avx512Vnni, "float to codes and back, AVX-512"},
    {"quantize_avx2", "quantize", Isa::Avx2, "float to codes and back, AVX2"},
    {"quantize_reference", "quantize", Isa::Reference, "float to codes and back, plain C++"},
    {"fconv_avx512", "fconv", Isa::Avx512Vnni, "float convolution, AVX-512"},
    {"fconv_avx2", "fconv", Isa::Avx2, "float convolution, AVX2 and FMA"},
    {"fconv_reference", "fconv", Isa::Reference, "float convolution, plain C++"},
    {"float_rows_avx512", "float_rows", Isa::Avx512Vnni, "activations, softmax, moments and pools of float rows, AVX-512"},
    {"float_rows_avx2", "float_rows", Isa::Avx2, "activations, softmax, moments and pools of float rows, AVX2"},
    {"float_rows_reference", "float_rows", Isa::Reference, "activations, softmax, moments and pools of float rows, plain C++"},
    {"grid_error_avx512", "grid_error", Isa::Avx512Vnni, "error of a grid of codes, for range searches, AVX-512"},
    {"grid_error_avx2", "grid_error", Isa::Avx2, "error of a grid of codes, for range searches, AVX2"},
    {"grid_error_reference", "grid_error", Isa::Reference, "error of a grid of codes, for range searches, plain C++"},
    {"transpose_avx2", "transpose", Isa::Avx2, "transposition of bytes and floats, AVX2"},
    {"transpose_reference", "transpose", Isa::Reference, "transposition of bytes and floats, plain C++"},
    {"weight_pass_avx512", "weight_pass", Isa::Avx512Vnni, "codes, error sums and histograms of weights, AVX-512"},
    {"weight_pass_avx2", "weight_pass", Isa::Avx2, "codes, error sums and histograms of weights, AVX2"},
    {"weight_pass_reference", "weight_pass", Isa::Reference, "codes, error sums and histograms of weights, plain C++"},
    {"level_rows_avx512", "level_rows", Isa::Avx512Vnni, "nearest float, level or step and back, AVX-512"},
    {"level_rows_avx2", "level_rows", Isa::Avx2, "nearest float, level or step and back, AVX2"},
    {"level_rows_reference", "level_rows", Isa::Reference, "nearest float, level or step and back, plain C++"},
    {"value_pass_avx512", "value_pass", Isa::Avx512Vnni, "extremes, sums and histograms of floats, AVX-512"},
    {"value_pass_avx2", "value_pass", Isa::Avx2, "extremes, sums and histograms of floats, AVX2"},
    {"value_pass_reference", "value_pass", Isa::Reference, "extremes, sums and histograms of floats, plain C++"},
    {"row_products_avx512", "row_products", Isa::Avx512Vnni, "float vectors times rows, for attention and single tokens, AVX-512"},
    {"row_products_avx2", "row_products", Isa::Avx2, "float vectors times rows, for attention and single tokens, AVX2"},
    {"row_products_reference", "row_products", Isa::Reference, "float vectors times rows, for attention and single tokens, plain C++"},
    {"block_encode_avx512", "block_encode", Isa::Avx512Vnni, "blocks of GGUF files, sixteen side by side, AVX-512"},
    {"block_encode_avx2", "block_encode", Isa::Avx2, "blocks of GGUF files, sixteen side by side, AVX2"},
    {"block_encode_reference", "block_encode", Isa::Reference, "blocks of GGUF files, sixteen side by side, plain C++"},
    {"block_product_avx512vnni", "block_product", Isa::Avx512Vnni, "weights in GGUF blocks times int8 activations, AVX-512 VNNI"},
    {"block_product_avx2", "block_product", Isa::Avx2, "weights in GGUF blocks times int8 activations, AVX2"},
    {"block_product_reference", "block_product", Isa::Reference, "weights in GGUF blocks times int8 activations, plain C++"},
    {"float_product_avx512", "float_product", Isa::Avx512Vnni, "rows of floats and halves times few rows of floats, AVX-512"},
    {"float_product_avx2", "float_product", Isa::Avx2, "rows of floats and halves times few rows of floats, AVX2"},
    {"float_product_reference", "float_product", Isa::Reference, "rows of floats and halves times few rows of floats, plain C++"},
    {"convert_rows_avx512", "convert_rows", Isa::Avx512Vnni, "half-precision floats and packed codes, AVX-512"},
    {"convert_rows_avx2", "convert_rows", Isa::Avx2, "half-precision floats and packed codes, AVX2"},
    {"convert_rows_reference", "convert_rows", Isa::Reference, "half-precision floats and packed codes, plain C++"},
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
