// The rule by which the clip range is found, with its one parameter, and for weights how softly values meet
// its ends. Knows no schemes and no data.
#pragma once

#include "core/quant/scheme.h"

#include <QWidget>
#include <optional>

class QDoubleSpinBox;
class QLabel;

namespace bitlathe {

class Choice;

class RangeEditor : public QWidget {
    Q_OBJECT
public:
    enum class For { Weights, Activations };
    RangeEditor(For what, const QString& name, QWidget* parent = nullptr);

    // common: the value all layers share; kind: the member they share when only the parameter differs.
    void show(const std::optional<RangeRule>& common, std::optional<std::size_t> kind);
    void setApplies(bool applies);  // false: there is no range to choose
    // The knee all layers share; nothing: mixed. offered: whether these formats can bend values.
    void showKnee(std::optional<double> knee, bool offered);
    // Where "by hand" starts: the range that the present rule found.
    void setFound(double lo, double hi) { m_foundLo = lo, m_foundHi = hi; }

signals:
    void edited(const bitlathe::RangeRule& rule);
    void hovered(const bitlathe::RangeRule& rule);
    void hoverEnded();
    void kneeEdited(double knee);  // 0 … 1

private:
    void setUpKnee();
    RangeRule startOf(int kind) const;
    void showParameters(const std::optional<RangeRule>& rule);
    void parametersChanged();
    void optionChosen(int option);
    bool showNumbers(const RangeRule& rule);
    bool showOptions(const RangeRule& rule);

    bool m_roomy;  // there is room for the name of an option beside it
    Choice* m_kind;
    QWidget* m_parameters;
    QLabel* m_firstLabel;
    QLabel* m_secondLabel;
    QDoubleSpinBox* m_first;
    QDoubleSpinBox* m_second;
    Choice* m_option;  // a rule's parameter that is no number
    QWidget* m_kneeRow;
    QDoubleSpinBox* m_knee;
    std::optional<RangeRule> m_rule;
    double m_foundLo = -1, m_foundHi = 1;
    bool m_showing = false;
};

}  // namespace bitlathe
