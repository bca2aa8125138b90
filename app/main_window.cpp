#include "app/main_window.h"

#include "app/commands.h"
#include "app/dock.h"
#include "app/duel_control.h"
#include "app/export_control.h"
#include "app/playground_control.h"
#include "app/project_control.h"
#include "app/importance_control.h"
#include "app/run_control.h"
#include "app/run_language_control.h"
#include "core/formats/format.h"
#include "widgets/models/figures.h"
#include "widgets/models/layer_table_model.h"
#include "widgets/panels/duel_panel.h"
#include "widgets/panels/empty_state.h"
#include "widgets/panels/export_panel.h"
#include "widgets/panels/history_panel.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/job_bar.h"
#include "widgets/panels/layer_view.h"
#include "widgets/panels/layers_panel.h"
#include "widgets/panels/log_panel.h"
#include "widgets/panels/message_strip.h"
#include "widgets/panels/palette_box.h"
#include "widgets/panels/playground_panel.h"
#include "widgets/panels/plots_panel.h"
#include "widgets/panels/run_language_panel.h"
#include "widgets/panels/run_panel.h"
#include "widgets/panels/start_panel.h"
#include "widgets/panels/totals_bar.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDockWidget>
#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>
#include <QMimeData>
#include <QResizeEvent>
#include <QScreen>
#include <QSettings>
#include <QStackedWidget>
#include <QStatusBar>
#include <QTabBar>
#include <QToolBar>
#include <QUrl>
#include <QVBoxLayout>

namespace bitlathe {

MainWindow::MainWindow(Session& session, CanvasRenderer renderer)
    : m_session(session), m_commands(new Commands(*this)), m_editing(new LayerEditing(session.document(), session.analysis(), this)),
      m_table(new LayerTableModel(this)), m_layers(new LayersPanel(*m_table)), m_inspector(new InspectorPanel), m_plots(new PlotsPanel(renderer)),
      m_start(new StartPanel), m_history(new HistoryPanel(session.document().history())), m_log(new LogPanel), m_runPanel(new RunPanel),
      m_run(new RunControl(session, *m_runPanel, this)), m_runLanguagePanel(new RunLanguagePanel), m_runLanguage(new RunLanguageControl(session, *m_runLanguagePanel, this)),
      m_importance(new ImportanceControl(session, *m_runLanguagePanel, this)), m_runPages(new QStackedWidget), m_exportPanel(new ExportPanel), m_exporting(new ExportControl(session, *m_run, *m_exportPanel, this)),
      m_project(new ProjectControl(session, *m_run, *m_runLanguage, *m_importance, *m_exporting, this)),
      m_duelPanel(new DuelPanel), m_duel(new DuelControl(session.resources(), session.jobs(), session.cache(), *m_duelPanel, this)),
      m_playgroundPanel(new PlaygroundPanel), m_playground(new PlaygroundControl(session, *m_run, *m_playgroundPanel, this)),
      m_message(new MessageStrip), m_jobBar(new JobBar), m_totals(new TotalsBar), m_centre(new QStackedWidget),
      m_curveCanvas(new Canvas(tr("Size against error"), CanvasRenderer::Cpu)), m_curveScene(std::make_unique<PlotScene>(std::vector<std::string>{"size"})),
      m_explaining(new Explaining(session.resources().runner, session.resources().workers, this)) {
    setObjectName(QStringLiteral("MainWindow"));
    setAcceptDrops(true);
    setDockNestingEnabled(true);
    setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    m_start->setMinimumWidth(280);  // its paths give way
    m_centre->addWidget(m_start);
    m_centre->addWidget(m_plots);
    auto* central = new QWidget;
    auto* column = new QVBoxLayout(central);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_message);
    column->addWidget(m_centre, 1);
    setCentralWidget(central);
    m_curveCanvas->setScene([this](CanvasFrame& frame) { m_curveScene->draw(frame); });
    m_inspector->setCurve(m_curveCanvas);

    buildDocks();
    addCommands();
    buildMenus();
    buildToolBar();
    auto* jobs = new QToolBar(tr("Work in progress"));
    jobs->setObjectName(QStringLiteral("jobs"));
    jobs->setMovable(false);
    jobs->addWidget(m_jobBar);
    jobs->setContextMenuPolicy(Qt::PreventContextMenu);
    addToolBar(Qt::BottomToolBarArea, jobs);
    statusBar()->addWidget(m_totals, 1);
    statusBar()->setSizeGripEnabled(false);
    m_palette = new PaletteBox(this);
    connectSession();
    connectProject();
    connectEditing();
    connectWeights();
    connectDuel();
    connectPlayground();
    qApp->installEventFilter(this);
    m_start->setDemoAvailable(!Session::demoModel().isEmpty());
    m_start->setRecent(m_session.recentFiles());
    showEmptyStates();
    showTitle();
    showTotals();
    enableCommands();
    // Never larger than the screen, whatever the scale.
    const QSize screen = QGuiApplication::primaryScreen() ? QGuiApplication::primaryScreen()->availableSize() : QSize(1440, 900);
    resize(QSize(1440, 900).boundedTo(screen));
    restoreLayout();
    dressTabBars();
}

MainWindow::~MainWindow() {
    qApp->removeEventFilter(this);
    m_curveCanvas->setScene({});  // it lives until the window's children die, longer than the scene
}

void MainWindow::buildDocks() {
    const auto dock = [this](const QString& id, const QString& title, QWidget* content, Qt::DockWidgetArea area) {
        QDockWidget* made = makeDock(id, title, content, this);
        addDockWidget(area, made);
        m_docks[id] = made;
        return made;
    };
    m_runPages->addWidget(m_runPanel);
    m_runPages->addWidget(m_runLanguagePanel);
    setCorner(Qt::BottomLeftCorner, Qt::BottomDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    dock(QStringLiteral("layers"), tr("Layers"), m_layers, Qt::LeftDockWidgetArea);
    dock(QStringLiteral("scheme"), tr("Quantization scheme"), m_inspector, Qt::RightDockWidgetArea);
    QDockWidget* run = dock(QStringLiteral("run"), tr("Run"), m_runPages, Qt::BottomDockWidgetArea);
    QDockWidget* playground = dock(QStringLiteral("playground"), tr("Playground"), m_playgroundPanel, Qt::BottomDockWidgetArea);
    QDockWidget* exports = dock(QStringLiteral("export"), tr("Export"), m_exportPanel, Qt::BottomDockWidgetArea);
    QDockWidget* duel = dock(QStringLiteral("duel"), tr("Duel"), m_duelPanel, Qt::BottomDockWidgetArea);
    QDockWidget* history = dock(QStringLiteral("history"), tr("History"), m_history, Qt::BottomDockWidgetArea);
    QDockWidget* log = dock(QStringLiteral("log"), tr("Issues and log"), m_log, Qt::BottomDockWidgetArea);
    tabifyDockWidget(run, playground);
    tabifyDockWidget(playground, exports);
    tabifyDockWidget(exports, duel);
    tabifyDockWidget(duel, history);
    tabifyDockWidget(history, log);
    for (QDockWidget* hidden : {run, playground, exports, duel, history, log}) hidden->hide();
    setDocumentMode(true);
    // Tab bars of docks come and go; their base line is not in the theme's colours.
    for (const auto& [id, made] : m_docks)
        connect(made, &QDockWidget::visibilityChanged, this, &MainWindow::dressTabBars, Qt::QueuedConnection);
}

void MainWindow::dressTabBars() {
    for (QTabBar* bar : findChildren<QTabBar*>(Qt::FindDirectChildrenOnly)) {
        bar->setDrawBase(false);
        bar->setAccessibleName(tr("Panels"));
    }
}

void MainWindow::restoreLayout() {
    m_deliveredLayout = saveState();
    QSettings settings;
    restoreGeometry(settings.value(QStringLiteral("window/geometry")).toByteArray());
    if (!restoreState(settings.value(QStringLiteral("window/layout")).toByteArray())) resetLayout();
    m_plots->showPlot(settings.value(QStringLiteral("window/plots")).toString());
}

void MainWindow::resetLayout() {
    restoreState(m_deliveredLayout);
    const int width = this->width();
    resizeDocks({m_docks[QStringLiteral("layers")], m_docks[QStringLiteral("scheme")]}, {int(width * (width < 1500 ? 0.34 : 0.42)), width < 1500 ? 284 : 296}, Qt::Horizontal);
}

void MainWindow::connectSession() {
    Document& document = m_session.document();
    connect(&document, &Document::modelChanged, this, [this] {
        m_before.clear();
        m_curves.clear();
        m_table->setModel(m_session.document().model());
        m_log->setNotes(m_session.document().model()->notes);
        m_centre->setCurrentWidget(m_plots);
        m_history->setOpen(true);
    });
    connect(&m_session, &Session::opened, this, [this] {
        m_message->hide();
        m_start->setRefusal({});
        if (m_playground->continuesText()) {
            sayLanguage();
        } else if (!m_session.whyNotRun().isEmpty()) {
            m_message->show(MessageStrip::Level::Note, m_session.whyNotRun());
        }
        // The first layer that can be tuned, so that there is a picture at once.
        const Model& model = *m_session.document().model();
        for (std::size_t i = 0; i < model.layers.size(); ++i)
            if (model.layers[i].quantizable) {
                m_layers->select({i});
                break;
            }
        m_layers->view().setFocus();
        showTitle();
        enableCommands();
    });
    connect(&m_session, &Session::openingChanged, this, [this] {
        m_start->setLoading(m_session.opening() ? QFileInfo(m_session.openingPath()).fileName() : QString());
        if (m_session.opening()) m_start->setRefusal({});
        showEmptyStates();
    });
    connect(&m_session, &Session::refused, this, [this](const QString& path, const QString& message) {
        if (m_session.document().model()) m_message->show(MessageStrip::Level::Refusal, message);
        else m_start->setRefusal(message);
        m_lastMessage = tr("%1 was refused").arg(QFileInfo(path).fileName());
        showJobs();
        showEmptyStates();
    });
    connect(&m_session, &Session::changedOnDisk, this, [this](const QString& path) {
        m_message->show(MessageStrip::Level::Note, tr("%1 has changed on disk.").arg(QFileInfo(path).fileName()),
                        {{tr("Reload, keep the recipe"), [this, path] { m_session.openModel(path, true); }}});
    });
    connect(&m_session, &Session::saved, this, [this](const QString& path) {
        m_lastMessage = tr("Saved %1").arg(QFileInfo(path).fileName());
        showJobs();
        showTitle();
    });
    connect(&m_session, &Session::recentChanged, this, [this] {
        m_start->setRecent(m_session.recentFiles());
        fillRecent();
    });
    connect(&m_session, &Session::happened, m_log, &LogPanel::add);
    connect(&m_session.jobs(), &Jobs::changed, this, &MainWindow::showJobs);
    connect(m_jobBar, &JobBar::pauseClicked, this, [this] {
        const auto& states = m_session.jobs().states();
        if (!states.empty()) m_session.jobs().setPaused(states.back().id, !states.back().paused);
    });
    connect(m_jobBar, &JobBar::stopClicked, this, [this] {
        const auto& states = m_session.jobs().states();
        if (!states.empty()) m_session.jobs().stop(states.back().id);
    });
    connect(&document, &Document::otherChanged, this, [this] {
        const Document& now = m_session.document();
        m_commands->action(QStringLiteral("edit.compare"))->setText(!now.hasOther() ? tr("Compare A/B") : now.atB() ? tr("At B: see A") : tr("At A: see B"));
    });
    connect(&document, &Document::modifiedChanged, this, &MainWindow::showTitle);
    connect(&document, &Document::snapshotsChanged, this, [this] {
        QStringList names;
        for (const auto& snapshot : m_session.document().snapshots()) names << snapshot.name;
        m_history->setSnapshots(names);
    });
    connect(m_history, &HistoryPanel::snapshotWanted, this, [this] { m_commands->action(QStringLiteral("edit.snapshot"))->trigger(); });
    connect(m_history, &HistoryPanel::snapshotRestored, this, [this](int index) { m_session.document().restoreSnapshot(std::size_t(index)); });
    connect(m_history, &HistoryPanel::snapshotRemoved, this, [this](int index) { m_session.document().removeSnapshot(std::size_t(index)); });
    connect(m_start, &StartPanel::openClicked, this, &MainWindow::openDialog);
    connect(m_start, &StartPanel::demoClicked, this, &MainWindow::openDemo);
    connect(m_start, &StartPanel::recentClicked, &m_session, [this](const QString& path) { m_session.open(path); });
    for (EmptyState* state : {&m_layers->emptyState(), &m_inspector->emptyState()})
        connect(state, &EmptyState::actionClicked, this, [this] { Session::demoModel().isEmpty() ? openDialog() : openDemo(); });
    connect(m_log, &LogPanel::layerActivated, this, [this](const QString& name) {
        const auto& layers = m_session.document().model()->layers;
        for (std::size_t i = 0; i < layers.size(); ++i)
            if (layers[i].name == name.toStdString()) m_layers->select({i});
    });
    connect(m_runLanguage, &RunLanguageControl::layerWanted, m_log, &LogPanel::layerActivated);
}

void MainWindow::resizeEvent(QResizeEvent* event) {
    QMainWindow::resizeEvent(event);
    // A window that was small and grows again gives the table its share back.
    if (event->size().width() <= event->oldSize().width()) return;
    QMetaObject::invokeMethod(this, [this] {
        QDockWidget* layers = m_docks[QStringLiteral("layers")];
        const bool docked = layers->isVisible() && !layers->isFloating() && dockWidgetArea(layers) == Qt::LeftDockWidgetArea;
        if (docked && layers->width() < width() * 0.27) resizeDocks({layers}, {int(width() * (width() < 1500 ? 0.34 : 0.42))}, Qt::Horizontal);
    }, Qt::QueuedConnection);
}

void MainWindow::showEmptyStates() {
    const QString offer = Session::demoModel().isEmpty() ? tr("Open a model…") : tr("Open the demo");
    if (m_session.opening()) {
        m_layers->emptyState().show(QStringLiteral("layers"), tr("Reading…"), tr("The layers appear as soon as the file is read."));
    } else {
        m_layers->emptyState().show(QStringLiteral("layers"), tr("No layers yet"), tr("Drop a model here, or open the demo."), offer);
    }
    m_inspector->emptyState().show(QStringLiteral("target"), tr("Nothing to turn yet"), tr("Open a model and select layers: their number format, bits and ranges are turned here."));
    m_plots->emptyState().show(QStringLiteral("analyze"), tr("No layer selected"), tr("Select a layer on the left to see its weights and what quantization does to them."));
}

void MainWindow::showTitle() {
    if (m_project->isOpen()) {
        setWindowTitle(QStringLiteral("%1[*]%2 – Bitlathe").arg(QFileInfo(m_session.projectPath()).fileName(), m_project->readOnly() ? tr(" (read-only)") : QString()));
        setWindowModified(m_project->edited());
        return;
    }
    const QString file = m_session.modelPath().isEmpty() ? QString() : QFileInfo(m_session.modelPath()).fileName();
    const QString recipe = m_session.document().recipePath().isEmpty() ? QString() : QStringLiteral(" · ") + QFileInfo(m_session.document().recipePath()).fileName();
    setWindowTitle(file.isEmpty() ? QStringLiteral("Bitlathe") : QStringLiteral("%1%2[*] – Bitlathe").arg(file, recipe));
    setWindowModified(m_session.document().modified());
}

void MainWindow::openDemo() {
    const QString demo = Session::demoModel();
    if (!demo.isEmpty()) discardOr([this, demo] { m_session.open(demo); });
}

void MainWindow::openDialog() {
    discardOr([this] {
        const QString folder = QSettings().value(QStringLiteral("folders/models")).toString();
        QString models, each;
        for (const Format& format : formats()) {
            QString endings;
            for (const auto ending : format.extensions) endings += QStringLiteral(" *") + fromUtf8(ending);
            models += endings;
            each += QStringLiteral(";;%1 (%2)").arg(fromUtf8(format.label), endings.trimmed());
        }
        const QString path = QFileDialog::getOpenFileName(this, tr("Open a project, a model or a recipe"), folder,
                                                          tr("Projects, models and recipes (*.bitlathe %1 *.json)").arg(models.trimmed()) + tr(";;Projects (*.bitlathe)") + each + tr(";;Recipes (*.json);;All files (*)"));
        if (path.isEmpty()) return;
        QSettings().setValue(QStringLiteral("folders/models"), QFileInfo(path).path());
        m_session.open(path);
    });
}

// The only box that stops the hand: edits would be lost.
void MainWindow::discardOr(std::function<void()> next) {
    const bool project = m_project->isOpen() && !m_project->readOnly();
    // Results alone are saved without a question.
    if (project && !m_project->edited()) {
        m_project->saveThen(std::move(next));
        return;
    }
    if (!m_project->edited() && !m_session.document().modified()) return next();
    auto* box = new QMessageBox(QMessageBox::Warning, tr("Edits not saved"),
                                project ? tr("The project %1 has edits since its last save.").arg(QFileInfo(m_session.projectPath()).fileName())
                                        : tr("The recipe of %1 has edits that are not saved.").arg(QFileInfo(m_session.modelPath()).fileName()),
                                QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    const int answer = box->exec();
    if (project) {
        if (answer == QMessageBox::Save) m_project->saveThen(std::move(next));
        if (answer == QMessageBox::Discard && m_project->discard()) next();  // a failure has been said, and the edits stay
        return;
    }
    if (answer == QMessageBox::Save) m_commands->action(QStringLiteral("file.saveProject"))->trigger();
    if (answer == QMessageBox::Discard) next();
}

void MainWindow::closeEvent(QCloseEvent* event) {
    if (!m_mayClose) {
        // Saving goes on in the background, and closes the window when it is done.
        const auto asking = std::make_shared<bool>(true);
        discardOr([this, asking] {
            m_mayClose = true;
            if (!*asking) close();
        });
        *asking = false;
    }
    if (!m_mayClose) {
        event->ignore();
        return;
    }
    QSettings settings;
    settings.setValue(QStringLiteral("window/geometry"), saveGeometry());
    settings.setValue(QStringLiteral("window/layout"), saveState());
    settings.setValue(QStringLiteral("window/plots"), m_plots->page());
    m_session.jobs().stopAll();
    event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (!event->mimeData()->hasUrls()) return;
    event->acceptProposedAction();
    m_start->setDropping(true);
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent*) { m_start->setDropping(false); }

void MainWindow::dropEvent(QDropEvent* event) {
    m_start->setDropping(false);
    QStringList paths;
    for (const QUrl& url : event->mimeData()->urls())
        if (url.isLocalFile()) paths << url.toLocalFile();
    event->acceptProposedAction();
    openDropped(paths);
}

void MainWindow::openDropped(const QStringList& paths) {
    for (const QString& path : paths) {
        static const QStringList data = {QStringLiteral("npz"), QStringLiteral("npy"), QStringLiteral("h5"), QStringLiteral("hdf5")};
        // Samples go to where samples are used; everything else is a model or a recipe.
        if (m_session.document().model() && (data.contains(QFileInfo(path).suffix().toLower()) || QFileInfo(path).isDir())) {
            m_run->setDataset(path);
            m_docks[QStringLiteral("run")]->show();
            m_docks[QStringLiteral("run")]->raise();
        } else if (path.endsWith(QStringLiteral(".json"), Qt::CaseInsensitive)) {
            m_session.open(path);
        } else {
            discardOr([this, path] { m_session.open(path); });
        }
    }
}

}  // namespace bitlathe
