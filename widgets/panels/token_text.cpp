#include "widgets/panels/token_text.h"

#include "widgets/canvas/theme.h"
#include "widgets/models/figures.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace bitlathe {
namespace {

constexpr double kMargin = 10, kLineGap = 5;

// As it is read in a list: a space and a line's end are seen.
QString visible(QString text) {
    text.replace(QLatin1Char('\n'), QChar(0x21B5));
    if (text.trimmed().isEmpty()) text.replace(QLatin1Char(' '), QChar(0x2423));
    return text.toHtmlEscaped();
}

// As it stands in a table of rich text: shares too small to matter are not spelled out.
QString shareText(double share) { return share < 0.001 ? QStringLiteral("&lt;0.1 %") : percentText(share).toHtmlEscaped(); }

QString sideRow(const QString& name, Rgba color, const std::vector<ShownToken>& tokens, int place) {
    if (place >= int(tokens.size())) return {};
    const ShownToken& token = tokens[std::size_t(place)];
    return QStringLiteral("<span style=\"color:%1\">■</span> %2: <b>“%3”</b> %4").arg(htmlColor(color), name, visible(token.text), shareText(token.probability));
}

}  // namespace

QString placeText(const Continuation& shown, int place) {
    if (place < 0) return {};
    const Colors& colors = themeColors();
    QString text = QStringLiteral("<p style=\"white-space:pre\">") + TokenText::tr("Token %1").arg(place + 1);
    const int parts = shown.partsAt();
    const bool apart = parts >= 0 && place > parts;
    // Behind the parting the two rows are of two texts; the divergence is measured on one.
    if (place < int(shown.divergence.size())) {
        const QString nats = numberText(shown.divergence[std::size_t(place)], 3);
        text += apart ? TokenText::tr(" · KL on the float text %1 nats").arg(nats) : TokenText::tr(" · KL %1 nats").arg(nats);
    }
    if (apart) text += QStringLiteral("<br>") + TokenText::tr("After the texts parted at token %1: quantized goes on with another text.").arg(parts + 1);
    for (const QString& row : {sideRow(TokenText::tr("Float"), colors.real, shown.real.tokens, place), sideRow(TokenText::tr("Quantized"), colors.quantized, shown.quantized.tokens, place)})
        if (!row.isEmpty()) text += QStringLiteral("<br>") + row;
    text += QStringLiteral("</p><table cellspacing=\"0\" cellpadding=\"2\">");
    const auto best = [place](const ShownSide& side) -> const std::vector<TokenChoice>* {
        return place < int(side.tokens.size()) ? &side.tokens[std::size_t(place)].best : nullptr;
    };
    const auto *left = best(shown.real), *right = best(shown.quantized);
    if (left || right)
        text += QStringLiteral("<tr><td colspan=\"2\">%1&nbsp;&nbsp;</td><td colspan=\"2\">%2</td></tr>")
                    .arg(left ? TokenText::tr("Float's most probable") : QString(), !right ? QString() : apart ? TokenText::tr("Quantized's, in its own text") : TokenText::tr("Quantized's"));
    for (std::size_t i = 0; i < 5; ++i) {
        const auto cells = [i](const std::vector<TokenChoice>* list) {
            if (!list || i >= list->size()) return QStringLiteral("<td></td><td></td>");
            return QStringLiteral("<td>%1</td><td align=\"right\">%2&nbsp;&nbsp;</td>").arg(visible((*list)[i].text), shareText((*list)[i].probability));
        };
        if ((left && i < left->size()) || (right && i < right->size())) text += QStringLiteral("<tr>") + cells(left) + cells(right) + QStringLiteral("</tr>");
    }
    return text + QStringLiteral("</table>");
}

TokenText::TokenText(Side side, QWidget* parent) : QAbstractScrollArea(parent), m_side(side) {
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFrameShape(QFrame::NoFrame);
    viewport()->setMouseTracking(true);
    setAccessibleName(side == Side::Float ? tr("The float network's text") : tr("The quantized network's text"));
}

bool TokenText::differs(int place) const {
    return place >= 0 && place < int(m_marks.size()) && m_marks[std::size_t(place)];
}

void TokenText::show(const Continuation& continuation) {
    if (m_shown == continuation) return;
    const bool atEnd = verticalScrollBar()->value() >= verticalScrollBar()->maximum() - 4;
    const bool grew = tokens().size() <= (m_side == Side::Float ? continuation.real : continuation.quantized).tokens.size();
    m_shown = continuation;
    Continuation::Marks marks = m_shown.marks();
    m_marks = std::move(m_side == Side::Float ? marks.real : marks.quantized);
    QString text = m_shown.prompt;
    for (const ShownToken& token : tokens()) text += token.text;
    setAccessibleDescription(text);
    layOut();
    // A text that grows is followed, unless the hand has scrolled away.
    if (grew && atEnd) verticalScrollBar()->setValue(verticalScrollBar()->maximum());
}

void TokenText::setHovered(int place) {
    if (place == m_hovered) return;
    m_hovered = place;
    viewport()->update();
}

// An end that was in view stays there.
void TokenText::resizeEvent(QResizeEvent*) {
    const bool atEnd = verticalScrollBar()->maximum() > 0 && verticalScrollBar()->value() >= verticalScrollBar()->maximum() - 4;
    layOut();
    if (atEnd) verticalScrollBar()->setValue(verticalScrollBar()->maximum());
}

void TokenText::layOut() {
    m_pieces.clear();
    const QFontMetricsF metrics(font());
    const double line = std::ceil(metrics.height()) + kLineGap, right = std::max(60.0, viewport()->width() - kMargin);
    double x = kMargin, y = kMargin;
    m_lines = 1;
    const auto newLine = [&] {
        x = kMargin;
        y += line;
        ++m_lines;
    };
    // A word is a run of pieces that no space separates; it moves to the next line as a whole.
    std::size_t word = 0;
    const auto put = [&](const QString& text, int place) {
        if (text.startsWith(QLatin1Char(' '))) word = m_pieces.size();
        const double width = metrics.horizontalAdvance(text);
        if (x + width > right && x > kMargin) {
            const double from = word < m_pieces.size() ? m_pieces[word].rect.left() : x;
            const double moved = x - from;
            if (moved + width < right - kMargin && from > kMargin) {
                newLine();
                for (std::size_t i = word; i < m_pieces.size(); ++i) m_pieces[i].rect.moveTo(m_pieces[i].rect.left() - from + kMargin, y);
                x += moved;
            } else {
                newLine();
            }
        }
        m_pieces.push_back({text, QRectF(x, y, width, line), place});
        x += width;
    };
    const auto flow = [&](const QString& text, int place) {
        for (qsizetype at = 0; at < text.size();) {
            qsizetype end = text.indexOf(QLatin1Char('\n'), at);
            // A prompt is laid out word by word; a token is one word or less.
            const qsizetype space = text.indexOf(QLatin1Char(' '), at + 1);
            const qsizetype stop = std::min(end < 0 ? text.size() : end, space < 0 ? text.size() : space);
            if (stop > at) put(text.mid(at, stop - at), place);
            at = stop;
            if (end == stop && end >= 0) {
                put(QString(QChar(0x21B5)), place);
                newLine();
                word = m_pieces.size();
                ++at;
            }
        }
    };
    flow(m_shown.prompt, -1);
    for (std::size_t i = 0; i < tokens().size(); ++i) flow(tokens()[i].text, int(i));
    m_height = y + line + kMargin;
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setSingleStep(int(line));
    verticalScrollBar()->setRange(0, std::max(0, int(std::ceil(m_height)) - viewport()->height()));
    viewport()->update();
}

void TokenText::paintEvent(QPaintEvent*) {
    QPainter painter(viewport());
    painter.setRenderHint(QPainter::Antialiasing);
    const Colors& colors = themeColors();
    painter.fillRect(viewport()->rect(), toQColor(colors.plot));
    painter.translate(0, -verticalScrollBar()->value());
    const Rgba mark = m_side == Side::Float ? colors.real : colors.quantized;
    const int parts = m_shown.partsAt();
    for (const Piece& piece : m_pieces) {
        const QRectF box = piece.rect.adjusted(0, 1, 0, -2);
        if (piece.place >= 0 && differs(piece.place)) {
            painter.setPen(piece.place == parts ? QPen(toQColor(mark), 1.5) : QPen(Qt::NoPen));
            painter.setBrush(toQColor(mark.withAlpha(piece.place == parts ? 90 : 45)));
            painter.drawRoundedRect(box, 3, 3);
        }
        if (piece.place >= 0 && piece.place == m_hovered) {
            painter.setPen(QPen(toQColor(colors.accent), 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(box, 3, 3);
        }
        painter.setPen(toQColor(piece.place < 0 || piece.text == QChar(0x21B5) ? colors.dimmed : colors.text));
        painter.drawText(piece.rect, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextDontClip, piece.text);
    }
}

int TokenText::placeAt(QPoint point) const {
    const QPointF at(point.x(), point.y() + verticalScrollBar()->value());
    for (const Piece& piece : m_pieces)
        if (piece.rect.contains(at)) return piece.place;
    return -1;
}

QRect TokenText::tokenRect(int place) const {
    for (const Piece& piece : m_pieces)
        if (piece.place == place) return piece.rect.translated(0, -verticalScrollBar()->value()).toRect();
    return {};
}

bool TokenText::viewportEvent(QEvent* event) {
    if (event->type() == QEvent::MouseMove || event->type() == QEvent::Leave) {
        const int place = event->type() == QEvent::Leave ? -1 : placeAt(static_cast<QMouseEvent*>(event)->pos());
        if (place != m_hovered) {
            setHovered(place);
            emit hoveredChanged(place);
        }
    }
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int place = placeAt(help->pos());
        if (place < 0) QToolTip::hideText();
        else QToolTip::showText(help->globalPos(), placeText(m_shown, place), viewport());
        return true;
    }
    return QAbstractScrollArea::viewportEvent(event);
}

}  // namespace bitlathe
