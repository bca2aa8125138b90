// The most probable classes of one network as bars. Values in; knows no networks.
#pragma once

#include "widgets/canvas/colors.h"

#include <QString>
#include <QWidget>
#include <vector>

namespace bitlathe {

struct ClassShare {
    int index = -1;
    QString name;
    double probability = 0;
    bool operator==(const ClassShare&) const = default;
};

class ClassBars : public QWidget {
    Q_OBJECT
public:
    enum class Side { Float, Quantized };
    explicit ClassBars(Side side, QWidget* parent = nullptr);
    // first: the class that the other network puts first, −1: not known; it is marked where it stands.
    void show(const std::vector<ClassShare>& classes, int first);
    const std::vector<ClassShare>& shown() const { return m_classes; }
    QSize sizeHint() const override { return {240, 150}; }
    QSize minimumSizeHint() const override { return {150, 110}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Side m_side;
    std::vector<ClassShare> m_classes;
    int m_first = -1;
};

}  // namespace bitlathe
