#include "widgets/models/layer_table_model.h"

#include "widgets/models/figures.h"
#include "widgets/models/layer_bytes.h"

#include <cmath>
#include <map>

namespace bitlathe {
namespace {

QString bitsText(double bits) { return bits == std::floor(bits) ? QString::number(int(bits)) : numberText(bits, 2); }

// "int8 channel", and " · a8" where the inputs are quantized too.
std::string schemeText(const Scheme& scheme, const Layer& layer) {
    if (!scheme.weights) return layer.storedAs;
    const std::string weights = shortText({scheme.weights, std::nullopt});
    return scheme.activations ? weights + " · a" + std::to_string(scheme.activations->bits) : weights;
}

}  // namespace

int blockPrefix(const std::string& name) {
    const auto cut = name.find_last_of("./");
    return cut == std::string::npos || cut + 1 == name.size() ? 0 : int(cut) + 1;
}

LayerTableModel::LayerTableModel(QObject* parent) : QAbstractTableModel(parent) {}

void LayerTableModel::setModel(std::shared_ptr<const Model> model) {
    beginResetModel();
    m_model = std::move(model);
    const std::size_t rows = m_model ? m_model->layers.size() : 0;
    m_schemes.assign(rows, {});
    m_reports.assign(rows, nullptr);
    m_ghosts.clear();
    m_ghostReports.assign(rows, nullptr);
    m_facts.assign(rows, {});
    m_issueTexts.assign(rows, {});
    m_carried.clear();
    m_got.assign(rows, std::nullopt);
    m_issueLevels.assign(rows, 0);
    m_prefixes.resize(rows);
    for (std::size_t row = 0; row < rows; ++row) {
        const Layer& layer = m_model->layers[row];
        LayerRow& facts = m_facts[row];
        facts.name = layer.name;
        facts.kind = nameOf(layer.kind);
        facts.op = layer.op;
        facts.parameters = layer.parameters;
        facts.quantizable = layer.quantizable;
        m_prefixes[row] = int(QString::fromStdString(layer.name.substr(0, std::size_t(blockPrefix(layer.name)))).size());
        refreshFacts(row);
    }
    endResetModel();
}

void LayerTableModel::refreshFacts(std::size_t row) {
    const Layer& layer = m_model->layers[row];
    const Scheme& scheme = m_schemes[row];
    const LayerReport* report = m_reports[row].get();
    LayerRow& facts = m_facts[row];
    facts.scheme = schemeText(scheme, layer);
    facts.quantized = scheme.weights.has_value();
    const Scheme& stored = m_got[row] ? m_got[row]->scheme : scheme;  // sizes are those of the file
    facts.bits = stored.weights ? stored.weights->bits : sourceBitsOf(layer);
    facts.issue = m_issueLevels[row] > 0 || m_got[row];
    if (m_got[row]) facts.scheme += " → " + schemeText(m_got[row]->scheme, layer);
    const bool measured = report && facts.quantized;
    facts.waiting = facts.quantized && !(report && report->exact());
    const double none = std::numeric_limits<double>::quiet_NaN();
    facts.sqnrDb = measured ? report->error.sqnrDb : none;
    facts.rms = measured ? report->error.rootMeanSquare : none;
    facts.clipped = measured ? report->error.clipped : none;
    facts.huffmanBytes = measured ? report->entropy.huffmanBytes : 0;
    facts.bytes = bytesOf(layer, stored);
}

void LayerTableModel::changed(std::size_t first, std::size_t last) {
    emit dataChanged(index(int(first), 0), index(int(last), ColumnCount - 1));
}

void LayerTableModel::setSchemes(const Recipe& recipe, const std::vector<Scheme>& schemes, const std::vector<Issue>& issues) {
    if (!m_model || schemes.size() != m_schemes.size()) return;
    std::map<std::string, std::pair<QString, int>> byLayer;
    for (const Issue& issue : issues) {
        if (issue.layer.empty()) continue;
        auto& [text, level] = byLayer[issue.layer];
        if (!text.isEmpty()) text += QLatin1Char('\n');
        text += fromUtf8(issue.message);
        if (!issue.cure.empty()) text += QLatin1Char(' ') + fromUtf8(issue.cure);
        level = std::max(level, int(issue.level) + 1);
    }
    for (std::size_t row = 0; row < schemes.size(); ++row) {
        const bool same = schemes[row] == m_schemes[row];
        const bool edited = recipe.layers.contains(m_model->layers[row].name);
        const auto found = byLayer.find(m_model->layers[row].name);
        const QString text = found == byLayer.end() ? QString() : found->second.first;
        const int level = found == byLayer.end() ? 0 : found->second.second;
        if (same && edited == m_facts[row].edited && text == m_issueTexts[row] && level == m_issueLevels[row]) continue;
        if (!same && m_reports[row] && m_reports[row]->scheme != schemes[row]) m_reports[row].reset();
        if (!same) m_got[row].reset();
        m_schemes[row] = schemes[row];
        m_facts[row].edited = edited;
        m_issueTexts[row] = text;
        m_issueLevels[row] = level;
        refreshFacts(row);
        changed(row, row);
    }
}

void LayerTableModel::setReports(const std::vector<std::shared_ptr<const LayerReport>>& reports) {
    for (const auto& report : reports) {
        if (!report || report->layer >= m_reports.size()) continue;
        const std::size_t row = report->layer;
        if (report->scheme != m_schemes[row] || m_reports[row] == report) continue;
        m_reports[row] = report;
        refreshFacts(row);
        changed(row, row);
    }
}

void LayerTableModel::setGot(const std::vector<Got>& outcomes) {
    for (const Got& got : outcomes) {
        if (got.layer >= m_got.size()) continue;
        auto& here = m_got[got.layer];
        const bool differs = got.scheme != m_schemes[got.layer];
        if (!differs && !here) continue;
        if (differs) here = got;
        else here.reset();
        refreshFacts(got.layer);
        changed(got.layer, got.layer);
    }
}

void LayerTableModel::setCarried(std::map<std::size_t, double> db, bool stale, const QString& measuredOn) {
    m_carried = std::move(db);
    m_carriedStale = stale;
    m_carriedOn = measuredOn;
    if (rowCount()) changed(0, m_facts.size() - 1);
}

void LayerTableModel::setShowFloat(bool on) {
    if (on == m_showFloat) return;
    m_showFloat = on;
    if (rowCount()) changed(0, m_facts.size() - 1);
}

void LayerTableModel::setGhosts(std::vector<Scheme> schemes) {
    if (schemes.empty() && m_ghosts.empty()) return;
    m_ghosts = schemes.size() == m_facts.size() ? std::move(schemes) : std::vector<Scheme>{};
    for (auto& report : m_ghostReports) report.reset();
    if (rowCount()) changed(0, m_facts.size() - 1);
}

void LayerTableModel::setGhostReports(const std::vector<std::shared_ptr<const LayerReport>>& reports) {
    for (const auto& report : reports) {
        if (!report || report->layer >= m_ghosts.size() || report->scheme != m_ghosts[report->layer]) continue;
        m_ghostReports[report->layer] = report;
        changed(report->layer, report->layer);
    }
}

QString LayerTableModel::ghost(std::size_t row, int column) const {
    if (row >= m_ghosts.size() || m_ghosts[row] == m_schemes[row]) return {};
    const Scheme& scheme = m_ghosts[row];
    const Layer& layer = m_model->layers[row];
    switch (column) {
        case SchemeColumn: return fromUtf8(schemeText(scheme, layer));
        case Bits: return bitsText(scheme.weights ? scheme.weights->bits : sourceBitsOf(layer));
        case Size: return bytesText(bytesOf(layer, scheme));
        case Sqnr: return m_ghostReports[row] ? dbText(m_ghostReports[row]->error.sqnrDb) : scheme.weights ? QStringLiteral("…") : QStringLiteral("–");
    }
    return {};
}

int LayerTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(m_facts.size()); }
int LayerTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant LayerTableModel::text(std::size_t row, int column) const {
    const LayerRow& facts = m_facts[row];
    const Layer& layer = m_model->layers[row];
    const bool asFloat = m_showFloat || !facts.quantized;
    switch (column) {
        case Name: return fromUtf8(facts.name);
        case Kind: return fromUtf8(facts.kind);
        case ShapeColumn: return fromUtf8(toText(layer.shape));
        case Parameters: return countText(facts.parameters);
        case SchemeColumn: return fromUtf8(asFloat ? std::string_view(layer.storedAs) : std::string_view(facts.scheme));
        case Bits: return bitsText(asFloat ? sourceBitsOf(layer) : facts.bits);
        case Size: return bytesText(asFloat ? layer.bytes : facts.bytes);
        case Huffman: return asFloat ? QStringLiteral("–") : facts.huffmanBytes ? bytesText(facts.huffmanBytes) : QStringLiteral("…");
        case Carried: {
            const auto found = m_carried.find(row);
            return found == m_carried.end() ? QStringLiteral("–") : dbText(found->second);
        }
        case Sqnr: return asFloat ? QStringLiteral("–") : std::isnan(facts.sqnrDb) ? QStringLiteral("…") : dbText(facts.sqnrDb);
    }
    return {};
}

QVariant LayerTableModel::sortKey(std::size_t row, int column) const {
    const LayerRow& facts = m_facts[row];
    switch (column) {
        case Parameters:
        case ShapeColumn: return qlonglong(facts.parameters);
        case Bits: return facts.bits;
        case Size: return qlonglong(facts.bytes);
        case Huffman: return qlonglong(facts.huffmanBytes);
        case Sqnr: return std::isnan(facts.sqnrDb) ? 1e9 : facts.sqnrDb;
        case Carried: {
            const auto found = m_carried.find(row);
            return found == m_carried.end() ? 1e9 : found->second;
        }
        default: return text(row, column);
    }
}

QString LayerTableModel::tooltip(std::size_t row, int column) const {
    const LayerRow& facts = m_facts[row];
    const Layer& layer = m_model->layers[row];
    const LayerReport* report = m_reports[row].get();
    const QString note = layer.note.empty() ? QString() : QLatin1Char('\n') + fromUtf8(layer.note);
    switch (column) {
        case Name:
            return tr("%1\n%2, operator %3, %4 parameters").arg(fromUtf8(layer.name), fromUtf8(facts.kind), fromUtf8(layer.op), exactCountText(layer.parameters)) + note;
        case ShapeColumn:
            return tr("%1\n%2 output channels of %3 weights each").arg(fromUtf8(toText(layer.shape)), exactCountText(layer.layout.channels), exactCountText(layer.layout.perChannel())) + note;
        case Parameters: return tr("%1 parameters, bias included").arg(exactCountText(layer.parameters));
        case SchemeColumn: {
            if (!layer.quantizable) return tr("Stays %1.").arg(fromUtf8(layer.storedAs)) + note;
            QString out = facts.edited ? tr("%1: set for this layer.").arg(fromUtf8(facts.scheme))
                                       : tr("%1: from the recipe's rules.").arg(fromUtf8(facts.scheme));
            if (m_got[row]) out = tr("Asked: %1\nGot: %2\n%3").arg(fromUtf8(schemeText(m_schemes[row], layer)), fromUtf8(schemeText(m_got[row]->scheme, layer)), fromUtf8(m_got[row]->reason));
            if (!m_issueTexts[row].isEmpty()) out += QLatin1Char('\n') + m_issueTexts[row];
            return out + note;
        }
        case Bits: return facts.quantized && report ? tr("%1 bits per weight with scales and zero points").arg(bitsPerWeightText(report->bitsPerWeight)) : QString();
        case Size:
            if (!facts.quantized) return tr("%1 bytes, as in the source").arg(exactCountText(layer.bytes));
            return tr("%1 bytes before, %2 after: codes, scales and zero points; the bias stays as it is")
                .arg(exactCountText(layer.bytes), exactCountText(facts.bytes));
        case Huffman:
            if (!facts.quantized) return tr("Not quantized: no codes.");
            if (!report) return tr("Being measured.");
            return tr("%1 bytes if the weight's codes were Huffman-coded (weight sharing), %2 as stored\nEntropy %3 bits of the %4 that a code takes; over %5 of %6 weights")
                .arg(exactCountText(facts.huffmanBytes), exactCountText(report->bytesAfter), numberText(report->entropy.bitsPerCode), bitsText(facts.bits), report->exact() ? tr("all") : percentText(report->doneFraction),
                     exactCountText(report->statistics.count));
        case Carried:
            return m_carried.contains(row) ? tr("Carried SQNR of this layer's output with everything before it quantized too, against float, on %1").arg(m_carriedOn) +
                                                 (m_carriedStale ? tr("\nThe recipe was edited since: run again.") : QString())
                                           : tr("This layer's output was not seen in the run.");
        case Sqnr:
            if (!facts.quantized) return tr("Not quantized: no error.");
            if (!report) return tr("Being measured.");
            return tr("Own SQNR = 10·log10(Σx² / Σe²), e = x − q(x), over %1 of %2 weights\nRMS error %3, largest %4, clipped %5")
                .arg(report->exact() ? tr("all") : percentText(report->doneFraction), exactCountText(report->statistics.count),
                     numberText(report->error.rootMeanSquare), numberText(report->error.maximum), percentText(report->error.clipped));
    }
    return note.trimmed();
}

QVariant LayerTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const auto row = std::size_t(index.row());
    const LayerRow& facts = m_facts[row];
    switch (role) {
        case Qt::DisplayRole: return text(row, index.column());
        case Qt::ToolTipRole: return tooltip(row, index.column());
        case Qt::TextAlignmentRole:
            return int(index.column() == Parameters || index.column() >= Bits ? Qt::AlignRight | Qt::AlignVCenter
                                                                              : Qt::AlignLeft | Qt::AlignVCenter);
        case Qt::AccessibleTextRole:
            return QStringLiteral("%1: %2").arg(headerData(index.column(), Qt::Horizontal, Qt::DisplayRole).toString(), text(row, index.column()).toString());
        case SortRole: return sortKey(row, index.column());
        case PrefixRole: return m_prefixes[row];
        case QualityRole:
            return index.column() == Sqnr && !m_showFloat && !std::isnan(facts.sqnrDb) ? QVariant(sqnrQuality(facts.sqnrDb)) : QVariant();
        case PreviewRole: return index.column() == Carried ? m_carriedStale : facts.waiting;
        case QuantizedRole: return facts.quantized && !m_showFloat;
        case FixedRole: return !facts.quantizable;
        case EditedRole: return facts.edited;
        case IssueRole: return m_got[row] ? std::max(m_issueLevels[row], 2) : m_issueLevels[row];
        case GhostRole: return ghost(row, index.column());
    }
    return {};
}

QVariant LayerTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole) return int(section == Parameters || section == Bits || section == Size || section == Huffman || section == Carried ? Qt::AlignRight | Qt::AlignVCenter : Qt::AlignLeft | Qt::AlignVCenter);
    const bool tip = role == Qt::ToolTipRole;
    if (role != Qt::DisplayRole && !tip) return {};
    switch (section) {
        case Name: return tip ? tr("The layer; the part that names its block is dimmed") : tr("Layer");
        case Kind: return tip ? tr("What the layer computes") : tr("Kind");
        case ShapeColumn: return tip ? tr("Extents of the weight") : tr("Shape");
        case Parameters: return tip ? tr("Weights and biases") : tr("Parameters");
        case SchemeColumn: return tip ? tr("How the weights are to be stored") : tr("Scheme");
        case Bits: return tip ? tr("Bits of one code") : tr("Bits");
        case Size: return tip ? tr("Bytes as they will be stored, scales and zero points included") : tr("Size");
        case Huffman: return tip ? tr("Bytes of the weight if its codes were entropy-coded by a Huffman code: beside the size, never instead of it") : tr("Huffman");
        case Carried: return tip ? tr("Signal to noise of the layer's output when everything before it is quantized too, dB; from the newest run") : tr("Carried dB");
        case Sqnr: return tip ? tr("Signal to quantization noise of the weights, dB: 10·log10(Σx² / Σe²)") : tr("SQNR dB");
    }
    return {};
}

}  // namespace bitlathe
