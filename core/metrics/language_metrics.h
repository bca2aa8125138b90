// How well a language model predicts text, and how far another one's predictions are from it: perplexity, the KL
// divergence of next-token probabilities, and the change of the right token's probability, as llama.cpp reports them
// (tools/perplexity). On plain rows of logits, in double. Knows no engine and no text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bitlathe {

// What one row of logits says of the token that follows. Natural logarithms.
struct TokenScore {
    double loss = 0;               // −log of the probability that the token gets
    double referenceLoss = 0;      // the same in the reference; 0 without one
    double divergence = 0;         // Σ p·(log p − log q), p the reference's; 0 without one
    double probabilityChange = 0;  // q − p of the token that follows
    bool sameTop = true;           // both expect the same token most; of equals the first
    bool operator==(const TokenScore&) const = default;
};

// `reference` may be empty. The log-sum-exp has its maximum subtracted. Infinite or NaN where logits are.
TokenScore scoreToken(std::span<const float> reference, std::span<const float> logits, std::int32_t next) noexcept;

// The log of a token's probability: x − log Σ e^x, with the maximum subtracted. One pass over the row.
struct LogSoftmax {
    double most = 0, logSum = 0;
    std::size_t top = 0;  // the likeliest; of equals the first
    double of(float logit) const noexcept { return (static_cast<double>(logit) - most) - logSum; }
};
// Of a row that is not empty.
LogSoftmax logSoftmax(std::span<const float> logits) noexcept;

// A mean with its standard error.
struct Estimate {
    double value = 0, error = 0;
    bool operator==(const Estimate&) const = default;
};

// Percentiles interpolate linearly at share · (n − 1) of the sorted values.
struct Distribution {
    Estimate mean;
    double minimum = 0, p0_1 = 0, p1 = 0, p5 = 0, p10 = 0, p25 = 0, median = 0, p75 = 0, p90 = 0, p95 = 0, p99 = 0, p99_9 = 0, maximum = 0;
    bool operator==(const Distribution&) const = default;
};
Distribution distributionOf(std::vector<double> values);

struct LanguageFigures {
    std::int64_t tokens = 0;      // that were predicted
    Estimate loss, perplexity;    // per token
    // Against the reference; as of equal ones without it.
    bool compared = false;
    Estimate referenceLoss, referencePerplexity;
    double lossCorrelation = 1;   // of the tokens' losses, −1..1
    Estimate logRatio, ratio, difference;  // of the perplexities: log, quotient, difference
    Distribution divergence;
    Distribution probabilityChange;
    Estimate probabilityChangeRms;
    Estimate sameTop;             // a share, 0..1
    bool operator==(const LanguageFigures&) const = default;
};

// Sums in the order of the scores. Standard errors need two tokens and are 0 for fewer.
LanguageFigures languageFigures(std::span<const TokenScore> scores, bool compared);

}  // namespace bitlathe
