#include "core/workflow/generate.h"

#include "core/base/error.h"
#include "core/engine/run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

namespace bitlathe {

namespace {

std::vector<CacheLayer> cacheLayers(const LanguageNetwork& network, const SessionOptions& options) {
    const LanguageSpec& spec = network.spec;
    std::vector<CacheLayer> layers;
    for (std::size_t i = 0; i < static_cast<std::size_t>(spec.layers); ++i) {
        const CacheHeld held = i < network.cache.size() ? network.cache[i] : CacheHeld();
        layers.push_back({spec.kvHeads, spec.headSize, spec.valueSize, options.keys.value_or(held.keys), options.values.value_or(held.values)});
    }
    return layers;
}

}  // namespace

DecodeSession::DecodeSession(LanguageNetwork network, const SessionOptions& options, Workers& workers) : m_network(std::move(network)), m_workers(workers), m_batch(std::max<std::int64_t>(1, options.batch)) {
    const LanguageSpec& spec = m_network.spec;
    if (spec.encoder) throw Error(ErrorKind::Unsupported, "'" + m_network.source->name + "' is an encoder: it reads text and continues none; open a model of the decoder kind");
    const std::int64_t context = options.context > 0 ? options.context : std::min(spec.context, SessionOptions::kUsualContext);
    m_cache = std::make_unique<KvCache>(cacheLayers(m_network, options), context, m_network.executable->machine().isa);
    for (const Value& value : m_network.executable->graph().values) {
        const bool hidden = value.name.starts_with("hidden.");
        m_layerOfValue.push_back(hidden ? std::stoll(value.name.substr(7)) : -1);
    }
}

void DecodeSession::runOnce(std::span<const std::int32_t> tokens, std::span<const std::int64_t> outputs, JobContext& job) {
    const auto count = static_cast<std::int64_t>(tokens.size()), past = length();
    std::vector<std::int64_t> ids(tokens.begin(), tokens.end()), positions(tokens.size());
    std::iota(positions.begin(), positions.end(), past);
    const std::vector<Tensor> inputs{Tensor::of(Shape{1, count}, ids), Tensor::of(Shape{1, count}, positions), Tensor::of(Shape{static_cast<std::int64_t>(outputs.size())}, outputs)};
    RunObserver observer;
    if (m_hidden || m_made)
        observer.value = [this](ValueId value, const Tensor& tensor) {
            if (m_made) m_made(value, tensor);
            if (!m_hidden) return;
            if (const std::int64_t layer = m_layerOfValue[static_cast<std::size_t>(value)]; layer >= 0) m_hidden(layer, tensor);
        };
    m_logits = Tensor();
    JobContext quiet(job.stopToken());
    m_logits = run(*m_network.executable, m_workspace, m_workers, inputs, quiet, &observer, m_cache.get())[0];
    m_cache->setLength(past + count);
}

void DecodeSession::feedAll(std::span<const std::int32_t> tokens, JobContext& job, const Rows& rows, std::int64_t first) {
    const auto count = static_cast<std::int64_t>(tokens.size());
    if (count > context() - length())
        throw Error(ErrorKind::Input, "the context of " + std::to_string(context()) + " tokens is full: " + std::to_string(length()) + " are kept and " + std::to_string(count) + " more do not fit; take a shorter prompt");
    for (const std::int32_t token : tokens)
        if (token < 0 || token >= vocabulary()) throw Error(ErrorKind::Input, "the token " + std::to_string(token) + " lies outside the vocabulary of " + std::to_string(vocabulary()) + "; take the tokenizer of this very model");
    const std::int64_t before = length();
    try {
        for (std::int64_t begin = 0; begin < count; begin += m_batch) {
            const std::int64_t end = std::min(count, begin + m_batch);
            std::vector<std::int64_t> outputs;
            for (std::int64_t token = std::max(begin, first); token < end; ++token) outputs.push_back(token - begin);
            runOnce(tokens.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)), outputs, job);
            const auto logits = m_logits.as<float>();
            const auto wide = static_cast<std::size_t>(vocabulary());
            for (std::size_t i = 0; i < outputs.size() && rows; ++i) rows(begin + outputs[i], logits.subspan(i * wide, wide));
        }
    } catch (...) {
        m_cache->setLength(before);
        throw;
    }
}

std::span<const float> DecodeSession::feed(std::span<const std::int32_t> tokens, JobContext& job) {
    if (tokens.empty()) throw Error(ErrorKind::Usage, "there is no token to read; begin with the token that begins a text");
    feedAll(tokens, job, {}, static_cast<std::int64_t>(tokens.size()) - 1);
    return m_logits.as<float>();
}

Sampler::Sampler(const Sampling& sampling) : m_sampling(sampling), m_random{sampling.seed} {}

Sampled Sampler::next(std::span<const float> logits) {
    std::size_t best = logits.size();
    for (std::size_t i = 0; i < logits.size(); ++i)
        if (!std::isnan(logits[i]) && (best == logits.size() || logits[i] > logits[best])) best = i;
    if (best == logits.size()) throw Error(ErrorKind::Input, "the network's logits are no numbers, so no token can be chosen; its weights are damaged");
    const double top = static_cast<double>(logits[best]);
    const auto power = [&](std::size_t i, double temperature) { return std::isnan(logits[i]) ? 0.0 : std::exp((static_cast<double>(logits[i]) - top) / temperature); };
    double all = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) all += power(i, 1.0);
    const auto chosen = [&](std::size_t i) { return Sampled{static_cast<std::int32_t>(i), power(i, 1.0) / all}; };
    if (!(m_sampling.temperature > 0)) return chosen(best);

    m_order.resize(logits.size());
    std::iota(m_order.begin(), m_order.end(), 0);
    const auto logit = [&](std::int32_t token) {
        const float x = logits[static_cast<std::size_t>(token)];
        return std::isnan(x) ? -std::numeric_limits<float>::infinity() : x;
    };
    const auto likelier = [&](std::int32_t a, std::int32_t b) { return logit(a) != logit(b) ? logit(a) > logit(b) : a < b; };
    const bool cut = m_sampling.topK > 0 && static_cast<std::size_t>(m_sampling.topK) < m_order.size();
    if (cut) {
        std::partial_sort(m_order.begin(), m_order.begin() + m_sampling.topK, m_order.end(), likelier);
        m_order.resize(static_cast<std::size_t>(m_sampling.topK));
    } else if (m_sampling.topP < 1.0) {
        std::sort(m_order.begin(), m_order.end(), likelier);
    }
    m_weights.clear();
    double sum = 0;
    for (const std::int32_t token : m_order) sum += m_weights.emplace_back(power(static_cast<std::size_t>(token), m_sampling.temperature));
    double kept = sum;
    if (m_sampling.topP < 1.0) {
        kept = 0;
        std::size_t count = 0;
        while (count < m_weights.size() && (count == 0 || kept < m_sampling.topP * sum)) kept += m_weights[count++];
        m_weights.resize(count);
    }
    double left = m_random.unit() * kept;
    std::size_t at = 0;
    while (at + 1 < m_weights.size() && left >= m_weights[at]) left -= m_weights[at++];
    return chosen(static_cast<std::size_t>(m_order[at]));
}

Generated generate(DecodeSession& session, std::span<const std::int32_t> prompt, const GenerateOptions& options, JobContext& job) {
    using Clock = std::chrono::steady_clock;
    const auto since = [](Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); };
    Generated made;
    Sampler sampler(options.sampling);
    const auto begin = Clock::now();
    std::span<const float> logits = session.feed(prompt, job);
    made.promptSeconds = since(begin);
    made.promptTokensPerSecond = static_cast<double>(prompt.size()) / std::max(1e-9, made.promptSeconds);
    const auto chosen = Clock::now();
    std::int64_t read = 0;
    while (static_cast<std::int64_t>(made.tokens.size()) < options.mostTokens) {
        job.checkpoint(static_cast<double>(made.tokens.size()) / static_cast<double>(options.mostTokens), "token " + std::to_string(made.tokens.size() + 1));
        const Sampled next = sampler.next(logits);
        if (std::find(options.stop.begin(), options.stop.end(), next.token) != options.stop.end()) break;
        made.tokens.push_back(next);
        if (options.token && !options.token(next)) break;
        if (static_cast<std::int64_t>(made.tokens.size()) == options.mostTokens) break;
        made.contextFull = session.length() >= session.context();
        if (made.contextFull) break;
        logits = session.feed(std::span(&next.token, 1), job);
        ++read;
    }
    made.seconds = since(chosen);
    made.tokensPerSecond = static_cast<double>(read) / std::max(1e-9, made.seconds);
    return made;
}

}  // namespace bitlathe
