// Sixteen floats or integers, one in each lane, for the bodies of block_encode: one register of AVX-512, two of
// AVX2, loops elsewhere. The same names and results in each. Everything is local to the including file.
#pragma once

#include <cstdint>

#if defined(__AVX512F__)
#include "core/kernels/block_lanes_avx512.h"
#elif defined(__AVX2__)
#include "core/kernels/block_lanes_avx2.h"
#else
#include "core/kernels/block_lanes_plain.h"
#endif
