#include "app/dock.h"

#include "widgets/canvas/icons.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMainWindow>
#include <QToolButton>

namespace bitlathe {
namespace {

class DockTitle : public QWidget {
public:
    DockTitle(QDockWidget* dock, const QString& title) : m_dock(dock), m_name(new QLabel(title)), m_float(new QToolButton), m_close(new QToolButton) {
        QFont strong = m_name->font();
        strong.setWeight(QFont::DemiBold);
        m_name->setFont(strong);
        m_float->setIcon(themeIcon(QStringLiteral("dock-float"), IconColor::Dimmed));
        m_close->setIcon(themeIcon(QStringLiteral("close"), IconColor::Dimmed));
        m_float->setToolTip(QDockWidget::tr("Take out of the window, or put back"));
        m_close->setToolTip(QDockWidget::tr("Hide; the Window menu brings it back"));
        m_float->setAccessibleName(QDockWidget::tr("Float %1").arg(title));
        m_close->setAccessibleName(QDockWidget::tr("Hide %1").arg(title));
        auto* row = new QHBoxLayout(this);
        row->setContentsMargins(14, 6, 8, 2);
        row->setSpacing(0);
        row->addWidget(m_name, 1);
        for (QToolButton* button : {m_float, m_close}) {
            button->setAutoRaise(true);
            button->setFocusPolicy(Qt::NoFocus);
            QSizePolicy policy = button->sizePolicy();
            policy.setRetainSizeWhenHidden(true);  // the title does not jump when they show
            button->setSizePolicy(policy);
            button->hide();
            row->addWidget(button);
        }
        connect(m_float, &QToolButton::clicked, dock, [dock] { dock->setFloating(!dock->isFloating()); });
        connect(m_close, &QToolButton::clicked, dock, &QDockWidget::close);
        connect(dock, &QDockWidget::visibilityChanged, this, &DockTitle::fold);
        connect(dock, &QDockWidget::topLevelChanged, this, &DockTitle::fold);
        connect(dock, &QDockWidget::dockLocationChanged, this, &DockTitle::fold);
        dock->installEventFilter(this);
    }

    // A tab says the name already.
    void fold() {
        const auto* window = qobject_cast<QMainWindow*>(m_dock->parentWidget());
        bool tabbed = false;
        if (window && !m_dock->isFloating())
            for (QDockWidget* other : window->tabifiedDockWidgets(m_dock)) tabbed = tabbed || !other->isHidden();
        m_folded = tabbed;
        m_name->setVisible(!tabbed);
        if (tabbed) showButtons(false);
        updateGeometry();
    }
    // The dock's layout asks for this and for no limits.
    QSize sizeHint() const override { return m_folded ? QSize(0, 4) : QWidget::sizeHint(); }
    QSize minimumSizeHint() const override { return sizeHint(); }

    bool eventFilter(QObject* object, QEvent* event) override {
        if (object == m_dock && (event->type() == QEvent::Enter || event->type() == QEvent::Leave)) {
            showButtons(event->type() == QEvent::Enter && !m_folded);
        }
        return QWidget::eventFilter(object, event);
    }

private:
    void showButtons(bool shown) {
        m_float->setVisible(shown);
        m_close->setVisible(shown);
    }

    QDockWidget* m_dock;
    QLabel* m_name;
    QToolButton* m_float;
    QToolButton* m_close;
    bool m_folded = false;
};

}  // namespace

QDockWidget* makeDock(const QString& id, const QString& title, QWidget* content, QWidget* window) {
    auto* dock = new QDockWidget(title, window);
    dock->setObjectName(id);
    // Without this a style sheet's background stops at the widget's own class.
    content->setAttribute(Qt::WA_StyledBackground);
    dock->setWidget(content);
    dock->setTitleBarWidget(new DockTitle(dock, title));
    dock->setFeatures(QDockWidget::DockWidgetMovable | QDockWidget::DockWidgetFloatable | QDockWidget::DockWidgetClosable);
    return dock;
}

}  // namespace bitlathe
