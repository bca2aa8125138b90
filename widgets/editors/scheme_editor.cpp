#include "widgets/editors/scheme_editor.h"

#include "core/quant/codec.h"
#include "widgets/editors/bits_editor.h"
#include "widgets/editors/choice.h"
#include "widgets/editors/granularity_editor.h"
#include "widgets/editors/levels_editor.h"
#include "widgets/editors/range_editor.h"
#include "widgets/models/figures.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>
#include <algorithm>

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
    : QWidget(parent), m_format(new Choice(tr("Number format"))), m_levels(new LevelsEditor), m_bits(new BitsEditor), m_granularity(new GranularityEditor), m_scaleRow(new QWidget), m_scale(new Choice(tr("How scales are stored"))),
      m_range(new RangeEditor(RangeEditor::For::Weights, tr("Clip range of the weights"))), m_activations(new Choice(tr("Activations"))),
      m_activationRange(new RangeEditor(RangeEditor::For::Activations, tr("Range of the activations"))) {
    offerFormats();
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
    column->addWidget(m_levels);
    m_levels->hide();
    section(tr("Bits per weight"), m_bits);
    section(tr("One scale per"), m_granularity);
    auto* scaleLine = new QHBoxLayout(m_scaleRow);
    scaleLine->setContentsMargins(22, 0, 0, 0);
    scaleLine->addWidget(m_scale);
    column->addWidget(m_scaleRow);
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
        change.format = m_formats[std::size_t(value)];
        emit edited(change, m_format->currentText());
    });
    connect(m_format, &Choice::hovered, this, [this](int value) {
        SchemeChange change;
        change.format = m_formats[std::size_t(value)];
        emit hovered(change);
    });
    connect(m_levels, &LevelsEditor::fileWanted, this, &SchemeEditor::levelsFileWanted);
    connect(m_levels, &LevelsEditor::edited, this, [this](const std::vector<float>& levels) {
        SchemeChange change;
        change.table = levels;
        emit edited(change, tr("%1 levels of one's own").arg(levels.size()));
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
    m_scale->setToolTip(tr("What each scale takes in the file; coarser scales save bits and cost a little error."));
    connect(m_scale, &Choice::chosen, this, [this](int value) {
        SchemeChange change;
        change.scale = ScaleType(value);
        emit edited(change, m_scale->currentText());
    });
    connect(m_scale, &Choice::hovered, this, [this](int value) {
        SchemeChange change;
        change.scale = ScaleType(value);
        emit hovered(change);
    });
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
    connect(m_range, &RangeEditor::kneeEdited, this, [this](double knee) {
        SchemeChange change;
        change.knee = knee;
        emit edited(change, knee > 0 ? tr("Soft clip") : tr("Hard clip"));
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
    for (Choice* choice : {m_format, m_activations, m_scale}) connect(choice, &Choice::hoverEnded, this, &SchemeEditor::hoverEnded);
    connect(m_range, &RangeEditor::hoverEnded, this, &SchemeEditor::hoverEnded);
    connect(m_granularity, &GranularityEditor::hoverEnded, this, &SchemeEditor::hoverEnded);
}

void SchemeEditor::offerFormats() {
    const auto offer = [this](const QString& text, NumberFormat format, const QString& tip) {
        m_format->add(text, int(m_formats.size()), tip);
        m_formats.push_back(std::move(format));
    };
    offer(tr("Float, as in the source"), NumberFormat::real(), tr("The weights stay as they are."));
    offer(tr("Integer, symmetric"), NumberFormat::integers(), tr("x ≈ s·q, q from −(2ⁿ⁻¹ − 1) to 2ⁿ⁻¹ − 1: zero in the middle, both ends alike."));
    offer(tr("Integer, symmetric, full range"), NumberFormat::integers(true, false), tr("x ≈ s·q, q from −2ⁿ⁻¹ to 2ⁿ⁻¹ − 1: one more code below."));
    offer(tr("Integer, asymmetric"), NumberFormat::integers(false, true), tr("x ≈ s·(q − z), q from 0 to 2ⁿ − 1: for weights that lie to one side of zero."));
    for (const Codec& codec : codecs()) {
        if (codec.name == "int") continue;
        offer(fromUtf8(codec.label), {std::string(codec.name), true, true}, fromUtf8(codec.formula) + QLatin1Char('\n') + fromUtf8(codec.explanation));
    }
    m_format->setMaxVisibleItems(30);
}

std::optional<int> SchemeEditor::indexOf(const std::optional<NumberFormat>& format) {
    if (!format) return std::nullopt;
    const auto found = std::find(m_formats.begin(), m_formats.end(), *format);
    if (found != m_formats.end()) return int(found - m_formats.begin());
    // A format that only a recipe brings is offered from then on.
    const Codec* codec = findCodec(format->codec);
    m_formats.push_back(*format);
    m_format->add(codec ? fromUtf8(codec->label) : fromUtf8(format->codec), int(m_formats.size()) - 1, codec ? fromUtf8(codec->explanation) : QString());
    return int(m_formats.size()) - 1;
}

void SchemeEditor::show(const std::vector<Scheme>& schemes) {
    setEnabled(!schemes.empty());
    const CommonScheme common = commonOf(schemes);
    const bool quantized = !schemes.empty() && common.format != NumberFormat::real();
    const Codec* codec = common.format ? findCodec(common.format->codec) : nullptr;
    m_format->show(indexOf(common.format));
    m_format->setToolTip(codec ? fromUtf8(codec->formula) + QLatin1Char('\n') + fromUtf8(codec->explanation) : QString());
    m_levels->setVisible(codec && codec->takesTable);
    if (codec && codec->takesTable) m_levels->show(common.table);
    m_bits->setWidths(codec && codec->name != "int" ? codec->minBits : 1, codec ? codec->maxBits : 16);
    m_bits->show(common.bits);
    m_bits->setEnabled(!codec || codec->minBits < codec->maxBits);
    const bool inBlocks = quantized && codec && codec->blockSize > 0;
    if (inBlocks) m_granularity->showBlocks(codec->blockSize);
    else m_granularity->show(common.granularity, quantized ? common.granularityKind : std::nullopt);
    m_activations->show(number(common.activations));
    m_granularity->setEnabled(quantized && !inBlocks);
    const bool ranged = quantized && (!codec || codec->takesRange);
    m_range->setApplies(ranged);
    m_range->show(ranged ? common.range : std::nullopt, ranged ? common.rangeKind : std::nullopt);
    m_range->showKnee(common.knee, ranged);
    m_activations->setEnabled(quantized);
    showScales(codec, common.scale);
    const bool withActivations = quantized && common.activations != ActivationChoice::Float;
    m_activationRange->setVisible(withActivations);
    m_activationRange->show(withActivations ? common.activationRange : std::nullopt, withActivations ? common.activationRangeKind : std::nullopt);
}

// Only formats that leave a choice have the field.
void SchemeEditor::showScales(const Codec* codec, const std::optional<ScaleType>& scale) {
    const bool choice = codec && codec->scaleTypes.size() > 1;
    m_scaleRow->setVisible(choice);
    if (!choice) return;
    static const std::pair<ScaleType, const char*> names[] = {
        {ScaleType::F32, QT_TR_NOOP("float32 scales")}, {ScaleType::F16, QT_TR_NOOP("float16 scales")}, {ScaleType::BF16, QT_TR_NOOP("bfloat16 scales")},
        {ScaleType::E8M0, QT_TR_NOOP("power-of-two scales")}, {ScaleType::E4M3, QT_TR_NOOP("FP8 E4M3 scales")}, {ScaleType::U8, QT_TR_NOOP("8-bit scales")},
        {ScaleType::Dynamic8, QT_TR_NOOP("8-bit scales (bitsandbytes)")}, {ScaleType::One, QT_TR_NOOP("no scale")}};
    m_scale->clear();
    for (const ScaleType type : codec->scaleTypes)
        for (const auto& [known, name] : names)
            if (known == type) m_scale->add(tr(name), int(type));
    m_scale->show(number(scale));
}

void SchemeEditor::setScaleCounts(std::array<std::int64_t, 3> counts) { m_granularity->setScaleCounts(counts); }
void SchemeEditor::setFoundRange(double lo, double hi) { m_range->setFound(lo, hi); }
void SchemeEditor::offerLevels(const QString& text, const QString& source) { m_levels->offerText(text, source); }
int SchemeEditor::groupSize() const { return m_granularity->groupSize(); }

}  // namespace bitlathe
