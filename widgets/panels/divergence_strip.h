// One bar for each token: how far the quantized network's probabilities are from float's there. Values in, the
// place under the pointer out.
#pragma once

#include "widgets/models/continuation.h"

#include <QWidget>

namespace bitlathe {

class DivergenceStrip : public QWidget {
    Q_OBJECT
public:
    explicit DivergenceStrip(QWidget* parent = nullptr);
    void show(const Continuation& continuation);
    void setHovered(int place);
    // The bar's height as a share of the room: the root of the divergence, full at `full` nats.
    static double barHeight(double nats, double full);
    static constexpr double kFar = 2;  // nats; beyond, a bar has the colour of what is refused
    QString title() const;             // what is drawn, and what a full bar means

    QSize sizeHint() const override { return {300, kHeight}; }
    QSize minimumSizeHint() const override { return {80, kHeight}; }

signals:
    void hoveredChanged(int place);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    bool event(QEvent* event) override;

private:
    static constexpr int kHeight = 44;
    QRectF room() const;     // of the bars; the title stands over it
    double largest() const;  // 0: none
    double step() const;  // width of one bar
    int placeAt(double x) const;

    Continuation m_shown;
    int m_hovered = -1;
};

}  // namespace bitlathe
