// The project file in the window: its commands, and what it has to say.
#include "app/commands.h"
#include "app/main_window.h"
#include "app/project_control.h"
#include "app/run_control.h"
#include "widgets/models/figures.h"
#include "widgets/panels/layers_panel.h"
#include "widgets/panels/message_strip.h"

#include <QAction>
#include <QDir>
#include <QDockWidget>
#include <QFileDialog>
#include <QFileInfo>

namespace bitlathe {

void MainWindow::connectProject() {
    m_project->setWindow([this] { return ProjectControl::WindowPart{saveState(), m_layers->selected()}; });
    connect(m_project, &ProjectControl::changed, this, [this] {
        showTitle();
        QAction* embed = m_commands->action(QStringLiteral("file.embedProjectModel"));
        embed->setChecked(m_project->embedsModel());
        sayReadOnly();
    });
    connect(m_project, &ProjectControl::saved, this, [this](const QString& path) {
        m_lastMessage = tr("Saved %1").arg(QFileInfo(path).fileName());
        showJobs();
    });
    connect(m_project, &ProjectControl::failed, this, [this](const QString& message) {
        emit m_session.happened(message);
        m_message->show(MessageStrip::Level::Refusal, message, {{tr("Save in another place…"), [this] { saveProjectAs(); }}});
    });
    connect(m_project, &ProjectControl::restored, this, [this](const QByteArray& layout, const std::vector<std::size_t>& selected) {
        if (!layout.isEmpty()) restoreState(layout);
        if (!selected.empty()) m_layers->select(selected);
    });
    connect(m_project, &ProjectControl::interrupted, this, [this](qint64 samples, qint64 of, const QString& data) {
        m_message->show(MessageStrip::Level::Note, tr("A calibration on %1 was interrupted at sample %2 of %3.").arg(QFileInfo(data).fileName(), exactCountText(samples), exactCountText(of)),
                        {{tr("Continue"), [this] { m_message->hide(); m_run->calibrate(); }}, {tr("Forget it"), [this] { m_message->hide(); m_project->forgetInterrupted(); }}});
    });
    connect(m_project, &ProjectControl::recoverable, this, [this](int steps) {
        m_message->show(MessageStrip::Level::Warning, tr("Bitlathe ended without a save the last time this model was open: %1 can be restored.").arg(counted(steps, tr("1 step"), tr("%1 steps"))),
                        {{tr("Restore"), [this] { m_message->hide(); m_project->takeRecovered(); }}, {tr("Forget"), [this] { m_message->hide(); m_project->forgetRecovered(); }}});
    });
    connect(&m_session, &Session::projectOpened, this, [this](const ProjectState&, const QString& note) {
        if (note.isEmpty()) return;
        emit m_session.happened(note);
        m_message->show(MessageStrip::Level::Warning, note);
    });
    connect(&m_session, &Session::projectModelGone, this, [this](const QString& project, const QString& message) {
        m_message->show(MessageStrip::Level::Refusal, message, {{tr("Say where it is…"), [this, project] {
                            const QString path = QFileDialog::getOpenFileName(this, tr("The model of %1").arg(QFileInfo(project).fileName()), QFileInfo(project).path());
                            if (!path.isEmpty()) m_session.openProject(project, path);
                        }}});
    });
}

void MainWindow::sayReadOnly() {
    if (!m_project->readOnly()) return;
    m_message->show(MessageStrip::Level::Warning, tr("This project is read-only: %1. Save it under another name to keep edits.").arg(m_project->whyReadOnly()),
                    {{tr("Save as…"), [this] { saveProjectAs(); }}});
}

void MainWindow::addProjectCommands() {
    const QString file = tr("File");
    add(QStringLiteral("file.newProject"), file, tr("New project"), {}, QKeySequence(Qt::CTRL | Qt::ALT | Qt::Key_N), [this] {
        const auto model = m_session.document().model();
        if (!model) return;
        discardOr([this, model] {
            m_project->close();
            const Preset* preset = findPreset("int8");
            m_session.document().open(model, preset ? preset->recipe : Recipe{});
            showTitle();
        });
    }, tr("Begins again with the open model: a new history, and no project file until it is saved"));
    add(QStringLiteral("file.saveProject"), file, tr("Save the project"), QStringLiteral("save"), QKeySequence(Qt::CTRL | Qt::Key_S), [this] { saveProject(); },
        tr("Recipe, history, snapshots, calibration and results in one file. In between it is kept up to date every few seconds"));
    add(QStringLiteral("file.saveProjectAs"), file, tr("Save the project as…"), QStringLiteral("save"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_S), [this] { saveProjectAs(); });
    add(QStringLiteral("file.embedProjectModel"), file, tr("Keep the model in the project"), {}, {}, [this] {
        if (m_project->isOpen() && !m_project->readOnly()) m_project->embedModel(!m_project->embedsModel());
        else saveProjectAs([this] { m_project->embedModel(true); });
        m_commands->action(QStringLiteral("file.embedProjectModel"))->setChecked(m_project->embedsModel());
    }, tr("The project file then holds the model's file too, and can be carried elsewhere alone"));
    QAction* embed = m_commands->action(QStringLiteral("file.embedProjectModel"));
    embed->setCheckable(true);
}

void MainWindow::saveProject(std::function<void()> then) {
    if (!m_session.document().model()) return;
    if (m_project->saving() || (m_project->isOpen() && !m_project->readOnly())) m_project->save(std::move(then));
    else saveProjectAs(std::move(then));
}

void MainWindow::saveProjectAs(std::function<void()> then) {
    if (!m_session.document().model()) return;
    const QFileInfo from(m_project->isOpen() ? m_session.projectPath() : m_session.modelPath());
    const QString path = QFileDialog::getSaveFileName(this, tr("Save the project"), from.dir().filePath(from.completeBaseName() + QStringLiteral(".bitlathe")), tr("Projects (*.bitlathe)"));
    if (path.isEmpty()) return;
    m_project->saveAs(QFileInfo(path).suffix().isEmpty() ? path + QStringLiteral(".bitlathe") : path, std::move(then));
}

}  // namespace bitlathe
