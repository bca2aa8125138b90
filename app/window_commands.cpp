// The list of what the window can do.
#include "app/commands.h"
#include "app/export_control.h"
#include "app/key_dialog.h"
#include "app/main_window.h"
#include "app/run_control.h"
#include "app/run_language_control.h"
#include "core/engine/blas.h"
#include "core/quant/recipe_json.h"
#include "core/workflow/model_presets.h"
#include "widgets/canvas/theme.h"
#include "widgets/models/figures.h"
#include "widgets/panels/layer_view.h"
#include "widgets/panels/layers_panel.h"
#include "widgets/panels/message_strip.h"
#include "widgets/panels/plots_panel.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QDockWidget>
#include <QFileDialog>
#include <QFileInfo>
#include <QSettings>
#include <QSysInfo>

namespace bitlathe {

void MainWindow::add(const QString& id, const QString& category, const QString& text, const QString& icon, const QKeySequence& key,
                     std::function<void()> run, const QString& tip, std::function<QString()> commandLine) {
    m_commands->add({id, category, text, tip, icon, key, std::move(run), std::move(commandLine)});
}

QString MainWindow::commandLine(const QString& verb) const {
    const QString model = m_session.modelPath().isEmpty() ? QStringLiteral("MODEL.onnx") : m_session.modelPath();
    const Recipe& recipe = m_session.document().recipe();
    const Preset* preset = findModelPreset(recipe.name);
    const auto& opened = m_session.document().model();
    const bool isPreset = preset && (opened ? recipeFor(*preset, *opened, m_session.importance() != nullptr) : preset->recipe) == recipe;
    const QString recipeFile = m_session.document().recipePath().isEmpty() ? QStringLiteral("RECIPE.json") : m_session.document().recipePath();
    QString line = QStringLiteral("bitlathe-cli ") + verb + QLatin1Char(' ') + shellWord(model);
    if (verb == QStringLiteral("inspect")) return line;
    if (verb == QStringLiteral("quantize")) line += QStringLiteral(" -o ") + shellWord(m_exporting->path().isEmpty() ? QStringLiteral("OUT.onnx") : m_exporting->path());
    if (verb == QStringLiteral("evaluate")) {
        if (m_runLanguage->takes()) line += QStringLiteral(" --metric perplexity,kld --data ") + shellWord(m_runLanguage->text().isEmpty() ? QStringLiteral("TEXT.txt") : m_runLanguage->text());
        else line += QStringLiteral(" --data ") + shellWord(m_run->dataset().isEmpty() ? QStringLiteral("DATA.npz") : m_run->dataset());
        if (!m_runLanguage->takes()) line += QStringLiteral(" --engine ") + m_run->engineName();
    }
    line += isPreset ? QStringLiteral(" --preset ") + fromUtf8(recipe.name) : QStringLiteral(" --recipe ") + shellWord(recipeFile);
    if (const CalibrationChoice choice = m_run->calibrationChoice(); m_run->calibrationWanted() && !choice.data.empty()) {
        line += QStringLiteral(" --calibration ") + shellWord(QString::fromStdString(choice.data));
        if (choice.split && verb != QStringLiteral("evaluate")) line += QStringLiteral(" --split");
        if (choice.samples > 0) line += QStringLiteral(" --calibration-samples %1").arg(choice.samples);
        if (choice.seed != CalibrationChoice::kSeed) line += QStringLiteral(" --split-seed %1").arg(choice.seed);
    }
    return line;
}

void MainWindow::addCommands() {
    const QString file = tr("File");
    add(QStringLiteral("file.open"), file, tr("Open…"), QStringLiteral("open"), QKeySequence(Qt::CTRL | Qt::Key_O), [this] { openDialog(); },
        tr("Open a model or a recipe"), [this] { return commandLine(QStringLiteral("inspect")); });
    add(QStringLiteral("file.demo"), file, tr("Open the demo"), QStringLiteral("play"), {}, [this] { openDemo(); });
    add(QStringLiteral("file.languageDemo"), file, tr("Open the language demo"), QStringLiteral("play"), {}, [this] { openLanguageDemo(); });
    add(QStringLiteral("file.reload"), file, tr("Reload the model"), QStringLiteral("reset"), QKeySequence(Qt::Key_F5),
        [this] { if (!m_session.modelPath().isEmpty()) m_session.openModel(m_session.modelPath(), true); }, tr("Read the file again; the recipe stays"));
    add(QStringLiteral("file.saveRecipe"), file, tr("Save the recipe"), QStringLiteral("recipe"), {}, [this] {
        if (m_session.document().recipePath().isEmpty()) m_commands->action(QStringLiteral("file.saveRecipeAs"))->trigger();
        else m_session.saveRecipe(m_session.document().recipePath());
    });
    add(QStringLiteral("file.saveRecipeAs"), file, tr("Save the recipe as…"), QStringLiteral("recipe"), QKeySequence(Qt::CTRL | Qt::ALT | Qt::Key_S), [this] {
        const QFileInfo model(m_session.modelPath());
        const QString path = QFileDialog::getSaveFileName(this, tr("Save the recipe"), model.dir().filePath(model.completeBaseName() + QStringLiteral(".recipe.json")), tr("Recipes (*.json)"));
        if (!path.isEmpty()) m_session.saveRecipe(path);
    });
    addProjectCommands();
    add(QStringLiteral("file.loadRecipe"), file, tr("Load a recipe…"), QStringLiteral("recipe"), {}, [this] {
        const QString path = QFileDialog::getOpenFileName(this, tr("Load a recipe"), QFileInfo(m_session.modelPath()).path(), tr("Recipes (*.json);;All files (*)"));
        if (!path.isEmpty()) m_session.loadRecipe(path);
    });
    add(QStringLiteral("file.export"), file, tr("Export"), QStringLiteral("export"), QKeySequence(Qt::CTRL | Qt::Key_E),
        [this] {
            m_docks[QStringLiteral("export")]->show();
            m_docks[QStringLiteral("export")]->raise();
            m_exporting->openPanel();
        },
        tr("Write the quantized model: target, path, issues, then a job"), [this] { return commandLine(QStringLiteral("quantize")); });
    for (int i = 1; i <= 9; ++i)
        add(QStringLiteral("file.recent%1").arg(i), file, tr("Open recent file %1").arg(i), {}, QKeySequence(Qt::CTRL | Qt::Key(Qt::Key_0 + i)), [this, i] {
            const QStringList recent = m_session.recentFiles();
            if (i <= recent.size()) discardOr([this, path = recent[i - 1]] { m_session.open(path); });
        });
    add(QStringLiteral("file.quit"), file, tr("Quit"), {}, QKeySequence(Qt::CTRL | Qt::Key_Q), [this] { close(); });
    addEditCommands();
    addViewCommands();
}

void MainWindow::addEditCommands() {
    const QString edit = tr("Edit"), scheme = tr("Quantize");
    Document& document = m_session.document();
    add(QStringLiteral("edit.undo"), edit, tr("Undo"), QStringLiteral("undo"), QKeySequence(Qt::CTRL | Qt::Key_Z), [&document] { document.history().undo(); });
    add(QStringLiteral("edit.redo"), edit, tr("Redo"), QStringLiteral("redo"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z), [&document] { document.history().redo(); });
    add(QStringLiteral("edit.snapshot"), edit, tr("Keep a snapshot"), QStringLiteral("camera"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_N), [this, &document] {
        if (!document.model()) return;
        document.takeSnapshot(tr("Snapshot %1").arg(document.snapshots().size() + 1));
        m_docks[QStringLiteral("history")]->show();
        m_docks[QStringLiteral("history")]->raise();
    }, tr("Remember the recipe as it is now, by name"));
    add(QStringLiteral("edit.compare"), edit, tr("Compare A/B"), QStringLiteral("compare"), QKeySequence(Qt::CTRL | Qt::Key_D), [this, &document] {
        if (!document.hasOther() && document.model())
            m_message->show(MessageStrip::Level::Note, tr("The recipe as it is now is kept as A; you are at B, which starts as its copy. Edit B; Compare (%1) switches between the two, and undo goes back.").arg(m_commands->key(QStringLiteral("edit.compare")).toString(QKeySequence::NativeText)));
        document.toggleAB();
    },
        tr("Two recipes side by side: the first time keeps the present recipe as A and goes on with its copy B; then switches between them, and all figures with it"));
    add(QStringLiteral("edit.find"), edit, tr("Filter layers"), QStringLiteral("filter"), QKeySequence(Qt::CTRL | Qt::Key_F), [this] {
        m_docks[QStringLiteral("layers")]->show();
        m_layers->focusFilter();
    });
    add(QStringLiteral("edit.selectAll"), edit, tr("Select all shown layers"), {}, {}, [this] { m_layers->view().selectAll(); });
    add(QStringLiteral("edit.selectSimilar"), edit, tr("Select similar layers"), {}, QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_A), [this] {
        const auto own = m_editing->editable();
        if (own.empty()) return;
        const Model& model = *m_session.document().model();
        std::vector<std::size_t> layers = {own.front()};
        for (std::size_t i = 0; i < model.layers.size(); ++i)
            if (i != own.front() && model.layers[i].quantizable && model.layers[i].kind == model.layers[own.front()].kind) layers.push_back(i);
        m_layers->select(layers);
    }, tr("All layers of the same kind"));
    for (int bits = 1; bits <= 8; ++bits)
        add(QStringLiteral("scheme.bits%1").arg(bits), scheme, bits == 1 ? tr("1 bit") : tr("%1 bits").arg(bits), {}, QKeySequence(Qt::Key(Qt::Key_0 + bits)), [this, bits] {
            SchemeChange change;
            change.bits = bits;
            m_editing->apply(change, bits == 1 ? tr("1 bit") : tr("%1 bits").arg(bits));
        });
    add(QStringLiteral("scheme.float"), scheme, tr("Leave in float"), {}, QKeySequence(Qt::Key_F), [this] {
        SchemeChange change;
        change.format = NumberFormat::real();
        m_editing->apply(change, tr("Float"));
    });
    add(QStringLiteral("scheme.smallerGroup"), scheme, tr("Smaller groups"), {}, QKeySequence(Qt::Key_BracketLeft), [this] { m_editing->stepGroup(-1); });
    add(QStringLiteral("scheme.largerGroup"), scheme, tr("Larger groups"), {}, QKeySequence(Qt::Key_BracketRight), [this] { m_editing->stepGroup(1); });
    add(QStringLiteral("scheme.reset"), scheme, tr("Reset the selected layers"), QStringLiteral("reset"), QKeySequence(Qt::Key_Delete), [this] { m_editing->reset(); },
        tr("Gives the selected layers back to the recipe's rules"));
    add(QStringLiteral("scheme.similar"), scheme, tr("Apply to similar layers"), QStringLiteral("layers"), QKeySequence(Qt::CTRL | Qt::Key_Return), [this] { m_editing->applyToSimilar(); });
    for (const Preset& preset : modelPresets())
        add(QStringLiteral("preset.%1").arg(fromUtf8(preset.name)), tr("Preset"), tr("Preset: %1").arg(fromUtf8(preset.label)), {}, {},
            [this, &preset] { m_editing->applyPreset(preset); }, fromUtf8(preset.description));
    const QString model = tr("Model");
    add(QStringLiteral("model.run"), model, tr("Run"), QStringLiteral("analyze"), QKeySequence(Qt::CTRL | Qt::Key_R), [this] {
        m_docks[QStringLiteral("run")]->show();
        m_docks[QStringLiteral("run")]->raise();
        m_runLanguage->takes() ? m_runLanguage->openPanel() : m_run->openPanel();
    }, tr("Calibrate where needed and run the network on a dataset: accuracy, carried error and time per layer"), [this] { return commandLine(QStringLiteral("evaluate")); });
    add(QStringLiteral("model.data"), model, tr("Choose evaluation data…"), QStringLiteral("open"), {}, [this] { m_run->chooseDataset(); }, tr("The samples that Run measures on"));
    add(QStringLiteral("model.calibration"), model, tr("Choose calibration data…"), QStringLiteral("open"), {}, [this] { m_run->chooseCalibration(); },
        tr("The samples whose activations set the ranges: calibrate"));
    add(QStringLiteral("model.stop"), model, tr("Stop the work in progress"), QStringLiteral("stop"), QKeySequence(Qt::CTRL | Qt::Key_Period), [this] {
        const auto& states = m_session.jobs().states();
        if (!states.empty()) m_session.jobs().stop(states.back().id);
    });
}

void MainWindow::addViewCommands() {
    const QString view = tr("View");
    m_commands->add({QStringLiteral("view.float"), view, tr("See float (hold)"), tr("While the key is down, the table shows the source"), QStringLiteral("eye"),
                     QKeySequence(Qt::Key_Backslash), [this] { setShowFloat(!m_showFloat); }, {}, true});
    add(QStringLiteral("view.log"), view, tr("Logarithmic counts"), {}, QKeySequence(Qt::Key_L), [this] { m_plots->setLogCounts(!m_plots->logCounts()); });
    for (const Plot& plot : bitlathe::plots)
        if (const QString name = QString::fromLatin1(plot.name); name != QLatin1String("weights"))
            add(QStringLiteral("view.plot.") + name, view, QString::fromLatin1(plot.label), {}, {}, [this, name] { m_plots->showPlot(name); }, tr("Turn to this plot, below the weight distribution"));
    add(QStringLiteral("view.fit"), view, tr("Fit the plots"), {}, QKeySequence(Qt::Key_Home | Qt::CTRL), [this] { m_plots->fit(); });
    add(QStringLiteral("view.palette"), view, tr("All commands…"), QStringLiteral("command"), QKeySequence(Qt::CTRL | Qt::Key_K), [this] { openPalette(); });
    add(QStringLiteral("view.theme"), view, tr("Switch dark and light"), QStringLiteral("moon"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_L), [] {
        const ThemeChoice choice = themeColors().dark ? ThemeChoice::Light : ThemeChoice::Dark;
        QSettings().setValue(QStringLiteral("theme"), int(choice));
        applyTheme(*qApp, choice);
    });
    const std::pair<QString, ThemeChoice> themes[] = {{QStringLiteral("system"), ThemeChoice::System}, {QStringLiteral("dark"), ThemeChoice::Dark}, {QStringLiteral("light"), ThemeChoice::Light}};
    const QString names[] = {tr("Theme: as the system"), tr("Theme: dark"), tr("Theme: light")};
    for (int i = 0; i < 3; ++i)
        add(QStringLiteral("view.theme.") + themes[i].first, view, names[i], {}, {}, [choice = themes[i].second] {
            QSettings().setValue(QStringLiteral("theme"), int(choice));
            applyTheme(*qApp, choice);
        });
    const QString window = tr("Window");
    const std::pair<QString, QString> docks[] = {{QStringLiteral("layers"), tr("Layers")}, {QStringLiteral("scheme"), tr("Quantization scheme")}, {QStringLiteral("run"), tr("Run")},
                                                 {QStringLiteral("export"), tr("Export panel")}, {QStringLiteral("history"), tr("History")}, {QStringLiteral("log"), tr("Issues and log")},
                                                 {QStringLiteral("duel"), tr("Duel of formats")}, {QStringLiteral("playground"), tr("Playground")}};
    for (int i = 0; i < int(std::size(docks)); ++i)
        add(QStringLiteral("window.") + docks[i].first, window, tr("Show or hide: %1").arg(docks[i].second), {}, QKeySequence(Qt::ALT | Qt::Key(Qt::Key_1 + i)), [this, id = docks[i].first] {
            QDockWidget* dock = m_docks[id];
            const bool covered = dock->isVisible() && dock->visibleRegion().isEmpty();  // behind another tab
            dock->setVisible(covered || !dock->isVisible());
            if (dock->isVisible()) dock->raise();
        });
    add(QStringLiteral("window.reset"), window, tr("Reset the layout"), {}, {}, [this] { resetLayout(); });
    const QString help = tr("Help");
    add(QStringLiteral("help.keys"), help, tr("Keys"), QStringLiteral("help"), QKeySequence(Qt::Key_Question), [this] { openKeyList(); }, tr("All keys, and how to change them"));
    add(QStringLiteral("help.report"), help, tr("Copy facts for a report"), QStringLiteral("copy"), {}, [this] {
        QApplication::clipboard()->setText(reportText());
        m_message->show(MessageStrip::Level::Done, tr("Version, machine, model and recipe are on the clipboard, ready for a report. Weights and data are not."));
    }, tr("Version, machine, model facts and recipe as text"));
    add(QStringLiteral("help.about"), help, tr("About Bitlathe"), QStringLiteral("info"), {}, [this] {
        m_message->show(MessageStrip::Level::Note, tr("Bitlathe %1 · Qt %2 · %3 · %4. Everything stays on this machine: there is no network code.")
                                                       .arg(QCoreApplication::applicationVersion(), QString::fromLatin1(qVersion()), fromUtf8(m_session.resources().machine.blas->name()), m_plots->canvas().rendererName()));
    });
    connect(m_commands, &Commands::commandLineWanted, this, [this](const QString& line) {
        m_message->show(MessageStrip::Level::Note, line, {{tr("Copy"), [line] { QApplication::clipboard()->setText(line); }}});
    });
}

QString MainWindow::reportText() const {
    const Resources& resources = m_session.resources();
    QStringList lines = {QStringLiteral("Bitlathe %1, Qt %2, %3").arg(QCoreApplication::applicationVersion(), QString::fromLatin1(qVersion()), QSysInfo::prettyProductName()),
                         QStringLiteral("%1 threads, %2, %3, %4").arg(resources.workers.threads()).arg(fromUtf8(isaName(resources.machine.isa)), fromUtf8(resources.machine.blas->name()), m_plots->canvas().rendererName())};
    if (const auto& model = m_session.document().model()) {
        QStringList opsets;
        for (const auto& [domain, version] : model->opsets) opsets << QStringLiteral("%1 %2").arg(domain.empty() ? QStringLiteral("ai.onnx") : fromUtf8(domain)).arg(version);
        lines << QStringLiteral("Model: %1, producer %2, opsets %3, %4 layers, %5 nodes, SHA-256 %6")
                     .arg(fromUtf8(model->format), fromUtf8(model->producer), opsets.join(QStringLiteral(", "))).arg(model->layers.size()).arg(model->graph.nodes.size()).arg(fromUtf8(model->sha256));
        for (const std::string& note : model->notes) lines << QStringLiteral("  ") + fromUtf8(note);
        lines << QString::fromStdString(toJson(m_session.document().recipe()));
    }
    return lines.join(QLatin1Char('\n'));
}

void MainWindow::enableCommands() {
    const bool open = m_session.document().model() != nullptr;
    const bool some = open && !m_editing->editable().empty();
    for (const Command& command : m_commands->all()) {
        const bool onLayers = command.id.startsWith(QStringLiteral("scheme.")) || command.id == QStringLiteral("edit.selectSimilar");
        const bool onModel = command.id.startsWith(QStringLiteral("preset.")) || command.id.startsWith(QStringLiteral("model.r")) || command.id == QStringLiteral("file.export") ||
                             command.id.contains(QStringLiteral("aveRecipe")) || command.id.contains(QStringLiteral("Project")) || command.id == QStringLiteral("file.loadRecipe") || command.id == QStringLiteral("file.reload") ||
                             command.id == QStringLiteral("edit.snapshot") || command.id == QStringLiteral("edit.compare") || command.id == QStringLiteral("edit.selectAll");
        if (onLayers) m_commands->action(command.id)->setEnabled(some);
        else if (onModel) m_commands->action(command.id)->setEnabled(open);
    }
    m_commands->action(QStringLiteral("edit.undo"))->setEnabled(m_session.document().history().canUndo());
    m_commands->action(QStringLiteral("edit.redo"))->setEnabled(m_session.document().history().canRedo());
    m_commands->action(QStringLiteral("model.stop"))->setEnabled(!m_session.jobs().states().empty());
}

}  // namespace bitlathe
