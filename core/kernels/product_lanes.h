// Sixty-four bytes and sixteen integers at once, for the body of block_product: one register of AVX-512, two of
// AVX2, loops elsewhere. "Quarter" i is bytes 16 i … 16 i + 15, or integers 4 i … 4 i + 3. The same names and
// results in each. Everything is local to the including file.
#pragma once

#include "core/kernels/block_lanes.h"

#if defined(__AVX512VNNI__)
#include "core/kernels/product_lanes_avx512vnni.h"
#elif defined(__AVX2__)
#include "core/kernels/product_lanes_avx2.h"
#else
#include "core/kernels/product_lanes_plain.h"
#endif
