// The status line: parameters and tensors, size float → now, bits per weight, and what computes and
// paints. Takes texts.
#pragma once

#include <QWidget>

class QLabel;

namespace bitlathe {

class TotalsBar : public QWidget {
    Q_OBJECT
public:
    explicit TotalsBar(QWidget* parent = nullptr);
    // What does not fit is left out: the window may be narrower than the whole line.
    QSize minimumSizeHint() const override { return {120, QWidget::minimumSizeHint().height()}; }
    struct Line {
        QString parameters, parametersTip, size, sizeTip, bits, bitsTip, threads, blas, blasTip, renderer;
    };
    void show(const Line& line);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void drop();
    QLabel *m_parameters, *m_size, *m_bits, *m_threads, *m_blas, *m_renderer;
};

}  // namespace bitlathe
