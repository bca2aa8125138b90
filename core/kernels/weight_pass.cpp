#include "core/kernels/weight_pass.h"

#include <algorithm>
#include <cassert>

#include "core/kernels/counting.h"
#include "core/kernels/weight_pass_kernels.h"

namespace bitlathe {
namespace {

constexpr int spare = 16;

WeightPieceFn pieceOf(Isa isa) noexcept {
    constexpr WeightPieceFn pieces[] = {weightPieceReference, weightPieceAvx2, weightPieceAvx512};
    return pieces[static_cast<int>(lowered(Isa::Avx512Vnni, isa))];
}

struct DoubleLanes {
    double error2[16] = {}, value2[16] = {}, valueError[16] = {};
    float maxError[16] = {};
    std::int64_t clipped = 0, notFinite = 0;

    void add(const WeightLanes& piece) noexcept {
        std::int32_t clippedHere = 0, notFiniteHere = 0;
        for (int i = 0; i < 16; ++i) {
            error2[i] += static_cast<double>(piece.error2[i]);
            value2[i] += static_cast<double>(piece.value2[i]);
            valueError[i] += static_cast<double>(piece.valueError[i]);
            maxError[i] = std::max(maxError[i], piece.maxError[i]);
            clippedHere += piece.clipped[i];
            notFiniteHere += piece.notFinite[i];
        }
        clipped += clippedHere;
        notFinite += notFiniteHere;
    }

    WeightSums total(std::int64_t count) noexcept {
        for (int width = 8; width > 0; width /= 2)
            for (int i = 0; i < width; ++i) {
                error2[i] += error2[i + width];
                value2[i] += value2[i + width];
                valueError[i] += valueError[i + width];
                maxError[i] = std::max(maxError[i], maxError[i + width]);
            }
        return {error2[0], value2[0], valueError[0], maxError[0], clipped, notFinite, count};
    }
};

// Decoded values of a piece by the rows of its format, and its codes, where they are wanted, less `low`.
void decodePiece(Isa isa, const WeightPass& pass, std::int64_t at, std::int64_t count, float* decoded, std::uint8_t* codeIndex) noexcept {
    const LevelGroups& groups = pass.groups;
    const float* x = pass.coded ? pass.coded : pass.x;
    std::uint8_t* codes = pass.codes ? pass.codes + at : pass.codeCounts ? codeIndex : nullptr;
    for (std::int64_t done = 0; done < count;) {
        const std::int64_t group = (at + done) / groups.size, within = (at + done) % groups.size;
        LevelRows rows;
        rows.x = x + at + done;
        rows.count = within == 0 || groups.size - within > count - done ? count - done : groups.size - within;
        rows.format = *pass.format;
        rows.groups = groups;
        rows.groups.scales += group;
        if (groups.divisors) rows.groups.divisors += group;
        if (groups.zeroPoints) rows.groups.zeroPoints += group;
        if (groups.sets && !groups.oneSet) rows.groups.sets += group;
        rows.decoded = decoded + done;
        rows.codes = codes ? codes + done : nullptr;
        levelRows(isa, rows);
        done += rows.count;
    }
    if (pass.codeCounts)
        for (std::int64_t i = 0; i < count; ++i) codeIndex[i] = static_cast<std::uint8_t>(codes[i] - pass.low);
}

WeightBins binsOf(const Bins& bins, std::uint16_t* index) noexcept {
    if (bins.count == 0) return {nullptr, 0, 0, 0};
    return {index, bins.low, static_cast<float>(bins.count) / (bins.high - bins.low), static_cast<float>(bins.count)};
}

}  // namespace

void addSums(WeightSums& a, const WeightSums& b) noexcept {
    a.error2 += b.error2;
    a.value2 += b.value2;
    a.valueError += b.valueError;
    a.maxError = std::max(a.maxError, b.maxError);
    a.clipped += b.clipped;
    a.notFinite += b.notFinite;
    a.count += b.count;
}

WeightSums weightPass(Isa isa, const WeightPass& pass) noexcept {
    assert(pass.groupSize >= 1);
    assert(pass.high - pass.low <= 255 || ((pass.format || pass.given) && !pass.codeCounts));
    assert(!pass.given || (!pass.codes && !pass.codeCounts));
    assert(pass.groupSize <= weightPieceElements || (!pass.groupError2 && !pass.groupValue2));
    assert(!pass.format || (!pass.given && !(pass.format->wide && (pass.codes || pass.codeCounts))));
    const WeightPieceFn run = pieceOf(isa);
    DoubleLanes lanes;
    std::uint8_t codeIndex[weightPieceElements + spare];
    std::uint16_t valueIndex[weightPieceElements + spare], decodedIndex[weightPieceElements + spare],
        errorIndex[weightPieceElements + spare];
    alignas(64) float decodedHere[weightPieceElements];
    const bool given = pass.format || pass.given;
    CodeCounter codes(isa, pass.codeCounts ? pass.high - pass.low + 1 : 0);
    BinCounter values(pass.values.count), decoded(pass.decoded.count), errors(pass.errors.count);

    const std::int64_t groupsPerPiece =
        std::clamp<std::int64_t>(weightPieceElements / pass.groupSize, 1, weightPieceGroups);
    for (std::int64_t at = 0; at < pass.count;) {
        const std::int64_t group = at / pass.groupSize;
        WeightPiece piece{};
        std::int64_t count;
        if (pass.groupSize > weightPieceElements) {  // a part of one group
            count = std::min<std::int64_t>(weightPieceElements, std::min((group + 1) * pass.groupSize, pass.count) - at);
            piece.groups = 1;
            piece.groupSize = piece.lastSize = static_cast<int>(count);
        } else {  // whole groups
            count = std::min(groupsPerPiece * pass.groupSize, pass.count - at);
            piece.groups = static_cast<int>((count + pass.groupSize - 1) / pass.groupSize);
            piece.groupSize = static_cast<int>(pass.groupSize);
            piece.lastSize = static_cast<int>(count - (piece.groups - 1) * pass.groupSize);
        }
        piece.x = pass.x + at;
        if (given) {
            if (pass.format) decodePiece(isa, pass, at, count, decodedHere, codeIndex);
            piece.given = pass.format ? decodedHere : pass.given + at;
            piece.lowest = pass.lowest ? pass.lowest + group : nullptr;
            piece.highest = pass.highest ? pass.highest + group : nullptr;
        } else {
            piece.scales = pass.scales + group;
            piece.zeroPoints = pass.zeroPoints ? pass.zeroPoints + group : nullptr;
            piece.codeLow = pass.low;
            piece.codeHigh = pass.high;
            piece.signs = pass.signs;
            piece.codes = pass.codes ? pass.codes + at : nullptr;
            piece.codeIndex = pass.codeCounts ? codeIndex : nullptr;
        }
        piece.values = binsOf(pass.values, valueIndex);
        piece.decoded = binsOf(pass.decoded, decodedIndex);
        piece.errors = binsOf(pass.errors, errorIndex);
        piece.groupError2 = pass.groupError2 ? pass.groupError2 + group : nullptr;
        piece.groupValue2 = pass.groupValue2 ? pass.groupValue2 + group : nullptr;
        WeightLanes sums;
        run(piece, sums);
        lanes.add(sums);
        codes.count(codeIndex, static_cast<int>(count));
        values.count(valueIndex, count);
        decoded.count(decodedIndex, count);
        errors.count(errorIndex, count);
        at += count;
    }
    codes.addTo(pass.codeCounts);
    values.addTo(pass.values.counts);
    decoded.addTo(pass.decoded.counts);
    errors.addTo(pass.errors.counts);
    return lanes.total(pass.count);
}

}  // namespace bitlathe
