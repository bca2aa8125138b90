#include "app/dock.h"

#include "widgets/canvas/icons.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>

namespace bitlathe {
namespace {

class DockTitle : public QWidget {
public:
    DockTitle(QDockWidget* dock, const QString& title) : m_dock(dock), m_float(new QToolButton), m_close(new QToolButton) {
        auto* name = new QLabel(title);
        QFont strong = name->font();
        strong.setWeight(QFont::DemiBold);
        name->setFont(strong);
        m_float->setIcon(themeIcon(QStringLiteral("dock-float"), IconColor::Dimmed));
        m_close->setIcon(themeIcon(QStringLiteral("close"), IconColor::Dimmed));
        m_float->setToolTip(QDockWidget::tr("Take out of the window, or put back"));
        m_close->setToolTip(QDockWidget::tr("Hide; the Window menu brings it back"));
        m_float->setAccessibleName(QDockWidget::tr("Float %1").arg(title));
        m_close->setAccessibleName(QDockWidget::tr("Hide %1").arg(title));
        auto* row = new QHBoxLayout(this);
        row->setContentsMargins(14, 6, 8, 2);
        row->setSpacing(0);
        row->addWidget(name, 1);
        for (QToolButton* button : {m_float, m_close}) {
            button->setAutoRaise(true);
            button->setFocusPolicy(Qt::NoFocus);
            QSizePolicy policy = button->sizePolicy();
            policy.setRetainSizeWhenHidden(true);
            button->setSizePolicy(policy);
            button->hide();
            row->addWidget(button);
        }
        connect(m_float, &QToolButton::clicked, dock, [dock] { dock->setFloating(!dock->isFloating()); });
        connect(m_close, &QToolButton::clicked, dock, &QDockWidget::close);
        dock->installEventFilter(this);
    }

    bool eventFilter(QObject* object, QEvent* event) override {
        if (object == m_dock && (event->type() == QEvent::Enter || event->type() == QEvent::Leave)) {
            m_float->setVisible(event->type() == QEvent::Enter);
            m_close->setVisible(event->type() == QEvent::Enter);
        }
        return QWidget::eventFilter(object, event);
    }

private:
    QDockWidget* m_dock;
    QToolButton* m_float;
    QToolButton* m_close;
};

}  // namespace

QDockWidget* makeDock(const QString& id, const QString& title, QWidget* content, QWidget* window) {
    auto* dock = new QDockWidget(title, window);
    dock->setObjectName(id);
    dock->setWidget(content);
    dock->setTitleBarWidget(new DockTitle(dock, title));
    dock->setFeatures(QDockWidget::DockWidgetMovable | QDockWidget::DockWidgetFloatable | QDockWidget::DockWidgetClosable);
    return dock;
}

}  // namespace bitlathe
