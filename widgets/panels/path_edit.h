// A field for a path: while it is not edited a long path is cut in its middle, so that its folder and its file's name are
// seen; the tooltip has all of it. Knows no files.
#pragma once

#include <QLineEdit>

namespace bitlathe {

class PathEdit : public QLineEdit {
    Q_OBJECT
public:
    explicit PathEdit(QWidget* parent = nullptr);
    QString shownText() const;  // what is painted

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QRect room() const;  // for the text
};

}  // namespace bitlathe
