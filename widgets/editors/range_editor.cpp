#include "widgets/editors/range_editor.h"

#include "widgets/editors/choice.h"

#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

namespace bitlathe {
namespace {

template <class T>
constexpr int indexOf() {
    return int(RangeRule(T{}).index());
}

void setUpNumber(QDoubleSpinBox* box, double lo, double hi, int decimals, double step, double value) {
    box->setRange(lo, hi);
    box->setDecimals(decimals);
    box->setSingleStep(step);
    box->setValue(value);
}

}  // namespace

RangeEditor::RangeEditor(For what, const QString& name, QWidget* parent)
    : QWidget(parent), m_roomy(what == For::Weights), m_kind(new Choice(name)), m_parameters(new QWidget), m_firstLabel(new QLabel), m_secondLabel(new QLabel),
      m_first(new QDoubleSpinBox), m_second(new QDoubleSpinBox), m_option(new Choice(tr("Kind of %1").arg(name))), m_kneeRow(new QWidget), m_knee(new QDoubleSpinBox) {
    m_kind->add(tr("Min–max"), indexOf<MinMax>(), tr("lo = min x, hi = max x: nothing is clipped, outliers stretch the steps."));
    if (what == For::Activations)
        m_kind->add(tr("Moving average"), indexOf<MovingAverage>(), tr("m ← (1 − c)·m + c·(min or max of the batch): one odd batch weighs little."));
    m_kind->add(tr("Percentile"), indexOf<Percentile>(), tr("The range that holds p % of the values: the outermost are clipped. It knows no importance of columns."));
    m_kind->add(tr("Least squared error"), indexOf<LeastError>(), tr("The range that makes Σ(x − q(x))² smallest: clips a few to serve the many. With an importance of columns in use: Σ importance·(x − q(x))²."));
    m_kind->add(tr("Entropy (KL)"), indexOf<Entropy>(), tr("The range whose quantized histogram is closest to the float one by Kullback-Leibler divergence. It knows no importance of columns."));
    m_kind->add(tr("ACIQ"), indexOf<Aciq>(),
                tr("Where 2ᵇ even levels are best for a bell or a Laplace distribution as wide as the values: x̄ ± α(b)·width, without a search."));
    m_kind->add(tr("Adaptive"), indexOf<Adaptive>(),
                tr("Tries min–max, three percentiles, least error, entropy and ACIQ, and keeps the best for every scale. The histogram says which."));
    if (what == For::Weights)
        m_kind->add(tr("By hand"), indexOf<Manual>(), tr("The clip lines in the histogram, or the numbers below."));
    m_kind->setToolTip(tr("Where the representable range ends. What lies outside is clipped to its edge."));
    auto* row = new QHBoxLayout(m_parameters);
    row->setContentsMargins(m_roomy ? 18 : 0, 0, 0, 0);
    row->setSpacing(6);
    for (QLabel* label : {m_firstLabel, m_secondLabel}) label->setProperty("caption", true);
    for (QDoubleSpinBox* box : {m_first, m_second}) {
        box->setKeyboardTracking(false);
        box->setMinimumWidth(78);
    }
    row->addWidget(m_firstLabel, 1);
    row->addWidget(m_first);
    row->addWidget(m_secondLabel);
    row->addWidget(m_second);
    row->addWidget(m_option, 2);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addWidget(m_kind);
    column->addWidget(m_parameters);
    column->addWidget(m_kneeRow);
    setUpKnee();
    setFocusProxy(m_kind);
    m_parameters->hide();
    m_kneeRow->hide();
    connect(m_kind, &Choice::chosen, this, [this](int kind) { emit edited(startOf(kind)); });
    connect(m_kind, &Choice::hovered, this, [this](int kind) { emit hovered(startOf(kind)); });
    connect(m_kind, &Choice::hoverEnded, this, &RangeEditor::hoverEnded);
    for (QDoubleSpinBox* box : {m_first, m_second})
        connect(box, &QDoubleSpinBox::valueChanged, this, &RangeEditor::parametersChanged);
    connect(m_option, &Choice::chosen, this, &RangeEditor::optionChosen);
}

void RangeEditor::setUpKnee() {
    const QString tip = tr("Hard (0 %): what lies beyond an end c is cut to c.\n"
                           "Soft: over the last share of the range, w = knee·c, values bend along a parabola, from x = c − w to x = c + w,\n"
                           "so that values beyond the end still differ. Errors are measured against the unbent weights.");
    auto* row = new QHBoxLayout(m_kneeRow);
    row->setContentsMargins(18, 0, 0, 0);
    row->setSpacing(6);
    auto* label = new QLabel(tr("Soft clip over"));
    label->setProperty("caption", true);
    label->setBuddy(m_knee);
    label->setToolTip(tip);
    m_knee->setKeyboardTracking(false);
    m_knee->setMinimumWidth(78);
    m_knee->setRange(0, 100);
    m_knee->setDecimals(1);
    m_knee->setSingleStep(5);
    m_knee->setSuffix(tr(" %"));
    m_knee->setSpecialValueText(tr("hard"));
    m_knee->setAccessibleName(tr("Soft clip, share of the range"));
    m_knee->setToolTip(tip);
    row->addWidget(label, 1);
    row->addWidget(m_knee);
    connect(m_knee, &QDoubleSpinBox::valueChanged, this, [this](double percent) {
        if (!m_showing) emit kneeEdited(std::clamp(percent / 100, 0.0, 1.0));
    });
}

void RangeEditor::showKnee(std::optional<double> knee, bool offered) {
    m_showing = true;
    m_knee->setValue(knee.value_or(0) * 100);
    m_knee->setSpecialValueText(knee ? tr("hard") : tr("mixed"));
    m_showing = false;
    m_kneeRow->setVisible(offered);
}

RangeRule RangeEditor::startOf(int kind) const {
    if (m_rule && int(m_rule->index()) == kind) return *m_rule;
    if (kind == indexOf<MovingAverage>()) return MovingAverage{};
    if (kind == indexOf<Percentile>()) return Percentile{};
    if (kind == indexOf<LeastError>()) return LeastError{};
    if (kind == indexOf<Entropy>()) return Entropy{};
    if (kind == indexOf<Aciq>()) return Aciq{};
    if (kind == indexOf<Adaptive>()) return Adaptive{};
    if (kind == indexOf<Manual>()) {
        const double lo = std::min(m_foundLo, 0.0), hi = std::max(m_foundHi, 0.0);
        return lo < hi ? Manual{lo, hi} : Manual{};
    }
    return MinMax{};
}

void RangeEditor::show(const std::optional<RangeRule>& common, std::optional<std::size_t> kind) {
    m_rule = common;
    m_kind->show(kind ? std::optional<int>(int(*kind)) : std::nullopt);
    m_showing = true;
    showParameters(common);
    m_showing = false;
}

void RangeEditor::setApplies(bool applies) {
    setEnabled(applies);
    m_kind->setMixed(applies);
}

void RangeEditor::showParameters(const std::optional<RangeRule>& rule) {
    const bool numbers = rule && showNumbers(*rule), options = rule && showOptions(*rule), two = rule && std::holds_alternative<Manual>(*rule);
    m_first->setAccessibleName(m_firstLabel->text());
    m_second->setAccessibleName(m_secondLabel->text());
    m_firstLabel->setBuddy(options ? static_cast<QWidget*>(m_option) : m_first);
    m_secondLabel->setBuddy(m_second);
    m_firstLabel->setVisible(numbers || (options && m_roomy));
    m_first->setVisible(numbers);
    m_option->setVisible(options);
    m_secondLabel->setVisible(two);
    m_second->setVisible(two);
    m_parameters->setVisible(numbers || options);
}

bool RangeEditor::showNumbers(const RangeRule& rule) {
    if (const auto* p = std::get_if<Percentile>(&rule)) {
        m_firstLabel->setText(tr("Percent kept"));
        setUpNumber(m_first, 50.01, 100, 3, 0.01, p->percent);
    } else if (const auto* a = std::get_if<MovingAverage>(&rule)) {
        m_firstLabel->setText(tr("Weight of the newest"));
        setUpNumber(m_first, 0.001, 1, 3, 0.01, a->constant);
    } else if (const auto* e = std::get_if<LeastError>(&rule)) {
        m_firstLabel->setText(tr("Norm of the error"));
        setUpNumber(m_first, 0.5, 8, 2, 0.1, e->norm);
    } else if (const auto* m = std::get_if<Manual>(&rule)) {
        m_firstLabel->setText(tr("From"));
        m_secondLabel->setText(tr("to"));
        const double size = std::max({std::abs(m->lo), std::abs(m->hi), 1e-6});
        const double step = std::pow(10, std::floor(std::log10(size)) - 1);
        const int decimals = std::max(2, 2 - int(std::floor(std::log10(size))) + 1);
        setUpNumber(m_first, -1e6, 0, decimals, step, m->lo);
        setUpNumber(m_second, 0, 1e6, decimals, step, m->hi);
    } else {
        return false;
    }
    return true;
}

bool RangeEditor::showOptions(const RangeRule& rule) {
    if (const auto* aciq = std::get_if<Aciq>(&rule)) {
        m_option->clear();
        m_firstLabel->setText(tr("Distribution"));
        m_option->add(tr("The likelier"), int(Aciq::Shape::Auto), tr("Laplace where mean|x − x̄| < 0.760·σ, else a bell: what makes the values likelier. The histogram says which."));
        m_option->add(tr("Bell (Gauss)"), int(Aciq::Shape::Gaussian), tr("x̄ ± α·σ, α = 2.559 at 4 bits"));
        m_option->add(tr("Laplace"), int(Aciq::Shape::Laplace), tr("x̄ ± α·mean|x − x̄|, α = 5.029 at 4 bits"));
        m_option->show(int(aciq->shape));
        return true;
    }
    if (const auto* adaptive = std::get_if<Adaptive>(&rule)) {
        using Metric = Adaptive::Metric;
        m_option->clear();
        m_firstLabel->setText(tr("Best by"));
        m_option->add(tr("Squared error"), int(Metric::SquaredError), tr("Σ(x − x̂)²: the range with the highest SQNR too"));
        m_option->add(tr("Error to the 2.4"), int(Metric::Norm24), tr("Σ|x − x̂|²·⁴: large errors weigh more"));
        m_option->add(tr("Cosine"), int(Metric::Cosine), tr("Σx·x̂ / √(Σx²·Σx̂²): the direction, not the length"));
        m_option->add(tr("Largest error"), int(Metric::MaxError), tr("max|x − x̂|: hardly ever clips"));
        m_option->add(tr("Histograms (KL)"), int(Metric::Divergence), tr("Kullback-Leibler divergence of the histogram of x from that of x̂, 256 bins"));
        m_option->show(int(adaptive->metric));
        return true;
    }
    return false;
}

void RangeEditor::optionChosen(int option) {
    if (m_showing || !m_rule) return;
    RangeRule rule = *m_rule;
    if (auto* aciq = std::get_if<Aciq>(&rule)) aciq->shape = Aciq::Shape(option);
    else if (auto* adaptive = std::get_if<Adaptive>(&rule)) adaptive->metric = Adaptive::Metric(option);
    if (rule != *m_rule) emit edited(rule);
}

void RangeEditor::parametersChanged() {
    if (m_showing || !m_rule) return;
    RangeRule rule = *m_rule;
    if (auto* p = std::get_if<Percentile>(&rule)) p->percent = m_first->value();
    else if (auto* a = std::get_if<MovingAverage>(&rule)) a->constant = m_first->value();
    else if (auto* e = std::get_if<LeastError>(&rule)) e->norm = m_first->value();
    else if (auto* m = std::get_if<Manual>(&rule)) {
        if (m_first->value() >= m_second->value()) return;
        *m = {m_first->value(), m_second->value()};
    }
    if (rule != *m_rule) emit edited(rule);
}

}  // namespace bitlathe
