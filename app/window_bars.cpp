// Menus, tool bar, job bar, status line, and the sheets that drop from them.
#include "app/commands.h"
#include "app/export_control.h"
#include "app/key_dialog.h"
#include "app/main_window.h"
#include "app/run_control.h"
#include "app/totals.h"
#include "core/engine/blas.h"
#include "core/quant/codec.h"
#include "core/workflow/model_presets.h"
#include "widgets/canvas/icons.h"
#include "widgets/canvas/theme.h"
#include "widgets/models/figures.h"
#include "widgets/panels/job_bar.h"
#include "widgets/panels/palette_box.h"
#include "widgets/panels/plots_panel.h"
#include "widgets/panels/totals_bar.h"

#include <QAbstractItemView>
#include <QAction>
#include <QComboBox>
#include <QEvent>
#include <QFileInfo>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QSignalBlocker>
#include <QToolBar>
#include <QToolButton>

namespace bitlathe {

void MainWindow::buildMenus() {
    const auto fill = [this](QMenu* menu, const QStringList& ids) {
        for (const QString& id : ids) id.isEmpty() ? menu->addSeparator() : (menu->addAction(m_commands->action(id)), nullptr);
    };
    const auto id = [](const char* text) { return QString::fromLatin1(text); };
    QMenu* file = menuBar()->addMenu(tr("&File"));
    fill(file, {id("file.open"), id("file.demo"), id("file.languageDemo")});
    m_recentMenu = file->addMenu(tr("Recent"));
    fill(file, {id("file.reload"), {}, id("file.newProject"), id("file.saveProject"), id("file.saveProjectAs"), id("file.embedProjectModel"), {}, id("file.loadRecipe"), id("file.saveRecipe"), id("file.saveRecipeAs"), {}, id("file.export"), {}, id("file.quit")});
    fill(menuBar()->addMenu(tr("&Edit")), {id("edit.undo"), id("edit.redo"), {}, id("edit.snapshot"), id("edit.compare"), {}, id("edit.find"), id("edit.selectAll"), id("edit.selectSimilar")});
    QMenu* view = menuBar()->addMenu(tr("&View"));
    fill(view, {id("view.float"), id("view.log"), id("view.fit"), {}});
    for (const Plot& plot : bitlathe::plots)
        if (const QString name = QString::fromLatin1(plot.name); name != QLatin1String("weights")) view->addAction(m_commands->action(QStringLiteral("view.plot.") + name));
    fill(view, {{}, id("view.palette"), {}, id("view.theme.system"), id("view.theme.dark"), id("view.theme.light")});
    fill(menuBar()->addMenu(tr("&Model")), {id("model.run"), {}, id("model.data"), id("model.calibration"), {}, id("model.stop")});
    QMenu* quantize = menuBar()->addMenu(tr("&Quantize"));
    QMenu* presetMenu = quantize->addMenu(tr("Preset"));
    for (const Preset& preset : modelPresets()) presetMenu->addAction(m_commands->action(QStringLiteral("preset.%1").arg(fromUtf8(preset.name))));
    connect(presetMenu, &QMenu::hovered, this, [this](QAction* action) {
        for (const Preset& preset : modelPresets())
            if (m_commands->action(QStringLiteral("preset.%1").arg(fromUtf8(preset.name))) == action) m_editing->hoverPreset(preset);
    });
    connect(presetMenu, &QMenu::aboutToHide, m_editing, &LayerEditing::hoverEnded);
    quantize->addSeparator();
    for (int bits = 8; bits >= 1; --bits) quantize->addAction(m_commands->action(QStringLiteral("scheme.bits%1").arg(bits)));
    fill(quantize, {id("scheme.float"), {}, id("scheme.smallerGroup"), id("scheme.largerGroup"), {}, id("scheme.reset"), id("scheme.similar")});
    fill(menuBar()->addMenu(tr("&Window")), {id("window.layers"), id("window.scheme"), id("window.run"), id("window.playground"), id("window.export"), id("window.duel"), id("window.history"), id("window.log"), {}, id("window.reset")});
    fill(menuBar()->addMenu(tr("&Help")), {id("help.keys"), id("view.palette"), {}, id("help.report"), id("help.about")});
    fillRecent();
}

void MainWindow::fillRecent() {
    if (!m_recentMenu) return;
    m_recentMenu->clear();
    const QStringList recent = m_session.recentFiles();
    for (qsizetype i = 0; i < recent.size(); ++i) {
        QAction* action = m_commands->action(QStringLiteral("file.recent%1").arg(i + 1));
        action->setText(QFileInfo(recent[i]).fileName());
        action->setToolTip(recent[i]);
        m_recentMenu->addAction(action);
    }
    m_recentMenu->setEnabled(!recent.isEmpty());
    if (recent.isEmpty()) return;
    m_recentMenu->addSeparator();
    m_recentMenu->addAction(tr("Forget recent files"), &m_session, &Session::forgetRecent);
}

void MainWindow::buildToolBar() {
    auto* bar = addToolBar(tr("Tools"));
    bar->setObjectName(QStringLiteral("tools"));
    bar->setMovable(false);
    bar->setContextMenuPolicy(Qt::PreventContextMenu);
    const auto button = [&](const char* id, bool text = true) {
        auto* tool = new QToolButton;
        tool->setDefaultAction(m_commands->action(QString::fromLatin1(id)));
        tool->setToolButtonStyle(text ? Qt::ToolButtonTextBesideIcon : Qt::ToolButtonIconOnly);
        tool->setAccessibleName(tool->defaultAction()->text());
        bar->addWidget(tool);
        return tool;
    };
    button("file.open")->setText(tr("Open"));
    button("file.export");
    bar->addSeparator();
    button("edit.undo", false);
    button("edit.redo", false);
    bar->addSeparator();
    button("model.run");
    button("edit.compare");
    auto* space = new QWidget;
    space->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    bar->addWidget(space);
    auto* label = new QLabel(tr("Preset") + QStringLiteral("  "));
    label->setProperty("caption", true);
    m_presets = new QComboBox;
    m_presets->setFixedWidth(190);
    m_presets->setAccessibleName(tr("Preset"));
    m_presets->setPlaceholderText(tr("Custom"));
    m_presets->setToolTip(tr("A whole recipe at once. Under the pointer, its sizes and errors show in the table before you take it."));
    label->setBuddy(m_presets);
    for (const Preset& preset : modelPresets()) {
        m_presets->addItem(fromUtf8(preset.label), fromUtf8(preset.name));
        m_presets->setItemData(m_presets->count() - 1, fromUtf8(preset.description), Qt::ToolTipRole);
    }
    const auto at = [this](int index) { return findModelPreset(m_presets->itemData(index).toString().toStdString()); };
    connect(m_presets, &QComboBox::activated, this, [this, at](int index) { if (const Preset* preset = at(index)) m_editing->applyPreset(*preset); });
    connect(m_presets, &QComboBox::highlighted, this, [this, at](int index) { if (const Preset* preset = at(index)) m_editing->hoverPreset(*preset); });
    m_presets->view()->installEventFilter(this);
    bar->addWidget(label);
    bar->addWidget(m_presets);
    auto* gap = new QWidget;
    gap->setFixedWidth(8);
    bar->addWidget(gap);
    auto* primary = new QPushButton(themeIcon(QStringLiteral("play"), IconColor::OnAccent), QChar(0x00a0) + tr("Quantize model"));
    primary->setProperty("accent", true);
    QAction* exporting = m_commands->action(QStringLiteral("file.export"));
    primary->setToolTip(exporting->toolTip());
    connect(primary, &QPushButton::clicked, exporting, &QAction::trigger);
    connect(exporting, &QAction::changed, primary, [primary, exporting] { primary->setEnabled(exporting->isEnabled()); });
    bar->addWidget(primary);
    m_themeButton = button("view.theme", false);
    fillPresets();
    changeEvent(nullptr);
}

void MainWindow::fillPresets() {
    const QSignalBlocker quiet(m_presets);
    int index = -1;
    Recipe recipe = m_session.document().recipe();
    recipe.preprocessing.clear();
    recipe.cache = {};
    const auto& model = m_session.document().model();
    for (const Preset& preset : modelPresets())
        if (model && preset.name == recipe.name && (recipeFor(preset, *model) == recipe || recipeFor(preset, *model, true) == recipe)) index = m_presets->findData(fromUtf8(preset.name));
    m_presets->setCurrentIndex(index);
    m_presets->setEnabled(m_session.document().model() != nullptr);
}

void MainWindow::changeEvent(QEvent* event) {
    if (!event || event->type() == QEvent::PaletteChange) {
        if (m_themeButton) m_themeButton->defaultAction()->setIcon(themeIcon(themeColors().dark ? QStringLiteral("moon") : QStringLiteral("sun")));
    }
    if (event) QMainWindow::changeEvent(event);
}

void MainWindow::showJobs() {
    const auto& states = m_session.jobs().states();
    m_commands->action(QStringLiteral("model.stop"))->setEnabled(!states.empty());
    if (states.empty()) {
        m_jobBar->showIdle(m_lastMessage);
        return;
    }
    const JobState& job = states.back();  // the newest: what was asked for last
    m_jobBar->show({job.title, job.what, job.fraction, job.secondsLeft, job.paused, job.stopping, int(states.size()) - 1});
}

void MainWindow::showTotals() {
    const auto& model = m_session.document().model();
    TotalsBar::Line line;
    if (model) {
        const Totals totals = totalsOf(*model, m_session.document().schemes());
        line.parameters = tr("%1 parameters · %2 tensors").arg(countText(totals.parameters), exactCountText(totals.tensors));
        line.parametersTip = tr("%1 parameters in %2 constant tensors; %3 of %4 tunable layers are quantized")
                                 .arg(exactCountText(totals.parameters), exactCountText(totals.tensors)).arg(totals.quantized).arg(totals.quantizable);
        const double ratio = totals.bytesAfter > 0 ? double(totals.bytesBefore) / double(totals.bytesAfter) : 1;
        line.size = tr("%1 → %2 (%3)").arg(bytesText(totals.bytesBefore), bytesText(totals.bytesAfter), ratioText(ratio));
        line.sizeTip = tr("Weights and biases of all layers: %1 bytes in the source, %2 as they will be stored").arg(exactCountText(totals.bytesBefore), exactCountText(totals.bytesAfter));
        line.bits = tr("%1 bits/weight").arg(bitsPerWeightText(totals.bitsPerWeight));
        line.bitsTip = tr("Stored bits over the weights of all layers that can be quantized, scales and zero points included");
    }
    const Resources& resources = m_session.resources();
    const QString isa = resources.machine.isa == Isa::Avx512Vnni ? QStringLiteral("AVX-512 VNNI") : resources.machine.isa == Isa::Avx2 ? QStringLiteral("AVX2") : tr("reference kernels");
    line.threads = counted(resources.workers.threads(), tr("1 thread"), tr("%1 threads")) + QStringLiteral(" · ") + isa;
    line.blas = fromUtf8(resources.machine.blas->name());
    line.blasTip = resources.machine.blas->note().empty() ? tr("What computes float products") : fromUtf8(resources.machine.blas->note());
    line.renderer = m_plots->canvas().rendererName();
    m_totals->show(line);
}

void MainWindow::openPalette() {
    std::vector<PaletteBox::Entry> entries;
    for (const Command& command : m_commands->all()) {
        QAction* action = m_commands->action(command.id);
        entries.push_back({action->text(), command.category, command.tip, m_commands->key(command.id), action->isEnabled(), [action] { action->trigger(); }});
    }
    m_palette->open(std::move(entries));
}

void MainWindow::openKeyList() {
    auto* dialog = new KeyDialog(*m_commands, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->show();
}

// The scheme cell's menu: whole schemes, each shown as a ghost while the pointer rests on it.
void MainWindow::openSchemeMenu(QPoint at) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const auto offerIn = [&](QMenu* where, const QString& text, const SchemeChange& change) {
        QAction* action = where->addAction(text, this, [this, text, change] { m_editing->apply(change, text); });
        connect(action, &QAction::hovered, this, [this, change] { m_editing->hover(change); });
    };
    const auto offer = [&](const QString& text, const SchemeChange& change) { offerIn(menu, text, change); };
    SchemeChange change;
    change.format = NumberFormat::real();
    offer(tr("float"), change);
    menu->addSeparator();
    change.format = NumberFormat::integers();
    for (int bits : {8, 6, 5, 4, 3, 2}) {
        change.bits = bits;
        change.granularity = PerChannel{};
        offer(tr("int%1 channel").arg(bits), change);
    }
    menu->addSeparator();
    for (int bits : {4, 3, 2}) {
        change.bits = bits;
        change.granularity = PerGroup{bits == 4 ? 128 : 32};
        offer(tr("int%1 group %2").arg(bits).arg(bits == 4 ? 128 : 32), change);
    }
    QMenu* others = menu->addMenu(tr("Other formats"));
    others->setToolTipsVisible(true);
    for (const Codec& codec : codecs()) {
        if (codec.name == "int" || codec.takesTable) continue;
        SchemeChange other;
        other.format = NumberFormat{std::string(codec.name), true, true};
        offerIn(others, fromUtf8(codec.label), other);
        others->actions().last()->setToolTip(fromUtf8(codec.formula) + QLatin1Char('\n') + fromUtf8(codec.explanation));
    }
    menu->addSeparator();
    menu->addAction(m_commands->action(QStringLiteral("scheme.similar")));
    menu->addAction(m_commands->action(QStringLiteral("scheme.reset")));
    connect(menu, &QMenu::aboutToHide, m_editing, &LayerEditing::hoverEnded);
    menu->popup(at);
}

}  // namespace bitlathe
