// The importance of a language model's columns, in the window: collecting it from a text as a job, llama.cpp's files in and out, and what the session
// works with. Knows no widgets but its panel.
#pragma once

#include "app/importance_in_use.h"
#include "app/session.h"
#include "core/base/job_runner.h"

#include <QObject>
#include <memory>

namespace bitlathe {

class RunLanguagePanel;

class ImportanceControl : public QObject {
    Q_OBJECT
public:
    ImportanceControl(Session& session, RunLanguagePanel& panel, QObject* parent = nullptr);
    ~ImportanceControl() override;

    // From the whole text, or its first windows: what was read by a stop counts, and is marked.
    void collect(const QString& text);
    void stop();
    void openFile(const QString& path);
    void saveFile(const QString& path);
    void forget();
    bool running() const { return m_job != 0; }
    // What a project held.
    void restore(KeptImportance kept);
    // It is of another model than the open one.
    bool stale() const;

signals:
    void finished();

private:
    void show();
    void run(const QString& title, std::function<std::shared_ptr<const KeptImportance>(JobContext&)> work);

    Session& m_session;
    RunLanguagePanel& m_panel;
    JobSlot<std::shared_ptr<const KeptImportance>> m_slot;
    JobSlot<int> m_save;
    int m_job = 0;
};

}  // namespace bitlathe
