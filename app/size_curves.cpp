#include "app/size_curves.h"

#include "core/quant/codec.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {
namespace {

Scheme atBits(Scheme scheme, int bits) {
    scheme.weights->bits = bits;
    return scheme;
}

// The formats that have no other width than this one; the scheme's own is on the curve.
std::vector<Scheme> othersOf(const Scheme& scheme) {
    std::vector<Scheme> others;
    const QuantSpec& own = *scheme.weights;
    for (const Codec& codec : codecs()) {
        const bool fits = codec.name != "int" && codec.minBits == own.bits && codec.maxBits == own.bits;
        if (!fits || codec.name == own.codec || codec.takesTable) continue;
        Scheme other = scheme;
        QuantSpec& spec = *other.weights;
        spec = QuantSpec{};
        spec.codec = codec.name;
        spec.bits = own.bits;
        spec.granularity = own.granularity;
        if (!std::holds_alternative<Manual>(own.range)) spec.range = own.range;
        if (!codec.takesRange) spec.range = MinMax{};
        others.push_back(other);
    }
    return others;
}

// The widths of a line: those of its format, up to 8 and from 2 where it has so many.
std::pair<int, int> widthsOf(const Scheme& scheme) {
    const Codec* codec = findCodec(scheme.weights->codec);
    return codec ? std::pair{std::max(codec->minBits, std::min(2, codec->maxBits)), std::min(codec->maxBits, 8)} : std::pair{2, 8};
}

// Integers with scales as fine as the scheme's: what a format of one width is measured against.
Scheme integersLike(Scheme scheme) {
    const QuantSpec own = *scheme.weights;
    scheme.weights = QuantSpec{};
    scheme.weights->granularity = own.granularity;
    const Codec* codec = findCodec(own.codec);
    if (codec && codec->blockSize > 0) scheme.weights->granularity = PerGroup{codec->blockSize};
    return scheme;
}

std::string labelOf(const Granularity& granularity) {
    if (const auto* group = std::get_if<PerGroup>(&granularity)) return "group " + std::to_string(group->size);
    return std::holds_alternative<PerChannel>(granularity) ? "channel" : "one scale";
}

}  // namespace

void SizeCurves::clear() {
    m_lines.clear();
    m_others.clear();
    m_otherReports.clear();
    m_scheme = {};
}

std::vector<Analysis::Question> SizeCurves::ask(std::size_t layer, const Scheme& scheme) {
    const bool sameLines = layer == m_layer && !m_lines.empty() && scheme.weights && m_scheme.weights && atBits(m_scheme, 8) == atBits(scheme, 8);
    m_layer = layer;
    m_scheme = scheme;
    if (!scheme.weights) {
        clear();
        m_layer = layer;
        return {};
    }
    if (const std::vector<Scheme> others = othersOf(scheme); !sameLines || others != m_others) {
        m_others = others;
        m_otherReports.assign(others.size(), nullptr);
    }
    if (!sameLines) {
        m_lines.clear();
        Scheme own = scheme;
        // A clip by hand is one point: it was set for one width. The curves beside it are those of min–max.
        if (std::holds_alternative<Manual>(own.weights->range)) {
            m_lines.push_back({"by hand", own, {}});
            own.weights->range = MinMax{};
        }
        m_lines.push_back({labelOf(own.weights->granularity), own, {}});
        if (!std::holds_alternative<PerTensor>(own.weights->granularity) && !(findCodec(own.weights->codec) && findCodec(own.weights->codec)->blockSize > 0)) {
            own.weights->granularity = PerTensor{};
            m_lines.push_back({labelOf(own.weights->granularity), own, {}});
        }
        if (const auto [fewest, most] = widthsOf(scheme); fewest == most) {
            const Scheme integers = integersLike(scheme);
            m_lines.push_back({"int " + labelOf(integers.weights->granularity), integers, {}});
        }
    }
    std::vector<Analysis::Question> questions;
    const int now = scheme.weights->bits;  // wider than a curve is drawn, perhaps: then it is a point of its own
    if (now > 8 && !m_lines.front().byBits.contains(now)) questions.push_back({layer, atBits(m_lines.front().scheme, now)});
    for (const Line& line : m_lines) {
        const auto [fewest, most] = widthsOf(line.scheme);
        for (int bits = most; bits >= fewest; --bits)
            if (!line.byBits.contains(bits) && (!std::holds_alternative<Manual>(line.scheme.weights->range) || bits == scheme.weights->bits)) questions.push_back({layer, atBits(line.scheme, bits)});
    }
    for (std::size_t i = 0; i < m_others.size(); ++i)
        if (!m_otherReports[i]) questions.push_back({layer, m_others[i]});
    return questions;
}

void SizeCurves::add(const std::vector<ReportPtr>& reports) {
    for (const ReportPtr& report : reports) {
        if (report->layer != m_layer || !report->scheme.weights) continue;
        for (Line& line : m_lines) {
            const int bits = report->scheme.weights->bits;
            if (report->scheme == atBits(line.scheme, bits)) line.byBits[bits] = report;
        }
        for (std::size_t i = 0; i < m_others.size(); ++i)
            if (report->scheme == m_others[i]) m_otherReports[i] = report;
    }
}

std::vector<SizeCurve> SizeCurves::curves() const {
    std::vector<SizeCurve> curves;
    for (const Line& line : m_lines) {
        SizeCurve curve{line.label, {}};
        for (const auto& [bits, report] : line.byBits)
            curve.points.push_back({bits, report->bitsPerWeight, report->bytesAfter, report->error.sqnrDb});
        curves.push_back(std::move(curve));
    }
    return curves;
}

std::vector<SizePoint> SizeCurves::otherFormats() const {
    std::vector<SizePoint> points;
    // Blocks that a short channel does not fill cost far more than their width: they are no alternative.
    const double own = m_lines.empty() || !m_lines.front().byBits.contains(currentBits()) ? currentBits() : m_lines.front().byBits.at(currentBits())->bitsPerWeight;
    const double far = std::max(1.0, own * 0.25);
    for (const ReportPtr& report : m_otherReports)
        if (report && std::abs(report->bitsPerWeight - own) <= far) points.push_back({report->scheme.weights->bits, report->bitsPerWeight, report->bytesAfter, report->error.sqnrDb, codecOf(*report->scheme.weights).label, codecOf(*report->scheme.weights).name});
    return points;
}

}  // namespace bitlathe
