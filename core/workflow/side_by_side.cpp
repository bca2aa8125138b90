#include "core/workflow/side_by_side.h"

#include "core/metrics/language_metrics.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>

namespace bitlathe {
namespace {

using Clock = std::chrono::steady_clock;

// NaN is never the likeliest.
float orLeast(float logit) { return std::isnan(logit) ? -std::numeric_limits<float>::infinity() : logit; }

double secondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// One network at the end of its own text.
class Side {
public:
    Side(const LanguageNetwork& network, const SessionOptions& options, const SideBySideOptions& how, const Tokenizer& tokenizer, Workers& workers)
        : m_session(network, options, workers), m_sampler(how.sampling), m_how(how), m_tokenizer(tokenizer), m_stream(tokenizer, true) {}

    void readPrompt(std::span<const std::int32_t> prompt, JobContext& job) {
        const auto begin = Clock::now();
        keep(m_session.feed(prompt, job));
        m_result.promptSeconds = secondsSince(begin);
    }

    bool done() const { return m_result.finished; }

    // Chooses the next token and reads it.
    void step(JobContext& job) {
        const auto begin = Clock::now();
        const Sampled chosen = m_sampler.next(m_logits);
        ContinuedToken token{chosen.token, m_stream.push(chosen.token), chosen.probability, likeliest(m_logits, m_how.best)};
        const bool ended = std::int64_t(m_result.tokens.size()) + 1 >= m_how.mostTokens || (m_how.stopAtEnd && m_tokenizer.ends(chosen.token));
        m_result.contextFull = !ended && m_session.length() + 1 > m_session.context();
        const bool last = ended || m_result.contextFull;
        if (last) token.text += m_stream.finish();
        m_result.tokens.push_back(std::move(token));
        m_result.finished = last;
        if (last) return;
        keep(m_session.feed(std::span(&chosen.token, 1), job));
        // Of tokens that were chosen and read, as generate() counts them.
        m_result.seconds += secondsSince(begin);
        m_result.tokensPerSecond = m_result.seconds > 0 ? double(m_result.tokens.size()) / m_result.seconds : 0;
    }

    std::span<const float> logits() const { return m_logits; }
    ContinuedSide& result() { return m_result; }
    DecodeSession& session() { return m_session; }

private:
    void keep(std::span<const float> logits) { m_logits.assign(logits.begin(), logits.end()); }

    DecodeSession m_session;
    Sampler m_sampler;
    const SideBySideOptions& m_how;
    const Tokenizer& m_tokenizer;
    TextStream m_stream;
    std::vector<float> m_logits;
    ContinuedSide m_result;
};

std::vector<std::int32_t> idsOf(const std::vector<std::int32_t>& prompt, const std::vector<ContinuedToken>& tokens, std::size_t count) {
    std::vector<std::int32_t> ids = prompt;
    for (std::size_t i = 0; i < count && i < tokens.size(); ++i) ids.push_back(tokens[i].token);
    return ids;
}

}  // namespace

std::int64_t SideBySide::partsAt() const noexcept {
    for (std::size_t i = 0; i < first.tokens.size() && i < second.tokens.size(); ++i)
        if (first.tokens[i].token != second.tokens[i].token) return std::int64_t(i);
    return -1;
}

// One pass keeps the few best; a sort of the whole vocabulary would cost more than the softmax.
std::vector<TokenShare> likeliest(std::span<const float> logits, std::size_t most) {
    std::vector<TokenShare> shares;
    const std::size_t count = std::min(most, logits.size());
    if (count == 0) return shares;
    const auto better = [&](std::int32_t a, std::int32_t b) {
        const float x = orLeast(logits[std::size_t(a)]), y = orLeast(logits[std::size_t(b)]);
        return x != y ? x > y : a < b;
    };
    std::vector<std::int32_t> best;
    for (std::int32_t token = 0; token < std::int32_t(logits.size()); ++token) {
        if (best.size() == count && !better(token, best.back())) continue;
        if (best.size() == count) best.pop_back();
        best.insert(std::upper_bound(best.begin(), best.end(), token, better), token);
    }
    const LogSoftmax row = logSoftmax(logits);
    for (const std::int32_t token : best) shares.push_back({token, std::exp(row.of(logits[std::size_t(token)]))});
    return shares;
}

double divergence(std::span<const float> p, std::span<const float> q) {
    const double nats = scoreToken(p, q, 0).divergence;
    if (!std::isfinite(nats)) throw Error(ErrorKind::Input, "a network gives logits that are no numbers; look for infinite or missing weights, or choose more bits");
    return std::max(0.0, nats);  // below 0 by rounding alone
}

SideBySide continueSideBySide(const LanguageNetwork& first, const LanguageNetwork& second, const Tokenizer& tokenizer, const std::string& prompt,
                              const SideBySideOptions& options, Workers& workers, JobContext& job) {
    SideBySide all;
    all.prompt = tokenizer.encode(prompt);
    if (all.prompt.empty()) throw Error(ErrorKind::Usage, "there is nothing to continue; write the beginning of a text");
    SessionOptions plain, coded;
    coded.keys = options.keys, coded.values = options.values;
    Side a(first, plain, options, tokenizer, workers), b(second, coded, options, tokenizer, workers);
    JobContext quiet(job.stopToken());
    job.checkpoint(0, "reading the prompt");
    a.readPrompt(all.prompt, quiet);
    b.readPrompt(all.prompt, quiet);

    // The second network on the first one's text, once the texts have parted.
    std::optional<DecodeSession> follower;
    std::vector<float> following;
    auto lastPartial = Clock::now() - std::chrono::hours(1);
    const auto publish = [&](bool always) {
        if (!options.partial || (!always && secondsSince(lastPartial) < 0.03)) return;
        all.first = a.result();
        all.second = b.result();
        options.partial(all);
        lastPartial = Clock::now();
    };
    bool parted = false;
    while (!a.done() || !b.done()) {
        const auto made = std::max(a.result().tokens.size(), b.result().tokens.size());
        job.checkpoint(double(made) / double(options.mostTokens), "token " + std::to_string(made + 1) + " of " + std::to_string(options.mostTokens));
        if (!a.done()) {
            all.divergence.push_back(divergence(a.logits(), parted ? std::span<const float>(following) : b.logits()));
            a.step(quiet);
            publish(false);
        }
        if (!b.done()) {
            b.step(quiet);
            publish(false);
        }
        if (a.done()) continue;
        const std::int32_t newest = a.result().tokens.back().token;
        if (!parted && (b.result().tokens.size() != a.result().tokens.size() || b.result().tokens.back().token != newest || b.done())) {
            parted = true;
            follower.emplace(second, coded, workers);
            const auto logits = follower->feed(idsOf(all.prompt, a.result().tokens, a.result().tokens.size()), quiet);
            following.assign(logits.begin(), logits.end());
        } else if (parted) {
            const auto logits = follower->feed(std::span(&newest, 1), quiet);
            following.assign(logits.begin(), logits.end());
        }
    }
    all.first = a.result();
    all.second = b.result();
    const std::int64_t parts = all.partsAt();
    const auto read = idsOf(all.prompt, all.first.tokens, parts >= 0 ? std::size_t(parts) : all.first.tokens.empty() ? 0 : all.first.tokens.size() - 1);
    all.parting = whereTheyPart(a.session(), b.session(), read, options.partingThreshold, quiet);
    publish(true);
    job.checkpoint(1, "done");
    return all;
}

}  // namespace bitlathe
