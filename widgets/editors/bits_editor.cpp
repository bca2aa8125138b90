#include "widgets/editors/bits_editor.h"

#include <QHBoxLayout>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QSlider>
#include <QSpinBox>
#include <algorithm>

namespace bitlathe {

BitsEditor::BitsEditor(QWidget* parent) : QWidget(parent), m_slider(new QSlider(Qt::Horizontal)), m_number(new QSpinBox) {
    m_slider->setRange(1, 8);
    m_slider->setPageStep(1);
    m_slider->setAccessibleName(tr("Bits per weight"));
    m_number->setRange(0, 8);
    m_number->setSpecialValueText(QStringLiteral("–"));
    m_number->setAlignment(Qt::AlignHCenter);
    m_number->setFixedWidth(64);
    m_number->setAccessibleName(tr("Bits per weight, number"));
    const QString tip = tr("Bits of one code: n bits give 2ⁿ levels. Keys 1 to 8 set it for the selected layers.");
    m_slider->setToolTip(tip);
    m_number->setToolTip(tip);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(12);
    row->addWidget(m_slider, 1);
    row->addWidget(m_number);
    setFocusProxy(m_slider);
    connect(m_slider, &QSlider::sliderPressed, this, &BitsEditor::gestureBegan);
    connect(m_slider, &QSlider::sliderReleased, this, &BitsEditor::gestureEnded);
    connect(m_slider, &QSlider::valueChanged, this, &BitsEditor::changed);
    connect(m_number, &QSpinBox::valueChanged, this, [this](int bits) {
        if (bits >= m_fewest) changed(bits);
    });
}

void BitsEditor::setWidths(int fewest, int most) {
    const QSignalBlocker quietSlider(m_slider), quietNumber(m_number);
    // The slider is for the widths in daily use; the number reaches all of them.
    m_slider->setRange(fewest, std::max(fewest, std::min(most, 8)));
    m_number->setRange(0, most);
    m_fewest = fewest;
}

void BitsEditor::show(std::optional<int> bits) {
    const QSignalBlocker quietSlider(m_slider), quietNumber(m_number);
    const bool known = bits && *bits >= m_fewest && *bits <= m_number->maximum();
    if (known) m_slider->setValue(*bits);
    m_number->setValue(known ? *bits : 0);
}

void BitsEditor::changed(int bits) {
    show(bits);
    emit edited(bits);
}

}  // namespace bitlathe
