#include "app/size_curves.h"

#include "core/quant/codec.h"

#include <algorithm>

namespace bitlathe {
namespace {

Scheme atBits(Scheme scheme, int bits) {
    scheme.weights->bits = bits;
    return scheme;
}

std::string labelOf(const Granularity& granularity) {
    if (const auto* group = std::get_if<PerGroup>(&granularity)) return "group " + std::to_string(group->size);
    return std::holds_alternative<PerChannel>(granularity) ? "channel" : "one scale";
}

}  // namespace

void SizeCurves::clear() {
    m_lines.clear();
    m_scheme = {};
}

std::vector<Analysis::Question> SizeCurves::ask(std::size_t layer, const Scheme& scheme) {
    const bool sameLines = layer == m_layer && !m_lines.empty() && scheme.weights && m_scheme.weights && atBits(m_scheme, 8) == atBits(scheme, 8);
    m_layer = layer;
    m_scheme = scheme;
    if (!scheme.weights) {
        m_lines.clear();
        return {};
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
    }
    std::vector<Analysis::Question> questions;
    const Codec* codec = findCodec(scheme.weights->codec);
    const int fewest = codec ? std::max(codec->minBits, std::min(2, codec->maxBits)) : 2, most = codec ? std::min(codec->maxBits, 8) : 8;
    for (const Line& line : m_lines)
        for (int bits = most; bits >= fewest; --bits)
            if (!line.byBits.contains(bits) && (!std::holds_alternative<Manual>(line.scheme.weights->range) || bits == scheme.weights->bits)) questions.push_back({layer, atBits(line.scheme, bits)});
    return questions;
}

void SizeCurves::add(const std::vector<ReportPtr>& reports) {
    for (const ReportPtr& report : reports) {
        if (report->layer != m_layer || !report->scheme.weights) continue;
        for (Line& line : m_lines) {
            const int bits = report->scheme.weights->bits;
            if (report->scheme == atBits(line.scheme, bits)) line.byBits[bits] = report;
        }
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

}  // namespace bitlathe
