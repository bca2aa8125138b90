#include "core/workflow/report_cache.h"

#include <charconv>
#include <string_view>

namespace bitlathe {

namespace {

template <class... F>
struct Overloaded : F... { using F::operator()...; };

void add(std::string& key, double value) {
    char text[32];
    key.append(text, std::to_chars(text, text + sizeof text, value).ptr);
    key += ' ';
}

void add(std::string& key, const RangeRule& rule) {
    constexpr std::string_view kLetters = "maplehqv";
    static_assert(kLetters.size() == std::variant_size_v<RangeRule>, "every rule needs a letter of its own");
    key += kLetters[rule.index()];
    std::visit(Overloaded{
                   [](const MinMax&) {},
                   [&](const MovingAverage& r) { add(key, r.constant); },
                   [&](const Percentile& r) { add(key, r.percent); },
                   [&](const LeastError& r) { add(key, r.norm); },
                   [&](const Entropy& r) { add(key, r.bins), add(key, r.quantizedBins); },
                   [&](const Manual& r) { add(key, r.lo), add(key, r.hi); },
                   [&](const Aciq& r) { add(key, int(r.shape)); },
                   [&](const Adaptive& r) { add(key, int(r.metric)); },
               },
               rule);
}

std::string reportKey(const std::string& model, std::size_t layer, const Scheme& scheme) {
    return model + '\n' + std::to_string(layer) + '\n' + keyOf(scheme.weights);
}
std::string factsKey(const std::string& model, std::size_t layer) { return model + '\n' + std::to_string(layer) + "\nfacts"; }

template <class T>
std::size_t bytesOf(const std::vector<T>& v) { return v.size() * sizeof(T); }
std::size_t bytesOf(const TransferCurve& c) { return bytesOf(c.levels) + bytesOf(c.codes) + bytesOf(c.counts) + bytesOf(c.in) + bytesOf(c.out); }

}  // namespace

std::string keyOf(const std::optional<QuantSpec>& w) {
    std::string key;
    if (w) {
        key += w->codec + ' ' + std::to_string(w->bits) + (w->symmetric ? 's' : 'a') + (w->narrow ? 'n' : 'f');
        key += "tcg"[w->granularity.index()];
        if (const auto* group = std::get_if<PerGroup>(&w->granularity)) key += std::to_string(group->size) + ' ';
        add(key, w->range);
        key += std::to_string(int(w->scale)) + ' ';
        add(key, w->knee);
        for (const float level : w->table) add(key, double(level));
    }
    return key;
}

const ReportCache::Value* ReportCache::find(const std::string& key) {
    const auto found = m_byKey.find(key);
    if (found == m_byKey.end()) return nullptr;
    m_entries.splice(m_entries.begin(), m_entries, found->second);
    return &found->second->value;
}

void ReportCache::insert(std::string key, Value value, std::size_t bytes) {
    if (const auto old = m_byKey.find(key); old != m_byKey.end()) {
        m_bytes -= old->second->bytes;
        m_entries.erase(old->second);
        m_byKey.erase(old);
    }
    m_entries.push_front({key, std::move(value), bytes});
    m_byKey.emplace(std::move(key), m_entries.begin());
    m_bytes += bytes;
    while (m_bytes > m_maxBytes && m_entries.size() > 1) {
        m_bytes -= m_entries.back().bytes;
        m_byKey.erase(m_entries.back().key);
        m_entries.pop_back();
    }
}

std::shared_ptr<const LayerReport> ReportCache::report(const std::string& model, std::size_t layer, const Scheme& scheme) {
    const std::lock_guard lock(m_mutex);
    const Value* value = find(reportKey(model, layer, scheme));
    if (!value) return nullptr;
    auto report = std::get<std::shared_ptr<const LayerReport>>(*value);
    if (report->scheme == scheme) return report;
    auto other = std::make_shared<LayerReport>(*report);
    other->scheme = scheme;
    return other;
}

std::shared_ptr<const LayerFacts> ReportCache::facts(const std::string& model, std::size_t layer) {
    const std::lock_guard lock(m_mutex);
    const Value* value = find(factsKey(model, layer));
    return value ? std::get<std::shared_ptr<const LayerFacts>>(*value) : nullptr;
}

void ReportCache::keep(const std::string& model, std::shared_ptr<const LayerReport> report) {
    if (!report->exact()) return;
    const std::size_t bytes = sizeof(LayerReport) + bytesOf(report->transfer) + bytesOf(report->weights.counts) + bytesOf(report->quantized.counts) +
                              bytesOf(report->errors.counts) + bytesOf(report->channels) + bytesOf(report->map.rms);
    const std::lock_guard lock(m_mutex);
    std::string key = reportKey(model, report->layer, report->scheme);
    insert(std::move(key), std::move(report), bytes);
}

void ReportCache::keep(const std::string& model, std::size_t layer, std::shared_ptr<const LayerFacts> facts) {
    const std::size_t bytes = sizeof(LayerFacts) + bytesOf(facts->histogram.counts) + bytesOf(facts->channels);
    const std::lock_guard lock(m_mutex);
    insert(factsKey(model, layer), std::move(facts), bytes);
}

std::size_t ReportCache::bytes() const {
    const std::lock_guard lock(m_mutex);
    return m_bytes;
}

void ReportCache::clear() {
    const std::lock_guard lock(m_mutex);
    m_entries.clear();
    m_byKey.clear();
    m_bytes = 0;
}

}  // namespace bitlathe
