// A prompt continued by two networks, as the screen shows it: tokens, their probabilities, where they part. Knows no
// engine and no widgets.
#pragma once

#include <QString>
#include <vector>

namespace bitlathe {

struct TokenChoice {
    QString text;
    double probability = 0;  // 0…1
    bool operator==(const TokenChoice&) const = default;
};

struct ShownToken {
    int id = -1;
    QString text;            // with its leading space
    double probability = 0;  // of this token, at its place, before sampling
    std::vector<TokenChoice> best;  // the most probable five, the highest first
    bool operator==(const ShownToken&) const = default;
};

struct ShownSide {
    std::vector<ShownToken> tokens;
    double tokensPerSecond = 0;  // 0: not known yet
    bool finished = false, contextFull = false;
    bool operator==(const ShownSide&) const = default;
};

struct Continuation {
    QString prompt;
    ShownSide real, quantized;
    // Kullback–Leibler divergence of the quantized network from float at each place of the float text, both
    // having read the same text; nats. As long as what has been measured.
    std::vector<double> divergence;
    bool operator==(const Continuation&) const = default;

    // The first place whose tokens differ; −1: none so far.
    int partsAt() const {
        for (std::size_t i = 0; i < real.tokens.size() && i < quantized.tokens.size(); ++i)
            if (real.tokens[i].id != quantized.tokens[i].id) return int(i);
        return -1;
    }
    // Which tokens the other side does not say in the same order: what a longest common subsequence leaves over, so that
    // one more word does not mark all that follows. Long texts are compared place by place behind kMostCompared.
    static constexpr std::size_t kMostCompared = 768;
    struct Marks {
        std::vector<bool> real, quantized;
    };
    Marks marks() const;
    double meanDivergence() const {
        double sum = 0;
        for (double d : divergence) sum += d;
        return divergence.empty() ? 0 : sum / double(divergence.size());
    }
};

}  // namespace bitlathe
