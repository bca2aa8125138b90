#include "widgets/editors/choice.h"

#include <QWheelEvent>

namespace bitlathe {

Choice::Choice(const QString& name, QWidget* parent) : QComboBox(parent) {
    setAccessibleName(name);
    setPlaceholderText(tr("Mixed"));
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setMinimumContentsLength(4);
    setMinimumWidth(60);
    setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    connect(this, &QComboBox::activated, this, [this](int index) { emit chosen(itemData(index).toInt()); });
    connect(this, &QComboBox::highlighted, this, [this](int index) { emit hovered(itemData(index).toInt()); });
}

void Choice::add(const QString& text, int value, const QString& tip) {
    addItem(text, value);
    if (!tip.isEmpty()) setItemData(count() - 1, tip, Qt::ToolTipRole);
}

void Choice::show(std::optional<int> value) {
    const QSignalBlocker quiet(this);
    setCurrentIndex(value ? findData(*value) : -1);
}

void Choice::setMixed(bool mixed) { setPlaceholderText(mixed ? tr("Mixed") : QStringLiteral("–")); }

std::optional<int> Choice::value() const {
    return currentIndex() < 0 ? std::nullopt : std::optional<int>(currentData().toInt());
}

void Choice::hidePopup() {
    QComboBox::hidePopup();
    emit hoverEnded();
}

void Choice::wheelEvent(QWheelEvent* event) { event->ignore(); }

}  // namespace bitlathe
