#include "core/workflow/importance_record.h"

#include "core/base/sha256.h"
#include "core/project/node_fields.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace bitlathe {

namespace {

struct Columns {
    std::vector<std::string> tensors;
    std::vector<std::int64_t> lengths;
    std::vector<float> means;
};

template <class F>
void fields(F& f, Columns& c) {
    f("tensor", c.tensors, "", "names of the weights");
    f("columns", c.lengths, "", "of each weight");
    f("mean_square", c.means, "", "of what multiplies each column, weight after weight");
}

template <class F>
void fields(F& f, KeptImportance& kept, Importance& importance) {
    f("model_sha256", kept.model);
    f("text", kept.text, "", "what it was collected from, or the file it was read from");
    f("text_sha256", kept.textSha256);
    f("from_file", kept.fromFile);
    f("partial", kept.partial, "", "1: collecting was stopped before all windows were read");
    f("windows_asked", kept.windowsAsked, "windows");
    f("file", importance.file);
    f("dataset", importance.dataset);
    f("windows", importance.chunks, "windows");
    f("window_tokens", importance.chunkTokens, "tokens");
}

}  // namespace

std::string KeptImportance::identity() const {
    if (!importance) return {};
    Sha256 sum;
    for (const auto& [name, means] : importance->tensors) {
        sum.add(std::as_bytes(std::span(name.c_str(), name.size() + 1)));
        sum.add(std::as_bytes(std::span(means)));
    }
    return "+importance " + sum.hex();
}

Hdf5Node toNode(const KeptImportance& kept) {
    Hdf5Node node;
    node.about = "How much each column of the weights matters, measured on text";
    ToNode to(node);
    KeptImportance copy = kept;
    Importance importance;
    if (kept.importance) importance = *kept.importance;
    fields(to, copy, importance);
    Columns columns;
    for (const auto& [name, means] : importance.tensors) {
        columns.tensors.push_back(name);
        columns.lengths.push_back(static_cast<std::int64_t>(means.size()));
        columns.means.insert(columns.means.end(), means.begin(), means.end());
    }
    fields(to, columns);
    return node;
}

std::optional<KeptImportance> importanceFrom(const Hdf5Node& node) {
    KeptImportance kept;
    Importance importance;
    Columns columns;
    FromNode from(node);
    fields(from, kept, importance);
    fields(from, columns);
    if (!from.complete() || columns.tensors.size() != columns.lengths.size()) return std::nullopt;
    std::size_t at = 0;
    for (std::size_t i = 0; i < columns.tensors.size(); ++i) {
        const std::int64_t length = columns.lengths[i];
        if (length < 0 || static_cast<std::size_t>(length) > columns.means.size() - at) return std::nullopt;
        const auto begin = columns.means.begin() + static_cast<std::ptrdiff_t>(at);
        importance.tensors[columns.tensors[i]].assign(begin, begin + length);
        at += static_cast<std::size_t>(length);
    }
    if (at != columns.means.size()) return std::nullopt;
    if (!std::all_of(columns.means.begin(), columns.means.end(), [](float mean) { return std::isfinite(mean) && mean >= 0; })) return std::nullopt;
    kept.importance = std::make_shared<const Importance>(std::move(importance));
    return kept;
}

}  // namespace bitlathe
