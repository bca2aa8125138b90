// One prompt continued by two networks beside each other: token by token, with the probabilities of both, how far the
// second is from the first at each place, and where they first compute something else. Knows no windows.
#pragma once

#include "core/engine/kv_cache.h"
#include "core/language/tokenizer.h"
#include "core/workflow/generate.h"
#include "core/workflow/language.h"
#include "core/workflow/parting.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bitlathe {

struct TokenShare {
    std::int32_t token = 0;
    double probability = 0;
    bool operator==(const TokenShare&) const = default;
};

struct ContinuedToken {
    std::int32_t token = 0;
    std::string text;             // with its leading space; empty while a character is not complete
    double probability = 0;       // by the logits alone, before temperature and cuts
    std::vector<TokenShare> best;  // the likeliest, the highest first
};

struct ContinuedSide {
    std::vector<ContinuedToken> tokens;
    double promptSeconds = 0, seconds = 0;  // reading the prompt; choosing and reading the tokens
    bool contextFull = false;               // it ended because the context was full
    double tokensPerSecond = 0;
    bool finished = false;  // it said that the text ends, or made all it was asked for
};

struct SideBySide {
    std::vector<std::int32_t> prompt;
    ContinuedSide first, second;
    // Kullback–Leibler divergence of the second from the first at each place of the first one's text, both having read
    // that text, over the whole vocabulary; nats.
    std::vector<double> divergence;
    Parting parting;  // at the last place that both have read alike; of a finished run

    // The first place whose tokens differ; −1: none so far.
    std::int64_t partsAt() const noexcept;
};

struct SideBySideOptions {
    Sampling sampling;  // both sides draw with the same seed
    std::int64_t mostTokens = 96;
    std::optional<CacheType> keys, values;  // of the second, where its network shall not say; the first holds float32
    std::size_t best = 5;
    bool stopAtEnd = true;             // at a token after which the model has nothing more to say
    double partingThreshold = 0.05;
    // Called after every token of either side, at most every 30 ms and once at the end.
    std::function<void(const SideBySide& sofar)> partial;
};

// Throws Error(Usage) for an empty prompt, Error(Input) where the prompt does not fit the context, and what the
// networks throw. Stopped through job, it throws Cancelled; what was published stays valid.
SideBySide continueSideBySide(const LanguageNetwork& first, const LanguageNetwork& second, const Tokenizer& tokenizer, const std::string& prompt,
                              const SideBySideOptions& options, Workers& workers, JobContext& job);

// The likeliest `most` tokens of one row of logits, by a softmax in double; and the divergence Σ p·ln(p / q).
std::vector<TokenShare> likeliest(std::span<const float> logits, std::size_t most);
double divergence(std::span<const float> p, std::span<const float> q);

}  // namespace bitlathe
