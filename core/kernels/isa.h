// Which instruction sets the kernels may use. Detected once by the program, then handed down by value;
// it can be lowered by hand, never raised. Knows no kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace bitlathe {

// Ordered: a machine that runs one level runs all before it.
//   Reference    plain C++, any x86-64
//   Avx2         AVX2, FMA, F16C
//   Avx512Vnni   AVX-512 F, BW, CD, DQ, VL and VNNI
//   Amx          AMX int8 tiles; named so that users may ask for it. No kernel uses tiles yet, so
//                detectIsa() stops at Avx512Vnni and asking for Amx means the best there is.
enum class Isa : std::uint8_t { Reference, Avx2, Avx512Vnni, Amx };

// The highest level that both the processor (CPUID) and the operating system (XGETBV) support.
Isa detectIsa() noexcept;

// The lower of the two: what a program uses when the user asks for `wanted` on a machine with `detected`.
constexpr Isa lowered(Isa detected, Isa wanted) noexcept { return wanted < detected ? wanted : detected; }

// Stable names: "reference", "avx2", "avx512vnni", "amx". They appear on the command line and in files.
std::string_view isaName(Isa isa) noexcept;
std::optional<Isa> isaFromName(std::string_view name) noexcept;

// Every level up to and including `isa`, lowest first: what a test walks.
std::span<const Isa> isasUpTo(Isa isa) noexcept;

}  // namespace bitlathe
