#include "widgets/editors/scheme_editor.h"

#include "widgets/editors/bits_editor.h"
#include "widgets/editors/choice.h"
#include "widgets/editors/granularity_editor.h"
#include "widgets/editors/range_editor.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

namespace bitlathe {
namespace {

QLabel* heading(const QString& text, QWidget* buddy) {
    auto* label = new QLabel(text);
    label->setProperty("caption", true);
    label->setBuddy(buddy);
    return label;
}

std::optional<int> number(const auto& value) {
    return value ? std::optional<int>(int(*value)) : std::nullopt;
}

}  // namespace

SchemeEditor::SchemeEditor(QWidget* parent)
    : QWidget(parent), m_format(new Choice(tr("Number format"))), m_bits(new BitsEditor), m_granularity(new GranularityEditor),
      m_range(new RangeEditor(RangeEditor::For::Weights, tr("Clip range of the weights"))), m_activations(new Choice(tr("Activations"))),
      m_activationRange(new RangeEditor(RangeEditor::For::Activations, tr("Range of the activations"))) {
    m_format->add(tr("Float, as in the source"), int(NumberFormat::Float), tr("The weights stay as they are."));
    m_format->add(tr("Integer, symmetric"), int(NumberFormat::IntSymmetric), tr("x ≈ s·q, q from −(2ⁿ⁻¹ − 1) to 2ⁿ⁻¹ − 1: zero in the middle, both ends alike."));
    m_format->add(tr("Integer, symmetric, full range"), int(NumberFormat::IntSymmetricFull), tr("x ≈ s·q, q from −2ⁿ⁻¹ to 2ⁿ⁻¹ − 1: one more code below."));
    m_format->add(tr("Integer, asymmetric"), int(NumberFormat::IntAsymmetric), tr("x ≈ s·(q − z), q from 0 to 2ⁿ − 1: for weights that lie to one side of zero."));
    m_activations->add(tr("Float"), int(ActivationChoice::Float), tr("Only the weights are quantized; products run in float."));
    m_activations->add(tr("uint8"), int(ActivationChoice::Asymmetric8), tr("Asymmetric: x ≈ s·(q − z), q from 0 to 255, one scale per tensor from calibration."));
    m_activations->add(tr("int8"), int(ActivationChoice::Symmetric8), tr("Symmetric: x ≈ s·q, q from −127 to 127: half of the codes are lost behind a ReLU."));
    m_activations->setToolTip(tr("The inputs of these layers while the network runs. Integer arithmetic needs both sides in integers."));

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(5);
    const auto section = [column](const QString& title, QWidget* editor) {
        if (column->count()) column->addSpacing(7);
        column->addWidget(heading(title, editor));
        column->addWidget(editor);
    };
    section(tr("Number format"), m_format);
    section(tr("Bits per weight"), m_bits);
    section(tr("One scale per"), m_granularity);
    section(tr("Clip range"), m_range);
    auto* activations = new QWidget;
    auto* pair = new QHBoxLayout(activations);
    pair->setContentsMargins(0, 0, 0, 0);
    pair->setSpacing(6);
    pair->addWidget(m_activations, 2, Qt::AlignTop);
    pair->addWidget(m_activationRange, 3, Qt::AlignTop);
    activations->setFocusProxy(m_activations);
    section(tr("Activations"), activations);

    connect(m_format, &Choice::chosen, this, [this](int value) {
        SchemeChange change;
        change.format = NumberFormat(value);
        emit edited(change, m_format->currentText());
    });
    connect(m_format, &Choice::hovered, this, [this](int value) {
        SchemeChange change;
        change.format = NumberFormat(value);
        emit hovered(change);
    });
    connect(m_bits, &BitsEditor::gestureBegan, this, &SchemeEditor::gestureBegan);
    connect(m_bits, &BitsEditor::gestureEnded, this, &SchemeEditor::gestureEnded);
    connect(m_bits, &BitsEditor::edited, this, [this](int bits) {
        SchemeChange change;
        change.bits = bits;
        emit edited(change, bits == 1 ? tr("1 bit") : tr("%1 bits").arg(bits));
    });
    const auto granularityChange = [](const Granularity& granularity) {
        SchemeChange change;
        change.granularity = granularity;
        return change;
    };
    connect(m_granularity, &GranularityEditor::edited, this, [=, this](const Granularity& granularity) {
        const auto* group = std::get_if<PerGroup>(&granularity);
        emit edited(granularityChange(granularity), group ? tr("Groups of %1").arg(group->size)
                                                    : granularity.index() == 0 ? tr("One scale per tensor") : tr("One scale per channel"));
    });
    connect(m_granularity, &GranularityEditor::hovered, this, [=, this](const Granularity& granularity) { emit hovered(granularityChange(granularity)); });
    connect(m_range, &RangeEditor::edited, this, [this](const RangeRule& rule) {
        SchemeChange change;
        change.range = rule;
        emit edited(change, tr("Clip range"));
    });
    connect(m_range, &RangeEditor::hovered, this, [this](const RangeRule& rule) {
        SchemeChange change;
        change.range = rule;
        emit hovered(change);
    });
    connect(m_activations, &Choice::chosen, this, [this](int value) {
        SchemeChange change;
        change.activations = ActivationChoice(value);
        emit edited(change, tr("Activations: %1").arg(m_activations->currentText()));
    });
    connect(m_activationRange, &RangeEditor::edited, this, [this](const RangeRule& rule) {
        SchemeChange change;
        change.activationRange = rule;
        emit edited(change, tr("Range of the activations"));
    });
    for (Choice* choice : {m_format, m_activations}) connect(choice, &Choice::hoverEnded, this, &SchemeEditor::hoverEnded);
    connect(m_range, &RangeEditor::hoverEnded, this, &SchemeEditor::hoverEnded);
    connect(m_granularity, &GranularityEditor::hoverEnded, this, &SchemeEditor::hoverEnded);
}

void SchemeEditor::show(const std::vector<Scheme>& schemes) {
    setEnabled(!schemes.empty());
    const CommonScheme common = commonOf(schemes);
    const bool quantized = !schemes.empty() && common.format != NumberFormat::Float;
    m_format->show(number(common.format));
    m_bits->show(common.bits);
    m_granularity->show(common.granularity, quantized ? common.granularityKind : std::nullopt);
    m_range->show(quantized ? common.range : std::nullopt, quantized ? common.rangeKind : std::nullopt);
    m_activations->show(number(common.activations));
    m_granularity->setEnabled(quantized);
    m_range->setEnabled(quantized);
    m_activations->setEnabled(quantized);
    const bool withActivations = quantized && common.activations != ActivationChoice::Float;
    m_activationRange->setVisible(withActivations);
    m_activationRange->show(withActivations ? common.activationRange : std::nullopt, withActivations ? common.activationRangeKind : std::nullopt);
}

void SchemeEditor::setScaleCounts(std::array<std::int64_t, 3> counts) { m_granularity->setScaleCounts(counts); }
void SchemeEditor::setFoundRange(double lo, double hi) { m_range->setFound(lo, hi); }
int SchemeEditor::groupSize() const { return m_granularity->groupSize(); }

}  // namespace bitlathe
