#include "app/report_rows.h"

#include "core/metrics/divergence.h"
#include "widgets/models/figures.h"

#include <QCoreApplication>

namespace bitlathe {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("ReportRows", text); }

using Turn = EffectRow::Turn;

Turn turnOf(double before, double now, bool lessIsBetter) { return before == now ? Turn::Same : (now < before) == lessIsBetter ? Turn::Better : Turn::Worse; }

// 1 − cosine is what differs between schemes: 0.99998 is five digits of which four say nothing.
QString cosineText(double v) { return tr("1 − %1").arg(numberText(1 - v, 2)); }

}  // namespace

std::vector<EffectRow> reportRows(const LayerReport& now, const LayerReport* before) {
    std::vector<EffectRow> rows;
    if (!now.scheme.weights) return rows;
    if (before && !before->scheme.weights) before = nullptr;
    const QString sample = now.exact() ? tr("Over all %1 weights.").arg(exactCountText(now.statistics.count))
                                       : tr("Over a sample of %1 of the weights.").arg(percentText(now.doneFraction));
    const auto add = [&](const QString& name, QString (*text)(double), double value, double old, const QString& tip) {
        rows.push_back({name, before ? text(old) : QString(), text(value), tip + QLatin1Char('\n') + sample, before ? turnOf(old, value, true) : Turn::Same, !now.exact()});
    };
    const QuantizationError& e = now.error;
    const QuantizationError old = before ? before->error : QuantizationError{};
    add(tr("Largest error"), [](double v) { return numberText(v); }, e.maximum, old.maximum, tr("max |x − q(x)|"));
    add(tr("Cosine"), [](double v) { return cosineText(1 - v); }, 1 - e.cosine, 1 - old.cosine, tr("Σ x·q(x) / √(Σx² · Σq(x)²)"));
    add(tr("KL, nats"), [](double v) { return numberText(v); }, e.klDivergence, old.klDivergence,
        tr("Kullback–Leibler divergence, Σ p·ln(p / q), of the histograms of the weights (p) and of what they become (q), in %1 bins; a share of %2 of q is spread evenly, so that empty bins stay finite").arg(kDivergenceBins).arg(numberText(kDivergenceSmoothing)));
    if (now.entropy.huffmanBytes > 0)
        add(tr("With Huffman"), [](double v) { return bytesText(qint64(v)); }, double(now.entropy.huffmanBytes), before ? double(before->entropy.huffmanBytes) : 0.0,
            tr("Size if the codes were entropy-coded (weight sharing): one Huffman code for the layer and its table, scales as they are. %1 bits per weight; the codes' entropy is %2 bits of the %3 that each takes now. No file format here stores this.")
                .arg(numberText(now.entropy.huffmanBitsPerWeight), numberText(now.entropy.bitsPerCode)).arg(now.scheme.weights->bits));
    return rows;
}

}  // namespace bitlathe
