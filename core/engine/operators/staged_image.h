// An image laid out so that every tap of a filter is the image moved by a constant distance: padded with
// zeros, and with strides taken apart into phases. What core/kernels/fconv.h computes on. Plain memory.
#pragma once

#include "core/engine/operators/window.h"
#include "core/kernels/fconv.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace bitlathe {

class StagedImage {
public:
    explicit StagedImage(const Window& window);

    // The image can be used as it is: no padding, no strides.
    bool inPlace() const noexcept { return m_inPlace; }
    // Floats that `channels` channels take; nothing where pads and dilations make that absurd.
    std::optional<std::int64_t> size(std::int64_t channels) const noexcept;
    // Of one channel, where size() is something.
    std::int64_t channelSize() const noexcept { return m_depth * phases() * m_height * m_width; }

    // One channel (window.in elements) into `to` (channelSize() floats).
    void stage(const float* channel, float* to) const noexcept;

    // Distances of all taps of `channels` channels, in the order of a filter [channel][tap].
    std::vector<std::int64_t> taps(std::int64_t channels) const;
    // The outputs of one channel in rows of up to sixteen, in order; y counts from the channel's first output.
    std::vector<FconvRow> rows() const;

private:
    std::int64_t phases() const noexcept { return static_cast<std::int64_t>(m_phasesH.size() * m_phasesW.size()); }
    std::int64_t place(std::int64_t d, std::int64_t h, std::int64_t w) const noexcept;

    Window m_window;
    bool m_inPlace;
    std::vector<std::int64_t> m_phasesH, m_phasesW;  // remainders by the stride that taps fall on, ascending
    std::int64_t m_depth, m_height, m_width;         // of one phase
};

}  // namespace bitlathe
