// A language model at work: tokens in, logits out, one sequence to a session, keys and values kept. Two sessions run
// side by side. Knows no text: tokens come from core/language/tokenizer.h.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/base/split_mix.h"
#include "core/engine/kv_cache.h"
#include "core/engine/workspace.h"
#include "core/workflow/language.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace bitlathe {

struct SessionOptions {
    std::int64_t context = 0;  // tokens that are kept; 0: the model's, at most kUsualContext
    std::optional<CacheType> keys, values;  // of every block, whatever the network says; left out: as LanguageNetwork::cache
    std::int64_t batch = 256;               // tokens that one run reads
    static constexpr std::int64_t kUsualContext = 4096;
};

class DecodeSession {
public:
    // The crew works for one session at a time; sessions on different crews run at once. Throws Error(Unsupported) for
    // encoders, Error(Usage) for an impossible context or cache.
    DecodeSession(LanguageNetwork network, const SessionOptions& options, Workers& workers);

    const LanguageNetwork& network() const noexcept { return m_network; }
    std::int64_t length() const noexcept { return m_cache->length(); }    // tokens read
    std::int64_t context() const noexcept { return m_cache->capacity(); }
    std::int64_t cacheBytes() const noexcept { return m_cache->bytes(); }
    std::int64_t vocabulary() const noexcept { return m_network.spec.vocabulary; }

    // Reads tokens behind those that it has, and returns the last one's logits, which stay until the next call.
    // Throws Error(Input) for tokens outside the vocabulary and for more than the context holds: nothing is read
    // then. Throws Cancelled between layers: the tokens of the run that was stopped are not kept.
    std::span<const float> feed(std::span<const std::int32_t> tokens, JobContext& job);

    // The same with the logits of every token from `first` on, in order, as rows of vocabulary() numbers.
    using Rows = std::function<void(std::int64_t token, std::span<const float> logits)>;
    void feedAll(std::span<const std::int32_t> tokens, JobContext& job, const Rows& rows, std::int64_t first = 0);

    // Keeps the first tokens and forgets the rest.
    void truncate(std::int64_t length) noexcept { m_cache->setLength(std::min(length, m_cache->length())); }
    void clear() noexcept { m_cache->setLength(0); }

    // Called with what flows out of each layer in each run: [1, tokens, width]. Must copy what it keeps.
    using Hidden = std::function<void(std::int64_t layer, const Tensor& hidden)>;
    void observe(Hidden hidden) { m_hidden = std::move(hidden); }
    // Called with each value as it is made: ids are of network().executable->graph(). Must copy what it keeps.
    using Made = std::function<void(ValueId value, const Tensor& tensor)>;
    void observeValues(Made made) { m_made = std::move(made); }

private:
    void runOnce(std::span<const std::int32_t> tokens, std::span<const std::int64_t> outputs, JobContext& job);

    LanguageNetwork m_network;
    Workers& m_workers;
    std::unique_ptr<KvCache> m_cache;
    Workspace m_workspace;
    std::int64_t m_batch;
    Tensor m_logits;
    Hidden m_hidden;
    Made m_made;
    std::vector<std::int64_t> m_layerOfValue;  // −1: not what flows out of a layer
};

struct Sampling {
    double temperature = 0.0;  // 0: always the likeliest token
    int topK = 0;              // among so many of the likeliest; 0: all
    double topP = 1.0;         // among the likeliest that hold this share
    std::uint64_t seed = 1;    // equal seeds and logits, equal tokens
    bool operator==(const Sampling&) const = default;
};

struct Sampled {
    std::int32_t token = 0;
    double probability = 0;  // by the logits alone, before temperature and cuts
};

// Chooses tokens. Temperature first, then the k likeliest, then the share p. The n-th choice of a seed depends on
// nothing else than n, the seed and the logits.
class Sampler {
public:
    explicit Sampler(const Sampling& sampling);
    // Throws Error(Input) when no logit is a number.
    Sampled next(std::span<const float> logits);

private:
    Sampling m_sampling;
    SplitMix64 m_random;
    std::vector<std::int32_t> m_order;
    std::vector<double> m_weights;
};

struct GenerateOptions {
    Sampling sampling;
    std::int64_t mostTokens = 128;
    std::vector<std::int32_t> stop;  // tokens that end the text; they are not given out
    // Called with each token as it is chosen; false ends the text.
    std::function<bool(const Sampled& token)> token;
};

struct Generated {
    std::vector<Sampled> tokens;
    double promptSeconds = 0, seconds = 0;  // reading the prompt; choosing and reading the tokens
    double promptTokensPerSecond = 0, tokensPerSecond = 0;
    bool contextFull = false;  // it ended because the context was full
};

// Reads the prompt (at least one token) behind what the session has read, and continues it. At the end of the
// context the text ends: nothing is shifted or forgotten.
Generated generate(DecodeSession& session, std::span<const std::int32_t> prompt, const GenerateOptions& options, JobContext& job);

}  // namespace bitlathe
