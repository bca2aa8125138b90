#include "widgets/editors/granularity_editor.h"

#include "widgets/editors/scheme_change.h"
#include "widgets/models/figures.h"

#include <QButtonGroup>
#include <QComboBox>
#include <QEvent>
#include <QGridLayout>
#include <QIntValidator>
#include <QLabel>
#include <QLineEdit>
#include <QRadioButton>
#include <QSignalBlocker>

namespace bitlathe {

GranularityEditor::GranularityEditor(QWidget* parent)
    : QWidget(parent), m_kinds(new QButtonGroup(this)), m_sizes(new QComboBox) {
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setVerticalSpacing(5);
    const std::array<QString, 3> names = {tr("Tensor"), tr("Channel"), tr("Group")};
    const std::array<QString, 3> tips = {tr("One scale for the whole weight: smallest, and the largest channel sets the step of all."),
                                         tr("One scale per output channel: what integer convolutions run."),
                                         tr("One scale per run of consecutive weights of a channel: for 4 bits and below.")};
    for (int kind = 0; kind < 3; ++kind) {
        auto* button = new QRadioButton(names[std::size_t(kind)]);
        button->setToolTip(tips[std::size_t(kind)]);
        button->setAccessibleName(tr("One scale per %1").arg(names[std::size_t(kind)]));
        button->installEventFilter(this);
        m_kinds->addButton(button, kind);
        auto* count = new QLabel;
        count->setProperty("caption", true);
        count->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        m_counts[std::size_t(kind)] = count;
        grid->addWidget(button, kind, 0);
        grid->addWidget(count, kind, 2);
    }
    grid->setColumnStretch(2, 1);
    m_sizes->setEditable(true);
    m_sizes->lineEdit()->setValidator(new QIntValidator(1, 1 << 20, m_sizes));
    m_sizes->setInsertPolicy(QComboBox::NoInsert);
    m_sizes->setAccessibleName(tr("Group size"));
    m_sizes->lineEdit()->setAccessibleName(tr("Group size"));
    m_sizes->setToolTip(tr("Weights that share a scale. Keys [ and ] step through the sizes."));
    m_sizes->setFixedWidth(84);
    for (int size : groupSizes()) m_sizes->addItem(QString::number(size), size);
    grid->addWidget(m_sizes, 2, 1);
    connect(m_kinds, &QButtonGroup::idClicked, this, [this](int kind) { emit edited(of(kind)); });
    connect(m_sizes, &QComboBox::activated, this, [this](int index) { sizeEntered(m_sizes->itemText(index)); });
    connect(m_sizes->lineEdit(), &QLineEdit::editingFinished, this, [this] { sizeEntered(m_sizes->currentText()); });
    connect(m_sizes, &QComboBox::highlighted, this, [this](int index) { emit hovered(PerGroup{m_sizes->itemData(index).toInt()}); });
}

Granularity GranularityEditor::of(int kind) const {
    if (kind == 0) return PerTensor{};
    if (kind == 1) return PerChannel{};
    return PerGroup{m_size};
}

void GranularityEditor::check(std::optional<std::size_t> kind) {
    m_kinds->setExclusive(false);
    for (int i = 0; i < 3; ++i) m_kinds->button(i)->setChecked(kind && int(*kind) == i);
    m_kinds->setExclusive(true);
}

void GranularityEditor::showBlocks(int size) {
    const QSignalBlocker quietSizes(m_sizes);
    m_inBlocks = true;
    check(std::size_t(2));
    m_sizes->setEditText(QString::number(size));
}

void GranularityEditor::show(const std::optional<Granularity>& common, std::optional<std::size_t> kind) {
    const QSignalBlocker quietSizes(m_sizes);
    m_inBlocks = false;
    check(kind);
    const auto* group = common ? std::get_if<PerGroup>(&*common) : nullptr;
    if (group) m_size = group->size;
    m_sizes->setEnabled(kind == std::size_t(2));
    if (kind == std::size_t(2) && !common) m_sizes->setEditText(QString());
    else m_sizes->setEditText(QString::number(m_size));
}

void GranularityEditor::setScaleCounts(std::array<std::int64_t, 3> counts) {
    for (std::size_t i = 0; i < 3; ++i)
        m_counts[i]->setText(counts[i] == 1 ? tr("1 scale") : tr("%1 scales").arg(exactCountText(counts[i])));
}

void GranularityEditor::sizeEntered(const QString& text) {
    const int size = text.toInt();
    if (m_inBlocks || size < 1 || size == m_size) return;
    m_size = size;
    emit edited(PerGroup{size});
}

bool GranularityEditor::eventFilter(QObject* object, QEvent* event) {
    if (event->type() == QEvent::Enter)
        for (int i = 0; i < 3; ++i)
            if (m_kinds->button(i) == object) emit hovered(of(i));
    if (event->type() == QEvent::Leave) emit hoverEnded();
    return QWidget::eventFilter(object, event);
}

}  // namespace bitlathe
