// Layer reports and layer facts kept by value: a scheme that was looked at before shows at once. Shared
// between threads; drops what was not used for longest.
#pragma once

#include "core/metrics/layer_report.h"
#include "core/workflow/layer_facts.h"

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>

namespace bitlathe {

class ReportCache {
public:
    explicit ReportCache(std::size_t maxBytes = std::size_t{256} << 20) : m_maxBytes(maxBytes) {}

    // Null when there is none. Only exact reports are kept. Activations change no figure of a report: one
    // that was made with others is returned with the scheme asked for.
    std::shared_ptr<const LayerReport> report(const std::string& model, std::size_t layer, const Scheme& scheme);
    std::shared_ptr<const LayerFacts> facts(const std::string& model, std::size_t layer);
    void keep(const std::string& model, std::shared_ptr<const LayerReport> report);
    void keep(const std::string& model, std::size_t layer, std::shared_ptr<const LayerFacts> facts);

    std::size_t bytes() const;
    void clear();

private:
    using Value = std::variant<std::shared_ptr<const LayerReport>, std::shared_ptr<const LayerFacts>>;
    struct Entry { std::string key; Value value; std::size_t bytes; };
    void insert(std::string key, Value value, std::size_t bytes);
    const Value* find(const std::string& key);

    mutable std::mutex m_mutex;
    std::size_t m_maxBytes, m_bytes = 0;
    std::list<Entry> m_entries;  // newest use first
    std::unordered_map<std::string, std::list<Entry>::iterator> m_byKey;
};

// Equal specs have equal texts, different ones different texts; empty for float.
std::string keyOf(const std::optional<QuantSpec>& weights);

}  // namespace bitlathe
