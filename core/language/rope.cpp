#include "core/language/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace bitlathe {

namespace {

constexpr double kTurn = 2.0 * std::numbers::pi;

// What Llama 3.1 divides this frequency by.
double llama3(const RopeSpec& rope, double frequency) {
    const double wave = kTurn / frequency, slow = rope.originalContext / rope.lowFactor, fast = rope.originalContext / rope.highFactor;
    if (wave < fast) return 1.0;
    if (wave > slow || rope.highFactor == rope.lowFactor) return rope.factor;
    const double kept = (rope.originalContext / wave - rope.lowFactor) / (rope.highFactor - rope.lowFactor);
    return 1.0 / ((1.0 - kept) / rope.factor + kept);
}

double plainFrequency(const RopeSpec& rope, std::int64_t pair) { return std::pow(rope.base, -2.0 * static_cast<double>(pair) / static_cast<double>(rope.dims)); }

// The pair that turns `turns` times within the original context.
double pairOfTurns(const RopeSpec& rope, double turns) {
    return static_cast<double>(rope.dims) * std::log(rope.originalContext / (turns * kTurn)) / (2.0 * std::log(rope.base));
}

double yarn(const RopeSpec& rope, std::int64_t pair, double frequency) {
    const double low = std::max(0.0, std::floor(pairOfTurns(rope, rope.betaFast)));
    const double high = std::min(static_cast<double>(rope.dims - 1), std::ceil(pairOfTurns(rope, rope.betaSlow)));
    const double stretched = std::clamp((static_cast<double>(pair) - low) / std::max(0.001, high - low), 0.0, 1.0);
    return frequency * (1.0 - stretched) + frequency / rope.factor * stretched;
}

}  // namespace

std::vector<float> rotaryFrequencies(const RopeSpec& rope) {
    std::vector<float> frequencies;
    for (std::int64_t pair = 0; pair < rope.dims / 2; ++pair) {
        double frequency = plainFrequency(rope, pair);
        switch (rope.scaling) {
            case RopeSpec::Scaling::None: break;
            case RopeSpec::Scaling::Linear: frequency /= rope.factor; break;
            case RopeSpec::Scaling::Llama3: frequency /= llama3(rope, frequency); break;
            case RopeSpec::Scaling::Yarn: frequency = yarn(rope, pair, frequency); break;
            case RopeSpec::Scaling::Factors: break;
        }
        if (static_cast<std::size_t>(pair) < rope.factors.size()) frequency /= static_cast<double>(rope.factors[static_cast<std::size_t>(pair)]);
        frequencies.push_back(static_cast<float>(frequency));
    }
    return frequencies;
}

std::vector<float> rotaryDivisors(const RopeSpec& rope) {
    std::vector<float> divisors;
    for (std::int64_t pair = 0; pair < rope.dims / 2; ++pair) divisors.push_back(static_cast<float>(llama3(rope, plainFrequency(rope, pair))));
    return divisors;
}

double rotaryScale(const RopeSpec& rope) { return rope.attentionFactor > 0 ? rope.attentionFactor : 1.0; }

}  // namespace bitlathe
