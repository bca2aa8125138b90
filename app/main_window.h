// The window: docks, menus, and the wires between the session and the panels. Every change goes through
// the document; every figure comes from the analysis.
#pragma once

#include "app/explaining.h"
#include "app/layer_editing.h"
#include "app/session.h"
#include "app/size_curves.h"
#include "widgets/canvas/canvas.h"
#include "widgets/plots/intent.h"

#include <QMainWindow>
#include <map>
#include <memory>

class QComboBox;
class QDockWidget;
class QLabel;
class QMenu;
class QStackedWidget;
class QToolButton;

namespace bitlathe {

class Commands;
class DuelControl;
class DuelPanel;
class ExportControl;
class ExportPanel;
class HistoryPanel;
class InspectorPanel;
class JobBar;
class LayerTableModel;
class LayersPanel;
class LogPanel;
class MessageStrip;
class PaletteBox;
class PlaygroundControl;
class PlaygroundPanel;
class PlotScene;
class PlotsPanel;
class ProjectControl;
class ImportanceControl;
class RunControl;
class RunLanguageControl;
class RunLanguagePanel;
class RunPanel;
class StartPanel;
class TotalsBar;

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    MainWindow(Session& session, CanvasRenderer renderer);
    ~MainWindow() override;

    Session& session() { return m_session; }
    Commands& commands() { return *m_commands; }
    LayerEditing& editing() { return *m_editing; }
    LayersPanel& layers() { return *m_layers; }
    InspectorPanel& inspector() { return *m_inspector; }
    PlotsPanel& plots() { return *m_plots; }
    RunControl& run() { return *m_run; }
    RunLanguageControl& runLanguage() { return *m_runLanguage; }
    ImportanceControl& importance() { return *m_importance; }
    ExportControl& exporting() { return *m_exporting; }
    DuelControl& duel() { return *m_duel; }
    DuelPanel& duelPanel() { return *m_duelPanel; }
    MessageStrip& messages() { return *m_message; }
    ProjectControl& project() { return *m_project; }

    void openDemo();
    // window_playground.cpp
    void openLanguageDemo();
    void openPlayground();
    PlaygroundControl& playground() { return *m_playground; }
    PlaygroundPanel& playgroundPanel() { return *m_playgroundPanel; }
    void resetLayout();

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    bool eventFilter(QObject* object, QEvent* event) override;
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    // main_window.cpp
    void buildDocks();
    void dressTabBars();
    void connectSession();
    void restoreLayout();
    void openDialog();
    void openDropped(const QStringList& paths);
    void discardOr(std::function<void()> next);
    void showTitle();
    void showEmptyStates();
    // window_commands.cpp
    void addCommands();
    void addEditCommands();
    void addViewCommands();
    void add(const QString& id, const QString& category, const QString& text, const QString& icon, const QKeySequence& key,
             std::function<void()> run, const QString& tip = {}, std::function<QString()> commandLine = {});
    QString commandLine(const QString& verb) const;
    QString reportText() const;  // facts for an issue: no weights, no data
    void enableCommands();
    // window_project.cpp
    void connectProject();
    void addProjectCommands();
    void saveProject(std::function<void()> then = {});
    void saveProjectAs(std::function<void()> then = {});
    void sayReadOnly();
    // window_bars.cpp
    void buildMenus();
    void buildToolBar();
    void fillRecent();
    void fillPresets();
    void showJobs();
    void showTotals();
    void openPalette();
    void openKeyList();
    void openSchemeMenu(QPoint at);
    // window_figures.cpp
    void connectEditing();
    void selectionChanged();
    void recipeChanged();
    void reportsArrived(const std::vector<ReportPtr>& reports);
    void showSubject();
    void showReport();
    void showEffect();
    void showCarried();
    void askForCurves();
    void showCurves();
    void askForExplanation();
    void showGhosts(const std::vector<Scheme>& schemes);
    void plotIntent(const PlotIntent& intent);
    void setShowFloat(bool on);
    // window_weights.cpp
    void connectWeights();
    void focusLayer();
    void weightIntent(const PlotIntent& intent);
    std::optional<std::int64_t> pickedWeight() const;  // in the file's order
    void connectDuel();
    void connectPlayground();  // window_playground.cpp
    void sayLanguage();
    void askForLevels(bool duel);  // a file for the inspector's editor, or for the duel's

    Session& m_session;
    Commands* m_commands;
    LayerEditing* m_editing;
    LayerTableModel* m_table;
    LayersPanel* m_layers;
    InspectorPanel* m_inspector;
    PlotsPanel* m_plots;
    StartPanel* m_start;
    HistoryPanel* m_history;
    LogPanel* m_log;
    RunPanel* m_runPanel;
    RunControl* m_run;
    RunLanguagePanel* m_runLanguagePanel;
    RunLanguageControl* m_runLanguage;
    ImportanceControl* m_importance;
    QStackedWidget* m_runPages;  // of networks on data, of language models on text
    ExportPanel* m_exportPanel;
    ExportControl* m_exporting;
    ProjectControl* m_project;
    DuelPanel* m_duelPanel;
    DuelControl* m_duel;
    PlaygroundPanel* m_playgroundPanel;
    PlaygroundControl* m_playground;
    MessageStrip* m_message;
    JobBar* m_jobBar;
    TotalsBar* m_totals;
    PaletteBox* m_palette = nullptr;
    QStackedWidget* m_centre;
    QMenu* m_recentMenu = nullptr;
    QComboBox* m_presets = nullptr;
    QToolButton* m_themeButton = nullptr;
    Canvas* m_curveCanvas;
    std::unique_ptr<PlotScene> m_curveScene;
    std::map<QString, QDockWidget*> m_docks;
    QByteArray m_deliveredLayout;
    SizeCurves m_curves;
    Explaining* m_explaining;
    std::map<std::size_t, ReportPtr> m_before;  // by layer: as it was before the last step
    bool m_showFloat = false;
    bool m_levelsForDuel = false;
    QString m_lastMessage;
    bool m_mayClose = false;  // everything is saved, or was given up
};

}  // namespace bitlathe
