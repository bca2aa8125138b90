// What a panel shows instead of nothing: what is to be done, or what went wrong, where, and the cure.
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace bitlathe {

class EmptyState : public QWidget {
    Q_OBJECT
public:
    explicit EmptyState(QWidget* parent = nullptr);
    // icon: a name of the icon set. action empty: no button.
    void show(const QString& icon, const QString& title, const QString& text, const QString& action = {});
    void showRefusal(const QString& title, const QString& text, const QString& action = {});

signals:
    void actionClicked();

private:
    void set(const QString& icon, bool refusal, const QString& title, const QString& text, const QString& action);
    QLabel* m_icon;
    QLabel* m_title;
    QLabel* m_text;
    QPushButton* m_action;
};

}  // namespace bitlathe
