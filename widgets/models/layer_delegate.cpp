#include "widgets/models/layer_delegate.h"

#include "widgets/canvas/theme.h"
#include "widgets/models/layer_table_model.h"
#include "widgets/models/tabular_text.h"

#include <QApplication>
#include <QPainter>
#include <QPainterPath>

namespace bitlathe {
namespace {

constexpr int kMargin = 8;

// A ghost is slanted as well as coloured; on a selected row the accent would be too close to the ground.
void setGhostPen(QPainter& painter, bool selected) {
    QFont font = painter.font();
    font.setItalic(true);
    painter.setFont(font);
    painter.setPen(toQColor(selected ? themeColors().text : themeColors().accent));
}

void drawChevron(QPainter& painter, QPointF at, const QColor& color) {
    painter.setPen(QPen(color, 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    QPainterPath path(at + QPointF(-3.5, -1.75));
    path.lineTo(at + QPointF(0, 1.75));
    path.lineTo(at + QPointF(3.5, -1.75));
    painter.drawPath(path);
}

// A filled triangle for a warning, a filled square for a refusal: shape as well as colour.
void drawIssue(QPainter& painter, QPointF at, int level) {
    const Colors& colors = themeColors();
    painter.setPen(Qt::NoPen);
    if (level >= 3) {
        painter.setBrush(toQColor(colors.refusal));
        painter.drawRoundedRect(QRectF(at.x() - 3.5, at.y() - 3.5, 7, 7), 1.5, 1.5);
    } else {
        painter.setBrush(toQColor(level == 2 ? colors.warning : colors.dimmed));
        QPainterPath path(at + QPointF(-4, 3.5));
        path.lineTo(at + QPointF(0, -3.5));
        path.lineTo(at + QPointF(4, 3.5));
        path.closeSubpath();
        painter.drawPath(path);
    }
}

}  // namespace

QSize LayerDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const QString text = index.data(Qt::DisplayRole).toString();
    int width = option.fontMetrics.horizontalAdvance(text) + 2 * kMargin + 2;
    if (index.column() == LayerTableModel::SchemeColumn) width += 22;
    if (index.column() == LayerTableModel::Sqnr) width = 108;
    return {width, kRowHeight};
}

void LayerDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const Colors& colors = themeColors();
    const bool selected = option.state & QStyle::State_Selected;
    const bool hovered = index.row() == hoveredRow;
    const bool fixed = index.data(LayerTableModel::FixedRole).toBool();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setFont(option.font);
    const QRect rect = option.rect;
    if (selected) painter->fillRect(rect, toQColor(colors.selection));
    else if (hovered) painter->fillRect(rect, toQColor(colors.hover));
    if (selected && index.column() == 0) painter->fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), toQColor(colors.accent));
    const bool current = option.state & QStyle::State_HasFocus;
    const QRect inner = rect.adjusted(kMargin, 0, -kMargin, 0);

    const QString ghost = index.data(LayerTableModel::GhostRole).toString();
    const QString text = index.data(Qt::DisplayRole).toString();
    painter->setPen(toQColor(fixed ? colors.dimmed : colors.text));
    switch (index.column()) {
        case LayerTableModel::Name: paintName(*painter, inner.adjusted(2, 0, 0, 0), index, fixed); break;
        case LayerTableModel::SchemeColumn: paintScheme(*painter, rect, index, selected, hovered, fixed); break;
        case LayerTableModel::Sqnr: paintSqnr(*painter, inner, index, selected); break;
        case LayerTableModel::Huffman:
        case LayerTableModel::Carried:
            if (index.data(LayerTableModel::PreviewRole).toBool() || text == QStringLiteral("–")) painter->setPen(toQColor(colors.dimmed));
            drawTabular(*painter, inner, text);
            break;
        case LayerTableModel::Parameters:
        case LayerTableModel::Bits:
        case LayerTableModel::Size:
            if (!ghost.isEmpty() && ghost != text) {
                setGhostPen(*painter, selected);
                drawTabular(*painter, inner, ghost);
            } else {
                drawTabular(*painter, inner, text);
            }
            break;
        default:
            painter->setPen(toQColor(colors.dimmed));
            painter->drawText(inner, Qt::AlignLeft | Qt::AlignVCenter, option.fontMetrics.elidedText(text, Qt::ElideRight, inner.width()));
    }
    if (current && !selected) {
        painter->setPen(QPen(toQColor(colors.accent), 1));
        painter->setBrush(Qt::NoBrush);
        painter->drawRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5));
    }
    painter->restore();
}

void LayerDelegate::paintName(QPainter& painter, const QRect& rect, const QModelIndex& index, bool fixed) const {
    const Colors& colors = themeColors();
    const QFontMetrics metrics(painter.font());
    const QString name = index.data(Qt::DisplayRole).toString();
    const int cut = index.data(LayerTableModel::PrefixRole).toInt();
    QString prefix = name.left(cut), own = name.mid(cut);
    // The layer's own name matters most: the prefix gives way from the left.
    const int ownWidth = metrics.horizontalAdvance(own);
    prefix = metrics.elidedText(prefix, Qt::ElideLeft, std::max(rect.width() - ownWidth, metrics.horizontalAdvance(QStringLiteral("… "))));
    const int prefixWidth = metrics.horizontalAdvance(prefix);
    // A pixel too many from rounding is no reason to cut a name.
    if (ownWidth > rect.width() - prefixWidth + 2) own = metrics.elidedText(own, Qt::ElideMiddle, std::max(rect.width() - prefixWidth, 0));
    painter.setPen(toQColor(colors.dimmed));
    painter.drawText(rect, Qt::AlignLeft | Qt::AlignVCenter, prefix);
    painter.setPen(toQColor(fixed ? colors.dimmed : colors.text));
    painter.drawText(rect.adjusted(prefixWidth, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, own);
}

void LayerDelegate::paintScheme(QPainter& painter, const QRect& rect, const QModelIndex& index, bool rowSelected, bool hovered, bool fixed) const {
    const Colors& colors = themeColors();
    const QString ghost = index.data(LayerTableModel::GhostRole).toString();
    QString text = index.data(Qt::DisplayRole).toString();
    const bool ghostly = !ghost.isEmpty() && ghost != text;
    if (ghostly) text = ghost;
    const int issue = index.data(LayerTableModel::IssueRole).toInt();
    QRect inner = rect.adjusted(kMargin, 0, -kMargin, 0);
    if (!fixed && hovered) {
        painter.setPen(QPen(toQColor(colors.border), 1));
        painter.setBrush(toQColor(colors.field));
        painter.drawRoundedRect(QRectF(rect).adjusted(2.5, 3.5, -2.5, -3.5), 5, 5);
    }
    if (issue > 1) {
        drawIssue(painter, QPointF(inner.left() + 4, inner.center().y() + 0.5), issue);
        inner.setLeft(inner.left() + 14);
    }
    const bool quantized = index.data(LayerTableModel::QuantizedRole).toBool();
    painter.setPen(toQColor(quantized ? colors.text : colors.dimmed));
    if (ghostly) setGhostPen(painter, rowSelected);
    if (index.data(LayerTableModel::EditedRole).toBool()) {
        QFont font = painter.font();
        font.setWeight(QFont::Medium);
        painter.setFont(font);
    }
    const QRect textRect = inner.adjusted(0, 0, fixed ? 0 : -14, 0);
    // "int8 channel · a8": what becomes of the activations is the first to give way.
    const QFontMetrics used(painter.font());
    const qsizetype cut = text.indexOf(QStringLiteral(" · "));
    const QString weights = text.left(cut), activations = cut < 0 ? QString() : text.mid(cut + 1);
    painter.drawText(textRect, Qt::AlignLeft | Qt::AlignVCenter, used.elidedText(weights, Qt::ElideRight, textRect.width()));
    const int taken = used.horizontalAdvance(weights) + 4;
    if (!activations.isEmpty() && taken + used.horizontalAdvance(activations) <= textRect.width()) {
        painter.setPen(toQColor(colors.dimmed));
        painter.drawText(textRect.adjusted(taken, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, activations);
    }
    if (!fixed) drawChevron(painter, QPointF(rect.right() - kMargin - 3, rect.center().y() + 1), toQColor(rowSelected || hovered ? colors.text : colors.faint));
}

void LayerDelegate::paintSqnr(QPainter& painter, const QRect& rect, const QModelIndex& index, bool selected) const {
    const Colors& colors = themeColors();
    const QVariant quality = index.data(LayerTableModel::QualityRole);
    const QString ghost = index.data(LayerTableModel::GhostRole).toString();
    const QString text = ghost.isEmpty() ? index.data(Qt::DisplayRole).toString() : ghost;
    const bool waiting = index.data(LayerTableModel::PreviewRole).toBool();
    const int figure = 40;
    if (quality.isValid()) {
        const QRectF bar(rect.left(), rect.center().y() - 2, rect.width() - figure - 6, 5);
        painter.setPen(Qt::NoPen);
        painter.setBrush(toQColor(colors.border));
        painter.drawRoundedRect(bar, 2.5, 2.5);
        const float t = quality.toFloat();
        QRectF filled = bar;
        filled.setWidth(std::max(5.0, bar.width() * double(t)));
        painter.setBrush(toQColor(bitlathe::quality(colors, t)));
        painter.setOpacity(waiting ? 0.5 : 1);
        painter.drawRoundedRect(filled, 2.5, 2.5);
        painter.setOpacity(1);
    }
    // A figure that rests on a sample is grey until it is final.
    painter.setPen(toQColor(waiting || !quality.isValid() ? colors.dimmed : colors.text));
    if (!ghost.isEmpty()) setGhostPen(painter, selected);
    drawTabular(painter, rect, text);
}

}  // namespace bitlathe
