#include "widgets/models/layer_filter.h"

#include <QCoreApplication>
#include <QStringList>
#include <cctype>
#include <cmath>
#include <optional>

namespace bitlathe {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("LayerFilter", text); }

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = char(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

bool contains(std::string_view text, const std::string& part) { return lower(text).find(part) != std::string::npos; }

// "1.5MiB" → 1572864, "0.1%" → 0.001, "20dB" → 20, "3M" → 3e6
std::optional<double> numberOf(QString text) {
    text = text.toLower();
    static const struct { const char* unit; double factor; } units[] = {
        {"kib", 1024.0}, {"mib", 1048576.0}, {"gib", 1073741824.0}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9},
        {"db", 1.0},     {"%", 0.01},        {"k", 1e3},            {"m", 1e6},  {"b", 1.0},  {"g", 1e9},
    };
    double factor = 1;
    for (const auto& [unit, size] : units) {
        if (!text.endsWith(QLatin1String(unit))) continue;
        factor = size;
        text.chop(int(qstrlen(unit)));
        break;
    }
    bool ok = false;
    const double value = text.toDouble(&ok);
    if (!ok) return std::nullopt;
    return value * factor;
}

}  // namespace

const std::vector<QString>& layerFilterWords() {
    static const std::vector<QString> words = {
        QStringLiteral("kind:conv"), QStringLiteral("kind:linear"),   QStringLiteral("op:"),         QStringLiteral("scheme:int4"),
        QStringLiteral("bits<8"),    QStringLiteral("sqnr<20"),       QStringLiteral("size>1MiB"),   QStringLiteral("params>100K"),
        QStringLiteral("rms>0.01"),  QStringLiteral("clipped>0.1%"),  QStringLiteral("is:edited"),   QStringLiteral("is:quantized"),
        QStringLiteral("is:float"),  QStringLiteral("is:fixed"),      QStringLiteral("is:issue"),    QStringLiteral("is:waiting"),
    };
    return words;
}

LayerFilter LayerFilter::parse(const QString& text) {
    static const struct { const char* word; Field field; bool number; } fields[] = {
        {"name", Field::Name, false}, {"kind", Field::Kind, false},   {"op", Field::Op, false},         {"scheme", Field::Scheme, false},
        {"is", Field::Is, false},     {"bits", Field::Bits, true},    {"sqnr", Field::Sqnr, true},      {"size", Field::Size, true},
        {"params", Field::Parameters, true}, {"parameters", Field::Parameters, true}, {"rms", Field::Rms, true}, {"clipped", Field::Clipped, true},
    };
    static const QStringList states = {QStringLiteral("edited"), QStringLiteral("quantized"), QStringLiteral("float"),
                                       QStringLiteral("fixed"), QStringLiteral("issue"), QStringLiteral("waiting")};
    LayerFilter filter;
    const auto complain = [&](const QString& what) {
        if (filter.m_problem.isEmpty()) filter.m_problem = what;
    };
    for (QString word : text.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        Term term;
        if (word.size() > 1 && word.startsWith(QLatin1Char('-'))) {
            term.negated = true;
            word.remove(0, 1);
        }
        qsizetype cut = -1;
        for (qsizetype i = 0; i < word.size() && cut < 0; ++i)
            if (QStringLiteral(":<>=").contains(word[i])) cut = i;
        const QString key = cut < 0 ? QString() : word.left(cut).toLower();
        const auto* field = std::end(fields);
        for (const auto& row : fields)
            if (cut > 0 && key == QLatin1String(row.word)) field = &row;
        if (cut <= 0 || (field == std::end(fields) && word[cut] == QLatin1Char(':'))) {
            term.text = lower(word.toStdString());  // a name may hold a colon
            filter.m_terms.push_back(term);
            continue;
        }
        if (field == std::end(fields)) {
            complain(tr("“%1” is not a figure that can be compared; try bits, sqnr, size, params, rms or clipped.").arg(key));
            continue;
        }
        term.field = field->field;
        QString value = word.mid(cut + 1);
        if (field->number) {
            const bool orEqual = value.startsWith(QLatin1Char('='));
            if (orEqual) value.remove(0, 1);
            const QChar c = word[cut];
            term.relation = c == QLatin1Char('<')   ? (orEqual ? Relation::LessEqual : Relation::Less)
                            : c == QLatin1Char('>') ? (orEqual ? Relation::GreaterEqual : Relation::Greater)
                                                    : Relation::Equal;
            if (value.isEmpty()) continue;  // still being typed
            const auto number = numberOf(value);
            if (!number) {
                complain(tr("“%1” is not a number; write for example %2<20.").arg(value, key));
                continue;
            }
            term.number = *number;
        } else {
            if (value.isEmpty()) continue;
            term.text = lower(value.toStdString());
            if (term.field == Field::Is && states.filter(value.toLower()).isEmpty()) {
                complain(tr("“is:%1” is not known; try %2.").arg(value, states.join(QStringLiteral(", "))));
                continue;
            }
        }
        filter.m_terms.push_back(term);
    }
    return filter;
}

bool LayerFilter::holds(const Term& term, const LayerRow& facts) {
    const auto compare = [&](double value) {
        if (std::isnan(value)) return false;
        switch (term.relation) {
            case Relation::Less: return value < term.number;
            case Relation::LessEqual: return value <= term.number;
            case Relation::Greater: return value > term.number;
            case Relation::GreaterEqual: return value >= term.number;
            default: return value == term.number;
        }
    };
    switch (term.field) {
        case Field::Name: return contains(facts.name, term.text);
        case Field::Kind: return contains(facts.kind, term.text);
        case Field::Op: return contains(facts.op, term.text);
        case Field::Scheme: return contains(facts.scheme, term.text);
        case Field::Bits: return compare(facts.bits);
        case Field::Sqnr: return compare(facts.sqnrDb);
        case Field::Size: return compare(double(facts.bytes));
        case Field::Parameters: return compare(double(facts.parameters));
        case Field::Rms: return compare(facts.rms);
        case Field::Clipped: return compare(facts.clipped);
        case Field::Is: {
            const auto means = [&](const char* word) { return std::string(word).starts_with(term.text); };
            return (means("edited") && facts.edited) || (means("quantized") && facts.quantized) ||
                   (means("float") && !facts.quantized) || (means("fixed") && !facts.quantizable) ||
                   (means("issue") && facts.issue) || (means("waiting") && facts.waiting);
        }
    }
    return true;
}

bool LayerFilter::accepts(const LayerRow& facts) const {
    for (const Term& term : m_terms)
        if (holds(term, facts) == term.negated) return false;
    return true;
}

}  // namespace bitlathe
