// The implementations behind level_rows.h, for its driver and for the ISA files. Plain data only.
#pragma once

#include "core/kernels/level_rows.h"

namespace bitlathe {

// At least one of codes and decoded is wanted; count >= 1.
using LevelRowsFn = void (*)(const LevelRows& rows) noexcept;

void levelRowsReference(const LevelRows& rows) noexcept;
void levelRowsAvx2(const LevelRows& rows) noexcept;
void levelRowsAvx512(const LevelRows& rows) noexcept;

}  // namespace bitlathe
