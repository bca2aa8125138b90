// Measures the open language model on a text: jobs, results as they come, the recipe's KV cache, and what a project keeps of it. Knows no widgets but
// its panel.
#pragma once

#include "app/importance_in_use.h"
#include "app/session.h"
#include "core/base/job_runner.h"
#include "core/workflow/text_evaluation_record.h"
#include "widgets/panels/run_language_panel.h"

#include <QObject>
#include <memory>
#include <optional>
#include <vector>

namespace bitlathe {

struct LanguageSpec;
class PlaygroundShelf;

class RunLanguageControl : public QObject {
    Q_OBJECT
public:
    RunLanguageControl(Session& session, RunLanguagePanel& panel, QObject* parent = nullptr);
    ~RunLanguageControl() override;

    // The open model is a language model that runs here: its page is the one to show.
    bool takes() const { return m_spec && m_runs; }
    void start();
    void stop();
    bool running() const { return m_job != 0; }
    void setText(const QString& path) { m_panel.setTextFile(path); }
    QString text() const { return m_panel.textFile(); }
    void openPanel() { m_panel.focusStart(); }
    void chooseText();

    // All that are shown, newest first; for the project.
    const std::vector<std::shared_ptr<const KeptTextEvaluation>>& evaluations() const { return m_kept; }
    void restore(const std::vector<KeptTextEvaluation>& evaluations);

    struct Carried {
        double db = 0;
        QString measuredOn;
        bool stale = false;
    };
    std::optional<Carried> carriedSqnr(const std::string& layer) const;  // of the result that is shown

signals:
    void finished();
    void resultChanged();
    void layerWanted(const QString& name);

private:
    void modelChanged();
    void recipeChanged();
    void refresh();
    void showCache();
    void editCache(bool keys, const QString& line);
    void put(KeptTextEvaluation kept, bool running);
    void showResults();
    TextRunResult resultOf(const KeptTextEvaluation& kept) const;
    bool isStale(const KeptTextEvaluation& kept) const;

    Session& m_session;
    RunLanguagePanel& m_panel;
    JobSlot<std::shared_ptr<const KeptTextEvaluation>> m_slot;
    Post m_post;
    int m_job = 0;
    std::uint64_t m_run = 0;
    std::unique_ptr<LanguageSpec> m_spec;  // of the open model; null: no language model
    bool m_runs = false;
    std::vector<std::shared_ptr<const KeptTextEvaluation>> m_kept;
    std::shared_ptr<const KeptTextEvaluation> m_partial;  // of the run in progress
    int m_shown = -1;
    std::unique_ptr<PlaygroundShelf> m_shelf;
};

}  // namespace bitlathe
