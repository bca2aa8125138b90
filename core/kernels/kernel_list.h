// Every kernel there is, for people: what the command line lists and what a report names as its source.
// Knows names only; calling goes through each kind's own header.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/kernels/isa.h"

namespace bitlathe {

struct KernelRow {
    std::string_view name;   // stable, e.g. "igemm_avx512vnni"
    std::string_view kind;   // e.g. "igemm"
    Isa isa = Isa::Reference;
    std::string_view label;  // for people
};

// One kind's implementations are adjacent, fastest first, reference last.
std::span<const KernelRow> kernelList() noexcept;

// The row of `kind` that runs at `isa`: the first whose level is not above it. `kind` must be listed.
const KernelRow& kernelFor(std::string_view kind, Isa isa) noexcept;

}  // namespace bitlathe
