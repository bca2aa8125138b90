#include "core/engine/operators/im2col.h"

#include <algorithm>
#include <cstring>

namespace bitlathe {

void gatherRow(const float* row, std::int64_t width, std::int64_t first, std::int64_t stride, std::int64_t count, float* to) noexcept {
    std::int64_t begin = first < 0 ? std::min(count, (-first + stride - 1) / stride) : 0;
    std::int64_t end = first >= width ? 0 : std::min(count, (width - 1 - first) / stride + 1);
    end = std::max(end, begin);
    if (first + begin * stride >= width) end = begin;
    std::fill_n(to, begin, 0.0f);
    if (stride == 1) {
        if (end > begin) std::memcpy(to + begin, row + first + begin, static_cast<std::size_t>(end - begin) * sizeof(float));
    } else {
        for (std::int64_t i = begin; i < end; ++i) to[i] = row[first + i * stride];
    }
    std::fill(to + end, to + count, 0.0f);
}

void im2col(const Window& w, std::int64_t channels, const float* image, std::int64_t begin, std::int64_t end, float* col) noexcept {
    const std::int64_t columns = end - begin;
    for (std::int64_t c = 0; c < channels; ++c, image += w.inCount())
        for (std::int64_t kd = 0; kd < w.kernel[0]; ++kd)
            for (std::int64_t kh = 0; kh < w.kernel[1]; ++kh)
                for (std::int64_t kw = 0; kw < w.kernel[2]; ++kw, col += columns) {
                    const std::int64_t firstW = kw * w.dilation[2] - w.padBegin[2];
                    for (std::int64_t j = begin; j < end;) {
                        const std::int64_t ow = j % w.out[2], row = j / w.out[2], oh = row % w.out[1], od = row / w.out[1];
                        const std::int64_t count = std::min(w.out[2] - ow, end - j);
                        const std::int64_t d = od * w.stride[0] + kd * w.dilation[0] - w.padBegin[0];
                        const std::int64_t h = oh * w.stride[1] + kh * w.dilation[1] - w.padBegin[1];
                        float* to = col + (j - begin);
                        if (d < 0 || d >= w.in[0] || h < 0 || h >= w.in[1]) std::fill_n(to, count, 0.0f);
                        else gatherRow(image + (d * w.in[1] + h) * w.in[2], w.in[2], firstW + ow * w.stride[2], w.stride[2], count, to);
                        j += count;
                    }
                }
}

void col2im(const Window& w, const float* col, float* image) noexcept {
    for (std::int64_t kd = 0; kd < w.kernel[0]; ++kd)
        for (std::int64_t kh = 0; kh < w.kernel[1]; ++kh)
            for (std::int64_t kw = 0; kw < w.kernel[2]; ++kw)
                for (std::int64_t id = 0; id < w.in[0]; ++id)
                    for (std::int64_t ih = 0; ih < w.in[1]; ++ih, col += w.in[2]) {
                        const std::int64_t d = id * w.stride[0] + kd * w.dilation[0] - w.padBegin[0];
                        const std::int64_t h = ih * w.stride[1] + kh * w.dilation[1] - w.padBegin[1];
                        if (d < 0 || d >= w.out[0] || h < 0 || h >= w.out[1]) continue;
                        float* row = image + (d * w.out[1] + h) * w.out[2];
                        const std::int64_t first = kw * w.dilation[2] - w.padBegin[2];
                        for (std::int64_t iw = 0; iw < w.in[2]; ++iw) {
                            const std::int64_t at = first + iw * w.stride[2];
                            if (at >= 0 && at < w.out[2]) row[at] += col[iw];
                        }
                    }
}

}  // namespace bitlathe
