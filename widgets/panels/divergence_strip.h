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
    // The bar's height as a share of the room: the root of the divergence, full at kFull nats.
    static double barHeight(double nats);
    static constexpr double kFull = 2;

    QSize sizeHint() const override { return {300, 34}; }
    QSize minimumSizeHint() const override { return {80, 34}; }

signals:
    void hoveredChanged(int place);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    bool event(QEvent* event) override;

private:
    QRectF room() const;
    double step() const;  // width of one bar
    int placeAt(double x) const;

    Continuation m_shown;
    int m_hovered = -1;
};

}  // namespace bitlathe
