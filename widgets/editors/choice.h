// A combo box of named choices that can also say "mixed", and tells which choice lies under the pointer
// before it is taken. Knows no schemes.
#pragma once

#include <QComboBox>
#include <optional>

namespace bitlathe {

class Choice : public QComboBox {
    Q_OBJECT
public:
    explicit Choice(const QString& name, QWidget* parent = nullptr);  // name: what a screen reader says
    void add(const QString& text, int value, const QString& tip = {});
    // Shows a value without telling anyone; nothing or an unknown value shows as mixed.
    void show(std::optional<int> value);
    // What an empty field says: mixed values, or that there is nothing to choose.
    void setMixed(bool mixed);
    std::optional<int> value() const;

signals:
    void chosen(int value);   // by hand only
    void hovered(int value);  // in the open list
    void hoverEnded();

protected:
    void hidePopup() override;
    void wheelEvent(QWheelEvent* event) override;  // scrolls the panel, never the value
};

}  // namespace bitlathe
