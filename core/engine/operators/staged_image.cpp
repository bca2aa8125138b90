#include "core/engine/operators/staged_image.h"

#include "core/engine/operators/im2col.h"

#include <algorithm>
#include <array>

namespace bitlathe {

namespace {

std::vector<std::int64_t> phasesOf(std::int64_t kernel, std::int64_t dilation, std::int64_t stride) {
    std::vector<std::int64_t> phases;
    for (std::int64_t k = 0; k < std::min(kernel, stride); ++k) phases.push_back(k * dilation % stride);
    std::sort(phases.begin(), phases.end());
    phases.erase(std::unique(phases.begin(), phases.end()), phases.end());
    return phases;
}

std::int64_t indexOf(const std::vector<std::int64_t>& phases, std::int64_t phase) {
    return std::lower_bound(phases.begin(), phases.end(), phase) - phases.begin();
}

}  // namespace

StagedImage::StagedImage(const Window& window)
    : m_window(window), m_phasesH(phasesOf(window.kernel[1], window.dilation[1], window.stride[1])),
      m_phasesW(phasesOf(window.kernel[2], window.dilation[2], window.stride[2])) {
    const Window::Axes zero{0, 0, 0}, one{1, 1, 1};
    m_inPlace = window.stride == one && window.padBegin == zero && window.padEnd == zero;
    m_depth = std::max<std::int64_t>(0, window.out[0] - 1) * window.stride[0] + (window.kernel[0] - 1) * window.dilation[0] + 1;
    m_height = window.out[1] + (window.kernel[1] - 1) * window.dilation[1] / window.stride[1];
    m_width = window.out[2] + (window.kernel[2] - 1) * window.dilation[2] / window.stride[2];
}

std::optional<std::int64_t> StagedImage::size(std::int64_t channels) const noexcept {
    const std::array<std::int64_t, 5> extents{channels, phases(), m_depth, m_height, m_width};
    const auto count = checkedCount(extents);
    constexpr std::int64_t kMost = std::int64_t(1) << 40;
    return count && *count <= kMost ? count : std::nullopt;
}

// Of padded coordinates of a tap: phase planes lie one behind the other.
std::int64_t StagedImage::place(std::int64_t d, std::int64_t h, std::int64_t w) const noexcept {
    const std::int64_t stepH = m_window.stride[1], stepW = m_window.stride[2];
    const std::int64_t phase = (d * static_cast<std::int64_t>(m_phasesH.size()) + indexOf(m_phasesH, h % stepH)) * static_cast<std::int64_t>(m_phasesW.size()) + indexOf(m_phasesW, w % stepW);
    return (phase * m_height + h / stepH) * m_width + w / stepW;
}

void StagedImage::stage(const float* channel, float* to) const noexcept {
    const Window& w = m_window;
    for (std::int64_t d = 0; d < m_depth; ++d)
        for (const std::int64_t phaseH : m_phasesH)
            for (const std::int64_t phaseW : m_phasesW) {
                const std::int64_t fromD = d - w.padBegin[0];
                for (std::int64_t h = 0; h < m_height; ++h, to += m_width) {
                    const std::int64_t fromH = h * w.stride[1] + phaseH - w.padBegin[1];
                    if (fromD < 0 || fromD >= w.in[0] || fromH < 0 || fromH >= w.in[1]) std::fill_n(to, m_width, 0.0f);
                    else gatherRow(channel + (fromD * w.in[1] + fromH) * w.in[2], w.in[2], phaseW - w.padBegin[2], w.stride[2], m_width, to);
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
        const std::int64_t base = od * w.stride[0] * phases() * m_height * m_width, y = od * outH * outW;
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
