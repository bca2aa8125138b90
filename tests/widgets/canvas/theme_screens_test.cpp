// A window with one of every kind of widget, for people to look at: screens/theme-*.png in the build
// tree. The test holds that styled widgets show the theme's colours and keep their text readable.
#include <gtest/gtest.h>

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QDockWidget>
#include <QGroupBox>
#include <QLabel>
#include <QLineEdit>
#include <QMainWindow>
#include <QMenu>
#include <QMenuBar>
#include <QProgressBar>
#include <QPushButton>
#include <QRadioButton>
#include <QSlider>
#include <QSpinBox>
#include <QStatusBar>
#include <QTabWidget>
#include <QTableWidget>
#include <QTest>
#include <QToolBar>
#include <QToolButton>
#include <QHeaderView>
#include <QVBoxLayout>

#include "widgets/canvas/icons.h"
#include "widgets/canvas/theme.h"

namespace bitlathe {
namespace {

QWidget* makeControls() {
    auto* panel = new QWidget;
    auto* column = new QVBoxLayout(panel);
    auto* caption = new QLabel("Number format");
    caption->setProperty("caption", true);
    column->addWidget(caption);
    auto* combo = new QComboBox;
    combo->addItems({"Integer, symmetric", "Integer, asymmetric"});
    column->addWidget(combo);
    auto* edit = new QLineEdit;
    edit->setPlaceholderText("Filter layers");
    edit->addAction(themeIcon("search", IconColor::Dimmed), QLineEdit::LeadingPosition);
    column->addWidget(edit);
    auto* off = new QLineEdit("disabled");
    off->setEnabled(false);
    column->addWidget(off);
    auto* row = new QHBoxLayout;
    auto* slider = new QSlider(Qt::Horizontal);
    slider->setRange(1, 8);
    slider->setValue(4);
    auto* spin = new QSpinBox;
    spin->setRange(1, 8);
    spin->setValue(4);
    row->addWidget(slider, 1);
    row->addWidget(spin);
    column->addLayout(row);
    auto* tensor = new QRadioButton("Tensor");
    auto* group = new QRadioButton("Group");
    group->setChecked(true);
    column->addWidget(tensor);
    column->addWidget(group);
    auto* narrow = new QCheckBox("Narrow range");
    narrow->setChecked(true);
    auto* mixed = new QCheckBox("Mixed values");
    mixed->setTristate(true);
    mixed->setCheckState(Qt::PartiallyChecked);
    auto* plain = new QCheckBox("Full range");
    column->addWidget(narrow);
    column->addWidget(mixed);
    column->addWidget(plain);
    auto* box = new QGroupBox("Effect on this layer");
    auto* inside = new QVBoxLayout(box);
    auto* figure = new QLabel("20.8 dB");
    figure->setProperty("figure", true);
    inside->addWidget(figure);
    column->addWidget(box);
    auto* bar = new QProgressBar;
    bar->setValue(40);
    column->addWidget(bar);
    column->addStretch(1);
    auto* buttons = new QHBoxLayout;
    auto* reset = new QPushButton(themeIcon("reset"), "Reset");
    auto* apply = new QPushButton(themeIcon("play", IconColor::OnAccent), "Apply to 44 similar");
    apply->setProperty("accent", true);
    apply->setObjectName("apply");
    buttons->addWidget(reset);
    buttons->addWidget(apply, 1);
    column->addLayout(buttons);
    return panel;
}

QTableWidget* makeTable() {
    auto* table = new QTableWidget(14, 4);
    table->setHorizontalHeaderLabels({"Layer", "Shape", "Bits", "SQNR"});
    table->verticalHeader()->hide();
    table->setShowGrid(false);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    for (int r = 0; r < table->rowCount(); ++r)
        for (int c = 0; c < 4; ++c)
            table->setItem(r, c, new QTableWidgetItem(c == 0 ? QString("blk.%1.ffn_gate").arg(r) : c == 1 ? "5632 × 2048" : c == 2 ? "4" : "20.8"));
    table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    table->setSortingEnabled(true);
    table->selectRow(4);
    return table;
}

std::unique_ptr<QMainWindow> makeWindow() {
    auto window = std::make_unique<QMainWindow>();
    for (const char* menu : {"&File", "&Edit", "&View", "&Help"}) window->menuBar()->addMenu(menu)->addAction("Entry");
    auto* bar = window->addToolBar("Main");
    bar->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    bar->setMovable(false);
    for (const char* icon : {"open", "export"}) bar->addAction(themeIcon(icon), QString(icon).replace(0, 1, QChar(icon[0] - 32)));
    bar->addSeparator();
    bar->addAction(themeIcon("undo"), "");
    bar->addAction(themeIcon("redo"), "")->setEnabled(false);
    QAction* chosen = bar->addAction(themeIcon("compare"), "Compare");
    chosen->setCheckable(true);
    chosen->setChecked(true);
    window->statusBar()->addWidget(new QLabel("1.10 B parameters · 201 tensors"));
    window->statusBar()->addPermanentWidget(new QLabel("CPU rasteriser"));
    auto* tabs = new QTabWidget;
    tabs->addTab(makeTable(), "Layers");
    auto* icons = new QWidget;
    tabs->addTab(icons, "History");
    auto* grid = new QWidget;
    auto* middle = new QVBoxLayout(grid);
    middle->addWidget(tabs);
    auto* strip = new QHBoxLayout;
    int count = 0;
    for (const QString& file : QDir(":/icons").entryList({"*.svg"})) {
        if (file.startsWith("mark-")) continue;
        if (count && count % 22 == 0) {
            middle->addLayout(strip);
            strip = new QHBoxLayout;
        }
        auto* label = new QLabel;
        label->setPixmap(themeIcon(file.chopped(4)).pixmap(QSize(20, 20), qApp->devicePixelRatio()));
        strip->addWidget(label);
        ++count;
    }
    middle->addLayout(strip);
    window->setCentralWidget(grid);
    auto* dock = new QDockWidget("Quantization scheme");
    dock->setWidget(makeControls());
    window->addDockWidget(Qt::RightDockWidgetArea, dock);
    window->resize(900, 640);
    return window;
}

TEST(ThemeScreens, EveryWidgetFollowsTheTheme) {
    const std::unique_ptr<QMainWindow> window = makeWindow();
    window->show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(window.get()));
    for (const ThemeChoice choice : {ThemeChoice::Light, ThemeChoice::Dark}) {
        applyTheme(*qApp, choice);
        QTest::qWait(20);
        const QImage image = window->grab().toImage();
        QDir().mkpath(BITLATHE_SCREENS_DIR);
        ASSERT_TRUE(image.save(choice == ThemeChoice::Dark ? BITLATHE_SCREENS_DIR "/theme-dark.png" : BITLATHE_SCREENS_DIR "/theme-light.png"));
        const Colors& c = themeColors();
        const auto* apply = window->findChild<QPushButton*>("apply");
        const QPoint inButton = apply->mapTo(window.get(), QPoint(8, apply->height() / 2)) * image.devicePixelRatio();
        EXPECT_EQ(image.pixelColor(inButton).rgb(), toQColor(c.accent).rgb());
        const auto* table = window->findChild<QTableWidget*>();
        const QPoint belowRows = table->viewport()->mapTo(window.get(), QPoint(5, table->viewport()->height() - 3));
        EXPECT_EQ(image.pixelColor(belowRows * image.devicePixelRatio()).rgb(), toQColor(c.panel).rgb());
        EXPECT_EQ(image.pixelColor(image.width() - 3, 3).rgb(), toQColor(c.window).rgb());
    }
}

}  // namespace
}  // namespace bitlathe
