// The points of the lattices that ggml's IQ1, IQ2 and IQ3 types choose from. Facts and no code: each table is
// part of a file format and was picked once, by training on models, from the E8 lattice (IQ1, IQ2; the idea
// is QuIP#'s, arXiv 2402.04396) and from D4 (IQ3). Tests hold them to a checksum and to ggml's own values.
//
// A point is the levels of its coordinates, first one in the low bits: eight of 2 bits, or four of 3 bits.
#pragma once

#include <cstdint>

namespace bitlathe {

// Levels of 2 bits stand for 8, 25 and 43; those of 3 bits for 4, 12, 20, 28, 36, 44, 52, 62 (IQ3_XXS) or
// 1, 3, 5 … 15 (IQ3_S); those of IQ1 for −1, 0, 1. Every table ascends.
extern const std::uint16_t kIq2XxsPoints[256];
extern const std::uint16_t kIq2XsPoints[512];
extern const std::uint16_t kIq2SPoints[1024];
extern const std::uint16_t kIq3XxsPoints[256];
extern const std::uint16_t kIq3SPoints[512];
extern const std::uint16_t kIq1SPoints[2048];  // of IQ1_M too

}  // namespace bitlathe
