// Size against error for one layer over the bit-widths, and other formats beside it: which schemes to ask about, and the curves made
// of the answers. Knows the analysis; draws nothing.
#pragma once

#include "app/analysis.h"
#include "widgets/plots/plot.h"

#include <map>

namespace bitlathe {

class SizeCurves {
public:
    // The layer under `scheme` at 2..8 bits, and the same with one scale per tensor where it has more.
    // Returns what must be measured; answers that are known already are in the curves at once.
    std::vector<Analysis::Question> ask(std::size_t layer, const Scheme& scheme);
    void add(const std::vector<ReportPtr>& reports);
    std::vector<SizeCurve> curves() const;
    // Other formats of the width that the scheme has now, with scales as fine as its own.
    std::vector<SizePoint> otherFormats() const;
    int currentBits() const { return m_scheme.weights ? m_scheme.weights->bits : 0; }
    void clear();

private:
    struct Line {
        std::string label;
        Scheme scheme;  // at any width
        std::map<int, ReportPtr> byBits;
    };
    std::size_t m_layer = 0;
    Scheme m_scheme;
    std::vector<Line> m_lines;
    std::vector<Scheme> m_others;
    std::vector<ReportPtr> m_otherReports;  // as m_others; null while not measured
};

}  // namespace bitlathe
