// The project file for the window: autosave, save, save as, and what is taken up again when one is opened. Knows
// no widgets but those that hold its settings.
#pragma once

#include "app/open_project.h"
#include "core/base/job_runner.h"
#include "core/workflow/kept_calibration.h"

#include <QByteArray>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QTimer>
#include <functional>
#include <mutex>
#include <optional>

namespace bitlathe {

class ExportControl;
class ImportanceControl;
class RunControl;
class RunLanguageControl;
class Session;

class ProjectControl : public QObject {
    Q_OBJECT
public:
    // What only the window knows.
    struct WindowPart {
        QByteArray layout;
        std::vector<std::size_t> selected;
    };
    ProjectControl(Session& session, RunControl& run, RunLanguageControl& text, ImportanceControl& importance, ExportControl& exporting, QObject* parent = nullptr);
    ~ProjectControl() override;
    void setWindow(std::function<WindowPart()> capture) { m_window = std::move(capture); }

    bool isOpen() const;
    bool readOnly() const { return !m_whyReadOnly.isEmpty(); }
    const QString& whyReadOnly() const { return m_whyReadOnly; }  // a clause
    // Whether there are edits by hand since the last save; results alone do not count.
    bool edited() const;

    bool saving() const { return m_save.running(); }

    // In the background; `then` when it is on the disk. Failures come in failed(). While another save runs, it is
    // remembered and done after that one, with what is there then.
    void save(std::function<void()> then = {});
    void saveAs(const QString& path, std::function<void()> then = {});
    // Before something else is opened or the window closes: everything to the disk in the background, then `next`. It is
    // not called where the save fails (failed() says why), where the save's job is stopped, or
    // where there were new edits meanwhile; the save itself ends in order.
    void saveThen(std::function<void()> next);
    // The same at once, for who has no window to wait in. False, after failed(), when that does not go.
    bool saveNow();
    // Back to the last save, on the disk. False, after failed(), when that does not go: then nothing was dropped.
    bool discard();
    // The project is left as it was last saved; the model stays open.
    void close();
    // The model's bytes in the project, from the next save on; or not any more.
    void embedModel(bool embedded);
    bool embedsModel() const { return m_embeds; }
    void forgetInterrupted();
    // Edits of a model without a project are kept too, in the user's data folder, until the program ends in order.
    // What a crash left there: takes it up, as edits that are not saved; or drops it.
    void takeRecovered();
    void forgetRecovered();

signals:
    void recoverable(int steps);
    void changed();  // name, read-only or edited
    void saved(const QString& path);
    void failed(const QString& message);
    void restored(const QByteArray& layout, const std::vector<std::size_t>& selected);
    void interrupted(qint64 samples, qint64 of, const QString& data);  // a calibration; run.calibrate() goes on

private:
    struct Looked {  // at an opened project, on a worker
        std::vector<KeptEvaluation> evaluations;
        std::vector<KeptTextEvaluation> textEvaluations;
        std::optional<KeptImportance> importance;
        std::optional<InterruptedCalibration> interrupted;
        std::string whyReadOnly;
        bool recovered = false, embeds = false;
    };
    struct Recovered {
        std::shared_ptr<ProjectStore> store;  // its lock is held
        ProjectState state;
    };
    // Shared with the job that writes it, which may still be at it when it is dropped.
    struct Recovery {
        std::mutex mutex;
        std::shared_ptr<OpenProject> project;
        bool dropped = false;
    };
    QString recoveryStem() const;
    void lookForRecovered();
    void keepForRecovery();
    void dropRecovery();
    static void removeProject(const ProjectStore& store);
    ProjectContents capture();
    void opened(const ProjectState& state);
    void looked(Looked looked);
    void soon();
    void autosave();
    // True when a save is running: then it is done after that one, if the project is still the same.
    bool waits(std::function<void()> then);
    void goOn();
    void store(std::function<void(OpenProject&)> write, const QString& path, std::function<void()> then, const ProjectContents& contents, std::function<void()> stopped = [] {});

    Session& m_session;
    RunControl& m_run;
    RunLanguageControl& m_text;
    ImportanceControl& m_importance;
    ExportControl& m_exporting;
    std::function<WindowPart()> m_window;
    JobSlot<int> m_autosave, m_save;
    JobSlot<Looked> m_look;
    JobSlot<int> m_keep;
    JobSlot<std::optional<Recovered>> m_lookForRecovered;
    std::shared_ptr<Recovery> m_recovery = std::make_shared<Recovery>();  // of the open model, while it has no project
    std::optional<Recovered> m_recovered;
    std::shared_ptr<ProjectStore> m_taken;  // what was recovered, until it is kept anew
    std::vector<std::function<void()>> m_waiting;  // for the running save
    QTimer m_soon;
    std::vector<std::shared_ptr<const LayerReport>> m_reports;  // not handed to the store yet
    QString m_whyReadOnly, m_lastFailure;
    std::vector<std::function<void()>> m_afterNextSave;  // of who asked while one ran
    bool m_saveAgain = false;
    bool m_snapshotsEdited = false, m_embeds = false;
};

}  // namespace bitlathe
