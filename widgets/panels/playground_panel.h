// The playground: a prompt continued by the float and by the quantized network side by side, or an image with the five
// most probable classes of both. Values in, signals out; runs nothing.
#pragma once

#include "widgets/models/continuation.h"

#include <QWidget>

class QStackedWidget;

namespace bitlathe {

class EmptyState;
class PlaygroundImage;
class PlaygroundLanguage;

class PlaygroundPanel : public QWidget {
    Q_OBJECT
public:
    explicit PlaygroundPanel(QWidget* parent = nullptr);

    void showNothing(const QString& title, const QString& why);
    void showLanguage();
    void showImage();
    PlaygroundLanguage& language() { return *m_language; }
    PlaygroundImage& image() { return *m_image; }
    EmptyState& emptyState() { return *m_empty; }
    bool empty() const;
    QSize sizeHint() const override { return {760, 300}; }

signals:
    void shown();  // it came into view
    void hidden();

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void turnTo(QWidget* page);

    EmptyState* m_empty;
    PlaygroundLanguage* m_language;
    PlaygroundImage* m_image;
    QStackedWidget* m_stack;
};

}  // namespace bitlathe
