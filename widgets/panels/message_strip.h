// A line across the window that says something and offers what can be done about it, instead of a box
// that stops the hand: a file changed on disk, a model refused, a file written.
#pragma once

#include <QWidget>
#include <functional>
#include <vector>

class QHBoxLayout;
class QLabel;

namespace bitlathe {

class MessageStrip : public QWidget {
    Q_OBJECT
public:
    enum class Level { Done, Note, Warning, Refusal };
    struct Offer {
        QString text;
        std::function<void()> action;
    };
    explicit MessageStrip(QWidget* parent = nullptr);
    void show(Level level, const QString& text, std::vector<Offer> offers = {});
    QString text() const;

private:
    void changeEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

    Level m_level = Level::Note;
    QLabel* m_icon;
    QLabel* m_text;
    QHBoxLayout* m_offers;
};

}  // namespace bitlathe
