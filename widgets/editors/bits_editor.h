// Bits per weight: a slider and a number, one value. Knows no schemes.
#pragma once

#include <QWidget>
#include <optional>

class QSlider;
class QSpinBox;

namespace bitlathe {

class BitsEditor : public QWidget {
    Q_OBJECT
public:
    explicit BitsEditor(QWidget* parent = nullptr);
    void setWidths(int fewest, int most);  // what the format offers
    void show(std::optional<int> bits);  // nothing: mixed, or float

signals:
    void gestureBegan();  // the handle was taken; every edited() until the next one is one movement
    void gestureEnded();
    void edited(int bits);

private:
    void changed(int bits);
    QSlider* m_slider;
    QSpinBox* m_number;
    int m_fewest = 1;
};

}  // namespace bitlathe
