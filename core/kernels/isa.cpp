#include "core/kernels/isa.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace bitlathe {
namespace {

constexpr Isa allIsas[] = {Isa::Reference, Isa::Avx2, Isa::Avx512Vnni, Isa::Amx};
constexpr std::string_view isaNames[] = {"reference", "avx2", "avx512vnni", "amx"};

#if defined(__x86_64__)
constexpr bool has(unsigned word, int bit) { return (word >> bit & 1u) != 0; }

// The register states that the operating system saves on a switch (XCR0).
std::uint64_t enabledStates() noexcept {
    std::uint32_t low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return std::uint64_t{high} << 32 | low;
}
#endif

Isa asked() noexcept {
#if defined(__x86_64__)
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return Isa::Reference;
    const bool osxsave = has(c, 27), fma = has(c, 12), f16c = has(c, 29), avx = has(c, 28);
    if (!osxsave || !avx || !fma || !f16c) return Isa::Reference;
    constexpr std::uint64_t ymmStates = 0x6, zmmStates = 0xe6;
    const std::uint64_t states = enabledStates();
    if ((states & ymmStates) != ymmStates) return Isa::Reference;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return Isa::Reference;
    const bool avx2 = has(b, 5);
    if (!avx2) return Isa::Reference;
    const bool avx512 = has(b, 16) && has(b, 17) && has(b, 28) && has(b, 30) && has(b, 31);  // F DQ CD BW VL
    const bool vnni = has(c, 11);
    if (!avx512 || !vnni || (states & zmmStates) != zmmStates) return Isa::Avx2;
    return Isa::Avx512Vnni;
#else
    return Isa::Reference;
#endif
}

}  // namespace

// Once: on a virtual machine each question to the processor takes some 10 µs.
Isa detectIsa() noexcept {
    static const Isa detected = asked();
    return detected;
}

std::string_view isaName(Isa isa) noexcept { return isaNames[static_cast<int>(isa)]; }

std::optional<Isa> isaFromName(std::string_view name) noexcept {
    for (const Isa isa : allIsas)
        if (isaName(isa) == name) return isa;
    return std::nullopt;
}

std::span<const Isa> isasUpTo(Isa isa) noexcept {
    return std::span<const Isa>(allIsas).first(static_cast<std::size_t>(isa) + 1);
}

}  // namespace bitlathe
