// A continuation as flowing text, token by token: those that differ from the other side are marked, the one under the
// pointer tells its probabilities. Knows one side of a continuation; computes nothing but its lines.
#pragma once

#include "widgets/models/continuation.h"

#include <QAbstractScrollArea>

namespace bitlathe {

class TokenText : public QAbstractScrollArea {
    Q_OBJECT
public:
    enum class Side { Float, Quantized };
    explicit TokenText(Side side, QWidget* parent = nullptr);

    void show(const Continuation& continuation);
    void setHovered(int place);  // −1: none
    int hovered() const { return m_hovered; }
    // Where a token stands, in the viewport; empty when there is none. For tests and tooltips.
    QRect tokenRect(int place) const;
    int lines() const { return m_lines; }
    QSize sizeHint() const override { return {260, 160}; }
    QSize minimumSizeHint() const override { return {120, 60}; }

signals:
    void hoveredChanged(int place);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool viewportEvent(QEvent* event) override;

private:
    struct Piece {
        QString text;
        QRectF rect;      // in the document
        int place = -1;   // −1: of the prompt
    };
    const std::vector<ShownToken>& tokens() const { return (m_side == Side::Float ? m_shown.real : m_shown.quantized).tokens; }
    bool differs(int place) const;
    void layOut();
    int placeAt(QPoint point) const;

    Side m_side;
    Continuation m_shown;
    std::vector<Piece> m_pieces;
    std::vector<bool> m_marks;  // by token: it is not said on the other side
    int m_hovered = -1, m_lines = 0;
    double m_height = 0;
};

// What stands at one place, on both sides: a table for a tooltip.
QString placeText(const Continuation& continuation, int place);

}  // namespace bitlathe
