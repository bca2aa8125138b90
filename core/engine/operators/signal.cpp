#include "core/engine/operators/signal.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/cast.h"
#include "core/engine/operators/elements.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <memory>
#include <numbers>
#include <string>

namespace bitlathe {

namespace {

using Complex = std::complex<double>;
constexpr double kPi = std::numbers::pi;
constexpr std::int64_t kMostLength = 1 << 24;

// The transform of one length: sum over n of x[n] · e^(∓2πi kn / length).
class Fourier {
public:
    Fourier(std::int64_t length, bool inverse) : m_length(length) {
        while (std::int64_t(1) << m_bits < length) ++m_bits;
        const bool halves = std::int64_t(1) << m_bits == length;
        const double sign = inverse ? 1 : -1;
        // Turns by k / length, or for lengths that do not halve by k² / (2 · length).
        for (std::int64_t k = 0; k < length; ++k) {
            const double angle = halves ? 2 * kPi * double(k) / double(length) : kPi * double(k * k % (2 * length)) / double(length);
            m_turns.emplace_back(std::cos(angle), sign * std::sin(angle));
        }
        if (halves) return;
        const std::int64_t wide = std::int64_t(1) << (m_bits + 1);
        m_wide = std::make_unique<Fourier>(wide, false);
        m_chirp.resize(static_cast<std::size_t>(wide));
        for (std::int64_t k = 0; k < length; ++k)
            m_chirp[static_cast<std::size_t>(k)] = m_chirp[static_cast<std::size_t>(k == 0 ? 0 : wide - k)] = std::conj(m_turns[static_cast<std::size_t>(k)]);
        m_wide->transform(m_chirp);
    }

    void transform(std::vector<Complex>& x) const {
        if (m_wide) byChirp(x);
        else byHalves(x);
    }

private:
    // Cooley and Tukey: even and odd elements apart, joined by turns, in place from the reversed order.
    void byHalves(std::vector<Complex>& x) const {
        for (std::int64_t i = 0; i < m_length; ++i) {
            std::int64_t reversed = 0;
            for (int bit = 0; bit < m_bits; ++bit) reversed |= (i >> bit & 1) << (m_bits - 1 - bit);
            if (reversed > i) std::swap(x[static_cast<std::size_t>(i)], x[static_cast<std::size_t>(reversed)]);
        }
        for (std::int64_t half = 1; half < m_length; half *= 2)
            for (std::int64_t begin = 0; begin < m_length; begin += 2 * half)
                for (std::int64_t k = 0; k < half; ++k) {
                    Complex &low = x[static_cast<std::size_t>(begin + k)], &high = x[static_cast<std::size_t>(begin + half + k)];
                    const Complex turned = high * m_turns[static_cast<std::size_t>(k * (m_length / (2 * half)))];
                    high = low - turned;
                    low += turned;
                }
    }

    // Bluestein: kn = (k² + n² - (k - n)²) / 2 makes any length a convolution, done at a length that halves.
    void byChirp(std::vector<Complex>& x) const {
        std::vector<Complex> wide(m_chirp.size());
        for (std::size_t n = 0; n < x.size(); ++n) wide[n] = x[n] * m_turns[n];
        m_wide->transform(wide);
        for (std::size_t k = 0; k < wide.size(); ++k) wide[k] = std::conj(wide[k] * m_chirp[k]);  // conjugated: transforms back
        m_wide->transform(wide);
        for (std::size_t k = 0; k < x.size(); ++k) x[k] = std::conj(wide[k]) / double(wide.size()) * m_turns[k];
    }

    std::int64_t m_length;
    int m_bits = 0;
    std::vector<Complex> m_turns, m_chirp;
    std::unique_ptr<Fourier> m_wide;
};

std::int64_t lengthIn(OperatorContext& context, std::size_t i, std::int64_t absent) {
    const std::int64_t length = integerIn(context, i, absent);
    if (length < 1 || length > kMostLength) context.fail("a length of " + std::to_string(length) + " is impossible");
    return length;
}

// Whether the last axis holds real numbers (1) or complex ones (2).
std::int64_t partsOf(OperatorContext& context, const Tensor& x) {
    const std::int64_t parts = x.shape().rank() > 0 ? x.shape()[x.shape().rank() - 1] : 0;
    if (parts != 1 && parts != 2) context.fail("the last axis of " + toText(x.shape()) + " must hold one or two parts of a number");
    return parts;
}

// A tensor of `size` numbers that f makes, in the type that the node asks for.
template <class F>
void giveWindow(OperatorContext& context, F&& f) {
    context.input(0);
    const std::int64_t size = integerIn(context, 0, 0);
    if (size < 0 || size > kMostLength) context.fail("a window of " + std::to_string(size) + " is impossible");
    const double period = double(context.node().integer("periodic", 1) != 0 ? size : size - 1);
    const auto type = elementTypeOfOnnx(context.node().integer("output_datatype", 1));
    const bool known = type && visitReals(*type, [&](auto tag) {
        using T = typename decltype(tag)::type;
        const auto to = context.output<T>(0, Shape{size}, *type);
        for (std::int64_t i = 0; i < size; ++i)
            to[static_cast<std::size_t>(i)] = T(Computed<T>(period <= 0 ? 1.0 : f(2 * kPi * double(i) / period)));
    });
    if (!known) context.refuse("its output type is not a float type");
}

}  // namespace

void runDft(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    needRank(context, x, 2);
    const std::int64_t parts = partsOf(context, x);
    const Node& node = context.node();
    const int axis = axisOf(context, integerIn(context, 2, node.integer("axis", -2)), x.shape().rank());
    if (axis == x.shape().rank() - 1) context.fail("it cannot transform along the parts of its numbers");
    const bool inverse = node.integer("inverse", 0) != 0, onesided = node.integer("onesided", 0) != 0;
    const AroundAxis around = aroundAxis(x.shape(), axis);
    const std::int64_t length = lengthIn(context, 1, inverse && onesided ? 2 * (around.extent - 1) : around.extent);
    const bool toReal = inverse && onesided;
    if (onesided && !inverse && parts == 2) context.fail("a one-sided transform needs real numbers");
    const std::int64_t bins = onesided && !inverse ? length / 2 + 1 : length, given = toReal ? std::min(around.extent, length / 2 + 1) : std::min(around.extent, length);
    const std::int64_t inner = around.inner / parts, outParts = toReal ? 1 : 2;
    Shape shape = x.shape();
    shape[axis] = bins;
    shape[shape.rank() - 1] = outParts;
    const Fourier fourier(length, inverse);
    const float* from = x.as<float>().data();
    float* to = context.output<float>(0, checkedShape(context, shape.dims())).data();
    context.forRange(around.outer * inner, rowsPerChunk(length * 16, kCheapGrain), [&](std::int64_t begin, std::int64_t end) {
        std::vector<Complex> line(static_cast<std::size_t>(length));
        for (std::int64_t at = begin; at < end; ++at) {
            const std::int64_t outer = at / inner, i = at % inner;
            std::fill(line.begin(), line.end(), Complex(0));
            for (std::int64_t n = 0; n < given; ++n) {
                const float* value = from + ((outer * around.extent + n) * inner + i) * parts;
                line[static_cast<std::size_t>(n)] = {double(value[0]), parts == 2 ? double(value[1]) : 0.0};
            }
            if (toReal)  // the other half mirrors this one
                for (std::int64_t n = length / 2 + 1; n < length; ++n) line[static_cast<std::size_t>(n)] = std::conj(line[static_cast<std::size_t>(length - n)]);
            fourier.transform(line);
            const double scale = inverse ? 1 / double(length) : 1;
            for (std::int64_t k = 0; k < bins; ++k) {
                float* value = to + ((outer * bins + k) * inner + i) * outParts;
                value[0] = static_cast<float>(line[static_cast<std::size_t>(k)].real() * scale);
                if (outParts == 2) value[1] = static_cast<float>(line[static_cast<std::size_t>(k)].imag() * scale);
            }
        }
    });
}

void runStft(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    needRank(context, x, 2, 3);
    const std::int64_t batch = x.shape()[0], samples = x.shape()[1], parts = x.shape().rank() == 3 ? partsOf(context, x) : 1;
    const std::int64_t hop = lengthIn(context, 1, 0);
    const Tensor* window = context.optional(2) ? &inputOf(context, 2, ElementType::F32) : nullptr;
    if (window) needRank(context, *window, 1, 1);
    const std::int64_t length = lengthIn(context, 3, window ? window->count() : samples);
    if (window && window->count() != length) context.fail("the window has " + std::to_string(window->count()) + " numbers for frames of " + std::to_string(length));
    if (length > samples) context.fail("frames of " + std::to_string(length) + " do not fit the " + std::to_string(samples) + " samples");
    const bool onesided = context.node().integer("onesided", 1) != 0;
    if (onesided && parts == 2) context.fail("a one-sided transform needs real numbers");
    const std::int64_t frames = 1 + (samples - length) / hop, bins = onesided ? length / 2 + 1 : length;
    float* to = context.output<float>(0, checkedShape(context, {batch, frames, bins, 2})).data();
    const float *from = x.as<float>().data(), *weights = window ? window->as<float>().data() : nullptr;
    const Fourier fourier(length, false);
    context.forRange(batch * frames, rowsPerChunk(length * 16, kCheapGrain), [&](std::int64_t begin, std::int64_t end) {
        std::vector<Complex> line(static_cast<std::size_t>(length));
        for (std::int64_t at = begin; at < end; ++at) {
            const float* frame = from + (at / frames * samples + at % frames * hop) * parts;
            for (std::int64_t n = 0; n < length; ++n) {
                const double weight = weights ? double(weights[n]) : 1.0;
                line[static_cast<std::size_t>(n)] = {double(frame[n * parts]) * weight, parts == 2 ? double(frame[n * parts + 1]) * weight : 0.0};
            }
            fourier.transform(line);
            for (std::int64_t k = 0; k < bins; ++k) {
                to[(at * bins + k) * 2] = static_cast<float>(line[static_cast<std::size_t>(k)].real());
                to[(at * bins + k) * 2 + 1] = static_cast<float>(line[static_cast<std::size_t>(k)].imag());
            }
        }
    });
}

void runHannWindow(OperatorContext& context) {
    giveWindow(context, [](double turn) { return 0.5 - 0.5 * std::cos(turn); });
}
void runHammingWindow(OperatorContext& context) {
    giveWindow(context, [](double turn) { return 25.0 / 46.0 - 21.0 / 46.0 * std::cos(turn); });
}
void runBlackmanWindow(OperatorContext& context) {
    giveWindow(context, [](double turn) { return 0.42 - 0.5 * std::cos(turn) + 0.08 * std::cos(2 * turn); });
}

void runMelWeightMatrix(OperatorContext& context) {
    const std::int64_t bands = lengthIn(context, 0, 0), length = lengthIn(context, 1, 0), rate = lengthIn(context, 2, 0);
    context.input(3);
    context.input(4);
    const auto toMel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
    const double low = toMel(numberIn(context, 3, 0)), high = toMel(numberIn(context, 4, 0)), step = (high - low) / double(bands + 2);
    const std::int64_t bins = length / 2 + 1;
    if (!std::isfinite(low) || !std::isfinite(high)) context.fail("its band edges are impossible");
    // The bins at which the triangles begin, peak and end.
    std::vector<std::int64_t> edges;
    for (std::int64_t i = 0; i < bands + 2; ++i) {
        const double hertz = 700 * (std::pow(10, (low + double(i) * step) / 2595) - 1);
        const double bin = std::floor(double(length + 1) * hertz / double(rate));
        if (!(bin >= 0 && bin < double(bins))) context.fail("a band at " + std::to_string(hertz) + " Hz lies outside the spectrum");
        edges.push_back(static_cast<std::int64_t>(bin));
    }
    const auto type = elementTypeOfOnnx(context.node().integer("output_datatype", 1));
    const bool known = type && visitReals(*type, [&](auto tag) {
        using T = typename decltype(tag)::type;
        const auto to = context.output<T>(0, checkedShape(context, {bins, bands}), *type);
        std::fill(to.begin(), to.end(), T(Computed<T>(0)));
        for (std::int64_t band = 0; band < bands; ++band) {
            const auto edge = [&](std::int64_t i) { return edges[static_cast<std::size_t>(band + i)]; };
            const auto put = [&](std::int64_t bin, double weight) { to[static_cast<std::size_t>(bin * bands + band)] = T(Computed<T>(weight)); };
            if (edge(1) == edge(0)) put(edge(1), 1);
            for (std::int64_t bin = edge(0); edge(1) > edge(0) && bin <= edge(1); ++bin) put(bin, double(bin - edge(0)) / double(edge(1) - edge(0)));
            for (std::int64_t bin = edge(1); bin < edge(2); ++bin) put(bin, double(edge(2) - bin) / double(edge(2) - edge(1)));
        }
    });
    if (!known) context.refuse("its output type is not a float type");
}

}  // namespace bitlathe
