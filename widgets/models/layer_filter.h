// The filter language of the layer table: words and comparisons, all of which must hold.
//   ffn_up          the name contains it (any case)
//   kind:conv       also op: and scheme:, each "contains"
//   bits<8 sqnr<20  also size, params, rms, clipped; < <= > >= = and units: size>1MiB clipped>0.1%
//   is:edited       also quantized, float, fixed, issue, waiting
//   -kind:norm      a minus turns any of them round
// Knows no widgets.
#pragma once

#include "widgets/models/layer_row.h"

#include <QString>
#include <vector>

namespace bitlathe {

class LayerFilter {
public:
    LayerFilter() = default;  // accepts everything
    static LayerFilter parse(const QString& text);

    bool accepts(const LayerRow& facts) const;
    bool empty() const { return m_terms.empty(); }
    // What could not be understood, for people; empty when all is well. Such terms are left out.
    const QString& problem() const { return m_problem; }

private:
    enum class Field { Name, Kind, Op, Scheme, Is, Bits, Sqnr, Size, Parameters, Rms, Clipped };
    enum class Relation { Contains, Less, LessEqual, Greater, GreaterEqual, Equal };
    struct Term {
        Field field = Field::Name;
        Relation relation = Relation::Contains;
        bool negated = false;
        std::string text;  // lower case
        double number = 0;
    };
    static bool holds(const Term& term, const LayerRow& facts);

    std::vector<Term> m_terms;
    QString m_problem;
};

// Words that may stand before ':' or a comparison, and the values after "is:"; for completion and help.
const std::vector<QString>& layerFilterWords();

}  // namespace bitlathe
