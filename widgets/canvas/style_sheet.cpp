#include "widgets/canvas/style_sheet.h"

#include <QHash>

namespace bitlathe {

namespace {

// @role stands for a colour of the table, @tone for dark or light.
constexpr const char* rules = R"(
QWidget { color: @text; }
QMainWindow, QDialog { background: @window; }
QMainWindow::separator { background: @window; width: 6px; height: 6px; }
QMainWindow::separator:hover { background: @accent; }

QMenuBar { background: @window; padding: 2px 6px; }
QMenuBar::item { padding: 5px 9px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected { background: @hover; }
QMenu { background: @panel; border: 1px solid @border; padding: 5px; }
QMenu::item { padding: 5px 26px 5px 10px; border-radius: 5px; }
QMenu::item:selected { background: @selection; }
QMenu::item:disabled { color: @faint; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: @border; margin: 5px 6px; }
QMenu::indicator { width: 14px; height: 14px; padding-left: 6px; }

QToolBar { background: @window; border: none; border-bottom: 1px solid @border; padding: 5px 8px; spacing: 6px; }
QToolBar::separator { background: @border; width: 1px; margin: 5px 8px; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 5px 8px; }
QToolButton:hover { background: @hover; }
QToolButton:pressed, QToolButton:checked { background: @pressed; }
QToolButton:focus { border-color: @accent; }
QToolButton:disabled { color: @faint; }
QToolButton::menu-indicator { image: none; }

QStatusBar { background: @window; color: @dimmed; border-top: 1px solid @border; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: @dimmed; padding: 0 6px; }

QDockWidget { titlebar-close-icon: url(:/icons/mark-close-@tone.svg); titlebar-normal-icon: url(:/icons/mark-float-@tone.svg); }
QDockWidget::close-button, QDockWidget::float-button { border: none; border-radius: 4px; background: transparent; padding: 2px; }
QDockWidget::close-button:hover, QDockWidget::float-button:hover { background: @pressed; }
QDockWidget::title { background: @panel; padding: 8px 12px; text-align: left; }
QDockWidget > QWidget { background: @panel; }

QTabWidget::pane { border: none; border-top: 1px solid @border; }
QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: @dimmed; padding: 6px 12px; border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: @text; }
QTabBar::tab:selected { color: @text; border-bottom-color: @accent; }

QPushButton { background: @hover; border: 1px solid @border; border-radius: 6px; padding: 5px 14px; min-height: 18px; }
QPushButton:hover { background: @pressed; }
QPushButton:pressed { background: @selection; }
QPushButton:checked { background: @selection; border-color: @accent; }
QPushButton:focus { border-color: @accent; }
QPushButton:disabled { color: @faint; background: @window; }
QPushButton[flat="true"] { background: transparent; border-color: transparent; padding: 5px 8px; }
QPushButton[flat="true"]:hover { background: @hover; }
QPushButton[accent="true"] { background: @accent; color: @onAccent; border-color: @accent; font-weight: 600; }
QPushButton[accent="true"]:hover { background: @accentHover; border-color: @accentHover; }
QPushButton[accent="true"]:pressed { background: @accentPressed; }
QPushButton[accent="true"]:focus { border-color: @text; }
QPushButton[accent="true"]:disabled { background: @hover; border-color: @border; color: @faint; }

QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox {
  background: @field; border: 1px solid @border; border-radius: 5px; padding: 4px 8px;
  selection-background-color: @accent; selection-color: @onAccent; }
QLineEdit, QAbstractSpinBox, QComboBox { min-height: 18px; }
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover { border-color: @faint; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QComboBox:on { border-color: @accent; }
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled { color: @faint; background: @window; }
QComboBox { padding-right: 22px; }
QComboBox::drop-down { border: none; width: 22px; subcontrol-origin: padding; subcontrol-position: center right; }
QComboBox::down-arrow { image: url(:/icons/mark-chevron-down-@tone.svg); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: @panel; border: 1px solid @border; padding: 4px; outline: none;
  selection-background-color: @selection; selection-color: @text; }
QAbstractSpinBox { padding-right: 20px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; width: 18px; background: transparent; subcontrol-origin: border; }
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: @hover; }
QAbstractSpinBox::up-arrow { image: url(:/icons/mark-chevron-up-@tone.svg); width: 9px; height: 9px; }
QAbstractSpinBox::down-arrow { image: url(:/icons/mark-chevron-down-@tone.svg); width: 9px; height: 9px; }

QCheckBox, QRadioButton { spacing: 8px; padding: 2px 0; }
QCheckBox:disabled, QRadioButton:disabled { color: @faint; }
QCheckBox::indicator, QTreeView::indicator, QTableView::indicator, QListView::indicator, QMenu::indicator {
  width: 14px; height: 14px; border: 1px solid @faint; border-radius: 4px; background: @field; }
QCheckBox::indicator:hover { border-color: @accent; }
QCheckBox::indicator:checked, QTreeView::indicator:checked, QTableView::indicator:checked, QListView::indicator:checked, QMenu::indicator:checked {
  background: @accent; border-color: @accent; image: url(:/icons/mark-check-@tone.svg); }
QCheckBox::indicator:indeterminate { background: @accent; border-color: @accent; image: url(:/icons/mark-partial-@tone.svg); }
QCheckBox:focus, QRadioButton:focus { outline: none; }
QCheckBox::indicator:focus { border-color: @text; }
QRadioButton::indicator { width: 14px; height: 14px; border: 1px solid @faint; border-radius: 8px; background: @field; }
QRadioButton::indicator:hover { border-color: @accent; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 5px solid @accent; border-radius: 8px; background: @onAccent; }

QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: @border; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: @accent; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: @text; border: none; }
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { background: @accent; }
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled { background: @faint; }

QProgressBar { background: @border; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; text-align: center; color: transparent; }
QProgressBar::chunk { background: @accent; border-radius: 3px; }

QAbstractItemView { background: @panel; alternate-background-color: @panel; border: none; outline: none; gridline-color: @grid;
  selection-background-color: @selection; selection-color: @text; }
QTableView::item, QTreeView::item, QListView::item { padding: 3px 6px; border: none; }
QTableView::item:hover, QTreeView::item:hover, QListView::item:hover { background: @hover; }
QTableView::item:selected, QTreeView::item:selected, QListView::item:selected { background: @selection; color: @text; }
QHeaderView { background: @panel; border: none; }
QHeaderView::section { background: @panel; color: @dimmed; border: none; border-bottom: 1px solid @border; padding: 6px; font-weight: 500; }
QHeaderView::section:hover { color: @text; }
QHeaderView::up-arrow { image: url(:/icons/mark-chevron-up-@tone.svg); width: 10px; height: 10px; subcontrol-position: center right; }
QHeaderView::down-arrow { image: url(:/icons/mark-chevron-down-@tone.svg); width: 10px; height: 10px; subcontrol-position: center right; }
QTableCornerButton::section { background: @panel; border: none; }
QTreeView::branch:has-children:closed { image: url(:/icons/mark-chevron-right-@tone.svg); }
QTreeView::branch:has-children:open { image: url(:/icons/mark-chevron-down-@tone.svg); }

QScrollArea { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @scroll; border-radius: 4px; margin: 1px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: @faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; }

QGroupBox { border: none; margin-top: 22px; }
QGroupBox::title { subcontrol-origin: margin; left: 0; color: @dimmed; font-weight: 600; }
QSplitter::handle { background: @window; }
QSplitter::handle:hover { background: @accent; }
QToolTip { background: @tooltip; color: @text; border: 1px solid @border; padding: 6px 8px; }

QLabel { background: transparent; }
QLabel[caption="true"] { color: @dimmed; }
QLabel[figure="true"] { font-size: 15px; font-weight: 600; }
QFrame[card="true"] { background: @plot; border: 1px solid @border; border-radius: 8px; }
)";

QString hex(Rgba c) {
    return QStringLiteral("#%1").arg(std::uint32_t(c.r) << 16 | std::uint32_t(c.g) << 8 | c.b, 6, 16, QLatin1Char('0'));
}

}  // namespace

QString styleSheetFor(const Colors& c) {
    const Rgba black{0, 0, 0}, white{255, 255, 255};
    const QHash<QString, QString> values{
        {"window", hex(c.window)}, {"panel", hex(c.panel)}, {"plot", hex(c.plot)}, {"field", hex(c.field)},
        {"hover", hex(c.hover)}, {"pressed", hex(c.pressed)}, {"selection", hex(c.selection)}, {"tooltip", hex(c.tooltip)},
        {"text", hex(c.text)}, {"dimmed", hex(c.dimmed)}, {"faint", hex(c.faint)}, {"border", hex(c.border)},
        {"grid", hex(c.grid)}, {"accent", hex(c.accent)}, {"onAccent", hex(c.onAccent)},
        {"accentHover", hex(mix(c.accent, c.dark ? white : black, 0.12f))},
        {"accentPressed", hex(mix(c.accent, black, 0.18f))}, {"scroll", hex(mix(c.border, c.faint, 0.35f))},
        {"tone", c.dark ? QStringLiteral("dark") : QStringLiteral("light")},
    };
    QString out;
    const QString source = QString::fromLatin1(rules);
    for (qsizetype i = 0; i < source.size();) {
        if (source[i] != QLatin1Char('@')) {
            out += source[i++];
            continue;
        }
        qsizetype end = ++i;
        while (end < source.size() && source[end].isLetter()) ++end;
        const QString role = source.mid(i, end - i);
        Q_ASSERT(values.contains(role));
        out += values.value(role);
        i = end;
    }
    return out;
}

}  // namespace bitlathe
