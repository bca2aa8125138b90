#include "core/quant/gguf_rows.h"

#include "core/kernels/block_encode.h"
#include "core/kernels/convert_rows.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

namespace bitlathe {

namespace {

// Values that are handled together: they, their codes and what is made of them stay in the nearest caches.
constexpr std::int64_t kPiece = 4096;

// Of a row, as the reference adds it; what no block can hold counts as the most that one can.
class RowSquare {
public:
    void add(std::span<const float> x) noexcept {
        for (const float v : x) {
            const float held = std::isfinite(v) ? std::clamp(v, -kGgufFar, kGgufFar) : 0.0f;
            m_sum += held * held;
        }
        m_count += x.size();
    }
    float mean() const noexcept { return m_count > 0 ? m_sum / static_cast<float>(m_count) : 0.0f; }

private:
    float m_sum = 0;
    std::size_t m_count = 0;
};

// Blocks of one row or of several rows.
struct Piece {
    std::int64_t block = 0;          // the first one's place in its row
    const float* squares = nullptr;  // mean squares of the rows, where the type takes them
};

// Returns how many values are not finite.
std::int64_t packPiece(const GgufRows& rows, std::span<const float> x, const Piece& piece, std::span<std::byte> out, Isa isa) noexcept {
    const GgufForm& form = rows.form;
    const std::int64_t blocks = static_cast<std::int64_t>(x.size()) / form.values, rowBlocks = rows.columns / form.values;
    if (regularGguf(isa, form.type, x.data(), static_cast<std::int64_t>(x.size()))) {
        const GgufRun run{form.type, blocks, x.data(), rows.importance.empty() ? nullptr : rows.importance.data(), rowBlocks, piece.block, piece.squares};
        packGgufRun(isa, run, reinterpret_cast<std::uint8_t*>(out.data()));
        return 0;
    }
    const auto values = static_cast<std::size_t>(form.values), bytes = static_cast<std::size_t>(form.bytes);
    for (std::int64_t b = 0; b < blocks; ++b) {
        const auto at = static_cast<std::size_t>(b), inRow = static_cast<std::size_t>((piece.block + b) % rowBlocks);
        packGguf(form, x.subspan(at * values, values), rows.importance.empty() ? rows.importance : rows.importance.subspan(inRow * values, values),
                 piece.squares ? piece.squares[(piece.block + b) / rowBlocks] : -1.0f, out.subspan(at * bytes, bytes));
    }
    return std::count_if(x.begin(), x.end(), [](float v) { return !std::isfinite(v); });
}

bool takesRowSquares(const GgufRows& rows) noexcept { return !rows.importance.empty() && rows.form.type <= GgufType::Q5_1; }

// floats(first, count) gives values of x from `first`, in a buffer of its own or where they lie.
template <class Floats>
std::int64_t packAll(const GgufRows& rows, std::int64_t count, std::span<std::byte> out, Isa isa, Floats floats) noexcept {
    assert(rows.columns > 0 && rows.columns % rows.form.values == 0 && count % rows.columns == 0);
    assert(rows.importance.empty() || static_cast<std::int64_t>(rows.importance.size()) == rows.columns);
    std::int64_t notFinite = 0;
    const auto pack = [&](std::int64_t at, std::int64_t length, const float* squares) {
        const std::int64_t bytesAt = at / rows.form.values * rows.form.bytes, bytes = length / rows.form.values * rows.form.bytes;
        notFinite += packPiece(rows, floats(at, length), {at % rows.columns / rows.form.values, squares},
                  out.subspan(static_cast<std::size_t>(bytesAt), static_cast<std::size_t>(bytes)), isa);
    };
    if (!takesRowSquares(rows)) {
        for (std::int64_t at = 0; at < count; at += kPiece) pack(at, std::min(kPiece, count - at), nullptr);
        return notFinite;
    }
    for (std::int64_t row = 0; row < count; row += rows.columns) {
        RowSquare square;
        for (std::int64_t at = 0; at < rows.columns; at += kPiece) square.add(floats(row + at, std::min(kPiece, rows.columns - at)));
        const float mean = square.mean();
        for (std::int64_t at = 0; at < rows.columns; at += kPiece) pack(row + at, std::min(kPiece, rows.columns - at), &mean);
    }
    return notFinite;
}

using FromSixteenBits = void (*)(Isa, const std::uint16_t*, std::int64_t, float*) noexcept;

std::int64_t packSixteenBits(const GgufRows& rows, std::span<const std::uint16_t> x, std::span<std::byte> out, Isa isa, FromSixteenBits convert) noexcept {
    alignas(64) std::array<float, kPiece> buffer;
    return packAll(rows, static_cast<std::int64_t>(x.size()), out, isa, [&](std::int64_t at, std::int64_t length) {
        convert(isa, x.data() + at, length, buffer.data());
        return std::span<const float>(buffer).first(static_cast<std::size_t>(length));
    });
}

}  // namespace

std::int64_t packGgufRows(const GgufRows& rows, std::span<const float> x, std::span<std::byte> out, Isa isa) noexcept {
    return packAll(rows, static_cast<std::int64_t>(x.size()), out, isa,
            [&](std::int64_t at, std::int64_t length) { return x.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(length)); });
}

std::int64_t packGgufHalves(const GgufRows& rows, std::span<const std::uint16_t> x, std::span<std::byte> out, Isa isa) noexcept {
    return packSixteenBits(rows, x, out, isa, floatsFromHalves);
}

std::int64_t packGgufBfloats(const GgufRows& rows, std::span<const std::uint16_t> x, std::span<std::byte> out, Isa isa) noexcept {
    return packSixteenBits(rows, x, out, isa, floatsFromBfloats);
}

void unpackGgufRows(const GgufForm& form, std::span<const std::byte> bytes, std::span<float> out, Isa isa) noexcept {
    assert(bytes.size() % static_cast<std::size_t>(form.bytes) == 0);
    unpackGgufRun(isa, form.type, reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<std::int64_t>(bytes.size()) / form.bytes, out.data());
}

}  // namespace bitlathe
