// A layer's exact report as a record of the project. Knows not where schemes come from: a text that names one
// without ambiguity is handed in.
#pragma once

#include "core/hdf5/hdf5_node.h"
#include "core/metrics/layer_report.h"

#include <optional>
#include <string>

namespace bitlathe {

// What a report is of. A report of anything else is never shown in its place.
struct ReportSubject {
    // Raised whenever the same weights under the same scheme give other figures than before: reports that were made
    // by an older program are then made again.
    static constexpr std::int64_t kFigures = 1;
    std::string model;   // SHA-256 of the file, or another text that no other model has
    std::string layer;   // its name
    std::string scheme;  // equal texts for equal schemes alone
};

// "reports/" and 32 hexadecimal digits of a SHA-256.
std::string keyOf(const ReportSubject& subject);
Hdf5Node toNode(const LayerReport& report, const ReportSubject& subject);
// Nothing when the record is of another subject or lacks a field that a report has now. layer and scheme of the
// report are the caller's to fill in.
std::optional<LayerReport> reportFrom(const Hdf5Node& node, const ReportSubject& subject);

}  // namespace bitlathe
