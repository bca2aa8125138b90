#include "core/engine/operators/staged_image.h"

#include "core/engine/operators/im2col.h"

#include <algorithm>

namespace bitlathe {

StagedImage::StagedImage(const Window& window) : m_window(window), m_stepH(window.stride[1]), m_stepW(window.stride[2]) {
    const Window::Axes zero{0, 0, 0}, one{1, 1, 1};
    m_inPlace = window.stride == one && window.padBegin == zero && window.padEnd == zero;
    m_depth = std::max<std::int64_t>(0, window.out[0] - 1) * window.stride[0] + (window.kernel[0] - 1) * window.dilation[0] + 1;
    m_height = window.out[1] + (window.kernel[1] - 1) * window.dilation[1] / m_stepH;
    m_width = window.out[2] + (window.kernel[2] - 1) * window.dilation[2] / m_stepW;
}

// Of padded coordinates that are multiples of no stride: phase planes lie one behind the other.
std::int64_t StagedImage::place(std::int64_t d, std::int64_t h, std::int64_t w) const noexcept {
    return (((d * m_stepH + h % m_stepH) * m_stepW + w % m_stepW) * m_height + h / m_stepH) * m_width + w / m_stepW;
}

void StagedImage::stage(const float* channel, float* to) const noexcept {
    const Window& w = m_window;
    const auto used = [](std::int64_t phase, std::int64_t step, std::int64_t kernel, std::int64_t dilation) {
        for (std::int64_t k = 0; k < std::min(kernel, step); ++k)
            if (k * dilation % step == phase) return true;
        return false;
    };
    for (std::int64_t d = 0; d < m_depth; ++d)
        for (std::int64_t phaseH = 0; phaseH < m_stepH; ++phaseH)
            for (std::int64_t phaseW = 0; phaseW < m_stepW; ++phaseW) {
                float* plane = to + ((d * m_stepH + phaseH) * m_stepW + phaseW) * m_height * m_width;
                if (!used(phaseH, m_stepH, w.kernel[1], w.dilation[1]) || !used(phaseW, m_stepW, w.kernel[2], w.dilation[2])) continue;
                const std::int64_t fromD = d - w.padBegin[0];
                for (std::int64_t h = 0; h < m_height; ++h, plane += m_width) {
                    const std::int64_t fromH = h * m_stepH + phaseH - w.padBegin[1];
                    if (fromD < 0 || fromD >= w.in[0] || fromH < 0 || fromH >= w.in[1]) std::fill_n(plane, m_width, 0.0f);
                    else gatherRow(channel + (fromD * w.in[1] + fromH) * w.in[2], w.in[2], phaseW - w.padBegin[2], m_stepW, m_width, plane);
                }
            }
}

std::vector<std::int64_t> StagedImage::taps(std::int64_t channels) const {
    const Window& w = m_window;
    std::vector<std::int64_t> list;
    list.reserve(static_cast<std::size_t>(channels * w.taps()));
    for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t kd = 0; kd < w.kernel[0]; ++kd)
            for (std::int64_t kh = 0; kh < w.kernel[1]; ++kh)
                for (std::int64_t kw = 0; kw < w.kernel[2]; ++kw)
                    list.push_back(c * channelSize() + place(kd * w.dilation[0], kh * w.dilation[1], kw * w.dilation[2]));
    return list;
}

std::vector<FconvRow> StagedImage::rows() const {
    const Window& w = m_window;
    const std::int64_t outH = w.out[1], outW = w.out[2], lanes = fconvLanes;
    std::vector<FconvRow> list;
    if (w.outCount() == 0) return list;
    // Row by row of the image, or on through the padding between its rows: whichever takes fewer.
    const std::int64_t apart = outH * ((outW + lanes - 1) / lanes), through = ((outH - 1) * m_width + outW + lanes - 1) / lanes;
    for (std::int64_t od = 0; od < w.out[0]; ++od) {
        const std::int64_t base = od * w.stride[0] * m_stepH * m_stepW * m_height * m_width, y = od * outH * outW;
        if (apart <= through) {
            for (std::int64_t oh = 0; oh < outH; ++oh)
                for (std::int64_t ow = 0; ow < outW; ow += lanes) {
                    const std::int64_t count = std::min(lanes, outW - ow);
                    list.push_back({base + oh * m_width + ow, y + oh * outW + ow, static_cast<std::uint32_t>((1u << count) - 1u)});
                }
            continue;
        }
        std::int64_t done = 0;
        for (std::int64_t j = 0; done < outH * outW; j += lanes) {
            FconvRow row{base + j, y + done, 0};
            for (std::int64_t lane = 0; lane < lanes && done < outH * outW; ++lane)
                if ((j + lane) % m_width < outW) {
                    row.lanes |= 1u << lane;
                    ++done;
                }
            if (row.lanes != 0) list.push_back(row);
        }
    }
    return list;
}

}  // namespace bitlathe
