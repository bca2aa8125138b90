#include "core/formats/safetensors/coded_weight.h"

#include "core/tensor/convert.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace bitlathe::safetensors {

float GroupValues::at(std::int64_t row, std::int64_t group) const noexcept {
    return static_cast<float>(elementAt(type, data, row / rows * rowStep + group * groupStep));
}

void CodedWeight::decode(std::int64_t first, std::int64_t end, std::span<float> out) const {
    std::vector<std::int32_t> group(static_cast<std::size_t>(columns));
    for (std::int64_t c = 0; c < columns; ++c) {
        std::int32_t own = static_cast<std::int32_t>(c / std::max<std::int64_t>(groupSize, 1));
        if (groupOfColumn) std::memcpy(&own, groupOfColumn + 4 * c, sizeof own);
        group[static_cast<std::size_t>(c)] = std::clamp<std::int32_t>(own, 0, static_cast<std::int32_t>(groups - 1));
    }
    std::vector<float> scale(static_cast<std::size_t>(groups)), zero(static_cast<std::size_t>(groups), static_cast<float>(middle));
    std::array<float, 256> plainValue{};
    for (std::size_t i = 0; !plane && i < plainValue.size(); ++i) {
        const auto code = static_cast<std::byte>(i);
        plainValue[i] = static_cast<float>(elementAt(plain, &code, 0));
    }
    float* to = out.data();
    for (std::int64_t row = first; row < end; ++row) {
        for (std::int64_t g = 0; g < groups; ++g) {
            const auto at = static_cast<std::size_t>(g);
            scale[at] = scales.at(row, g);
            if (zeroPlane) zero[at] = static_cast<float>(static_cast<std::int32_t>(zeroPlane->get(zeroWords, row, g)) + zeroOffset);
            else if (zeroValues) zero[at] = zeroValues->at(row, g) + static_cast<float>(middle);
        }
        for (std::int64_t c = 0; c < columns; ++c) {
            const auto g = static_cast<std::size_t>(group[static_cast<std::size_t>(c)]);
            const float code = !plane ? plainValue[std::to_integer<std::size_t>(codes[row * columns + c])]
                                      : static_cast<float>(packedAlongRows ? plane->get(codes, row, c) : plane->get(codes, c, row));
            *to++ = (code - zero[g]) * scale[g];
        }
    }
}

}  // namespace bitlathe::safetensors
