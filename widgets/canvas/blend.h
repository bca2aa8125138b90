// How the CPU renderer lays a colour over pixels. Sources are ImU32 (red lowest, straight alpha),
// targets 0xFFrrggbb; every result is rounded to nearest.
#pragma once

#include <algorithm>
#include <cstdint>

namespace bitlathe {

// 0..65535 per 16-bit lane / 255, rounded to nearest when 127 was added before.
inline std::uint32_t lanesBy255(std::uint32_t lanes) {
    return ((lanes + ((lanes >> 8) & 0x00FF00FFu) + 0x00010001u) >> 8) & 0x00FF00FFu;
}

inline std::uint32_t toTarget(std::uint32_t color) {
    return 0xFF000000u | (color & 255u) << 16 | (color & 0xFF00u) | (color >> 16 & 255u);
}

inline std::uint32_t blendPixel(std::uint32_t under, std::uint32_t color) {
    const std::uint32_t alpha = color >> 24, rest = 255 - alpha;
    const std::uint32_t redBlue = lanesBy255((under & 0x00FF00FFu) * rest +
                                             ((color & 255u) << 16 | (color >> 16 & 255u)) * alpha + 0x007F007Fu);
    const std::uint32_t green = lanesBy255((under >> 8 & 255u) * rest + (color >> 8 & 255u) * alpha + 0x7Fu);
    return 0xFF000000u | redBlue | green << 8;
}

// Product of two colours, channel by channel, as a texture tints.
inline std::uint32_t multiply(std::uint32_t a, std::uint32_t b) {
    if (a == 0xFFFFFFFFu) return b;
    if (b == 0xFFFFFFFFu) return a;
    std::uint32_t out = 0;
    for (int shift = 0; shift < 32; shift += 8) {
        const std::uint32_t product = (a >> shift & 255u) * (b >> shift & 255u) + 127;
        out |= ((product + 1 + (product >> 8)) >> 8) << shift;
    }
    return out;
}

// One colour over many pixels in a row.
class SolidBlend {
public:
    explicit SolidBlend(std::uint32_t color) : m_opaque(toTarget(color)), m_color(color) {
        const std::uint32_t alpha = color >> 24;
        m_rest = std::uint16_t(255 - alpha);
        const auto weighted = [alpha](std::uint32_t channel) { return std::uint16_t((channel & 255u) * alpha + 127); };
        const std::uint16_t blue = weighted(color >> 16), green = weighted(color >> 8), red = weighted(color);
        const std::uint16_t full = std::uint16_t(255 * alpha + 127);
        for (int i = 0; i < 8; i += 4) {
            m_added[i] = blue;
            m_added[i + 1] = green;
            m_added[i + 2] = red;
            m_added[i + 3] = full;
        }
    }

    void span(std::uint32_t* out, int count) const {
        const std::uint32_t alpha = m_color >> 24;
        if (alpha == 255) {
            std::fill_n(out, count, m_opaque);
            return;
        }
        if (alpha == 0) return;
        int i = 0;
        // Two pixels are eight 16-bit lanes: what every 128-bit vector unit does in a few instructions.
        for (; i + 2 <= count; i += 2) {
            auto* bytes = reinterpret_cast<unsigned char*>(out + i);
            for (int lane = 0; lane < 8; ++lane) {
                const auto sum = std::uint16_t(bytes[lane] * m_rest + m_added[lane]);
                bytes[lane] = static_cast<unsigned char>(std::uint16_t(sum + 1 + (sum >> 8)) >> 8);
            }
        }
        for (; i < count; ++i) out[i] = blendPixel(out[i], m_color);
    }

private:
    std::uint32_t m_opaque, m_color;
    std::uint16_t m_rest;
    std::uint16_t m_added[8];
};

}  // namespace bitlathe
