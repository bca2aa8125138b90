#include "core/workflow/perplexity.h"

#include "core/base/error.h"
#include "core/base/number_text.h"
#include "core/workflow/generate.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace bitlathe {

namespace {

constexpr std::int64_t kRowsAtOnce = 4;  // of logits, in one piece of parallel work

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// One network, and the logits of the batch that it has just read.
class Reader {
public:
    Reader(const LanguageNetwork& network, std::int64_t context, std::int64_t batch, Workers& workers)
        : m_session(network, {.context = context, .batch = batch}, workers), m_wide(static_cast<std::size_t>(m_session.vocabulary())) {}

    void clear() { m_session.clear(); }
    void read(std::span<const std::int32_t> tokens, std::int64_t first, JobContext& job) {
        const double begin = now();
        m_rows.clear();
        m_session.feedAll(tokens, job, [&](std::int64_t, std::span<const float> row) { m_rows.insert(m_rows.end(), row.begin(), row.end()); }, first);
        m_seconds += now() - begin;
    }
    std::span<const float> row(std::size_t i) const { return std::span(m_rows).subspan(i * m_wide, m_wide); }
    std::int64_t vocabulary() const { return static_cast<std::int64_t>(m_wide); }
    double seconds() const { return m_seconds; }

private:
    DecodeSession m_session;
    std::size_t m_wide;
    std::vector<float> m_rows;
    double m_seconds = 0;
};

class Pass {
public:
    Pass(const LanguageNetwork& network, const std::optional<LanguageNetwork>& reference, std::int64_t context, const PerplexityOptions& options, Workers& workers, JobContext& job)
        : m_batch(std::max<std::int64_t>(1, options.batch)), m_workers(workers), m_job(job), m_network(network, context, m_batch, workers) {
        if (reference) m_reference.emplace(*reference, context, m_batch, workers);
        if (m_reference && m_reference->vocabulary() != m_network.vocabulary())
            throw Error(ErrorKind::Input, "the networks have vocabularies of " + countText(static_cast<std::uint64_t>(m_network.vocabulary())) + " and " +
                                              countText(static_cast<std::uint64_t>(m_reference->vocabulary())) + " tokens; compare networks that were made from one");
    }

    void read(const TextWindow& window) {
        m_network.clear();
        if (m_reference) m_reference->clear();
        const auto count = static_cast<std::int64_t>(window.tokens.size()) - 1;
        for (std::int64_t begin = 0; begin < count; begin += m_batch) {
            m_job.checkpoint(m_done, m_what);
            const std::int64_t end = std::min(count, begin + m_batch), first = std::clamp(window.first, begin, end);
            const auto tokens = std::span(window.tokens).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
            m_network.read(tokens, first - begin, m_job);
            if (m_reference) m_reference->read(tokens, first - begin, m_job);
            score(std::span(window.tokens).subspan(static_cast<std::size_t>(first) + 1, static_cast<std::size_t>(end - first)));
            m_tokens += end - begin;
        }
    }
    LanguageEvaluation evaluation() const {
        LanguageEvaluation made;
        made.figures = languageFigures(m_scores, m_reference.has_value());
        made.tokensRead = m_tokens;
        made.seconds = m_network.seconds();
        made.referenceSeconds = m_reference ? m_reference->seconds() : 0;
        if (made.seconds > 0) made.tokensPerSecond = static_cast<double>(m_tokens) / made.seconds;
        if (made.referenceSeconds > 0) made.referenceTokensPerSecond = static_cast<double>(m_tokens) / made.referenceSeconds;
        return made;
    }
    std::size_t tokens() const noexcept { return m_scores.size(); }  // predicted
    void say(double done, std::string what) { m_done = done, m_what = std::move(what); }

private:
    void score(std::span<const std::int32_t> next) {
        const std::size_t before = m_scores.size();
        m_scores.resize(before + next.size());
        m_workers.forRange(static_cast<std::int64_t>(next.size()), kRowsAtOnce, [&](std::int64_t begin, std::int64_t end) {
            for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
                m_scores[before + i] = scoreToken(m_reference ? m_reference->row(i) : std::span<const float>(), m_network.row(i), next[i]);
        });
        for (std::size_t i = before; i < m_scores.size(); ++i)
            if (std::isnan(m_scores[i].loss) || std::isnan(m_scores[i].divergence))
                throw Error(ErrorKind::Input, "the network's logits are no numbers after " + countText(static_cast<std::uint64_t>(m_tokens)) + " tokens; its weights are damaged or overflow");
    }

    std::int64_t m_batch;
    Workers& m_workers;
    JobContext& m_job;
    Reader m_network;
    std::optional<Reader> m_reference;
    std::vector<TokenScore> m_scores;
    std::int64_t m_tokens = 0;
    double m_done = 0;
    std::string m_what = "measuring perplexity";
};

std::int64_t longest(const std::vector<TextWindow>& windows) {
    std::int64_t most = 1;
    for (const TextWindow& window : windows) most = std::max(most, static_cast<std::int64_t>(window.tokens.size()) - 1);
    return most;
}

}  // namespace

LanguageEvaluation evaluateLanguage(const LanguageNetwork& network, const std::optional<LanguageNetwork>& reference, const std::vector<TextWindow>& windows,
                                    const PerplexityOptions& options, Workers& workers, JobContext& job) {
    const std::size_t count = options.mostWindows > 0 ? std::min(windows.size(), static_cast<std::size_t>(options.mostWindows)) : windows.size();
    Pass pass(network, reference, longest(windows), options, workers, job);
    const double begin = now();
    LanguageEvaluation made;
    std::size_t i = 0;
    const auto read = [&] {
        try {
            pass.read(windows[i]);
        } catch (const Cancelled&) {
            if (options.stopped && pass.tokens() > 0) {
                made = pass.evaluation();
                made.windows = static_cast<std::int64_t>(count);
                made.windowsDone = static_cast<std::int64_t>(i);
                options.stopped(made);
            }
            throw;
        }
    };
    for (; i < count; ++i) {
        read();
        const bool last = i + 1 == count;
        // Figures of many tokens take a while: they are made for those who look on, and at the end.
        if (last || options.partial) made = pass.evaluation();
        made.windows = static_cast<std::int64_t>(count);
        made.windowsDone = static_cast<std::int64_t>(i) + 1;
        made.secondsLeft = (now() - begin) / static_cast<double>(i + 1) * static_cast<double>(count - i - 1);
        pass.say(static_cast<double>(i + 1) / static_cast<double>(count), "window " + std::to_string(i + 1) + " of " + std::to_string(count));
        if (options.partial) options.partial(made);
    }
    return made;
}

}  // namespace bitlathe
