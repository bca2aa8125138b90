// A model being worked on: opening it, its recipe as a file, recent files, what changed on disk. Owns
// the document, the analysis and the jobs. Knows no widgets.
#pragma once

#include "app/analysis.h"
#include "app/document.h"
#include "app/importance_in_use.h"
#include "app/jobs.h"
#include "app/open_project.h"
#include "app/resources.h"
#include "app/weight_focus.h"

#include <QFileSystemWatcher>
#include <QObject>
#include <QStringList>
#include <memory>

namespace bitlathe {

class Session : public QObject {
    Q_OBJECT
public:
    explicit Session(const Resources& resources, QObject* parent = nullptr);
    ~Session() override;

    // Files of any kind: a model, a recipe (.json). Loads in the background; the open model stays until then.
    void open(const QString& path);
    void openModel(const QString& path, bool reload = false);
    void loadRecipe(const QString& path);
    void readLevels(const QString& path);  // a table of one's own; ends in levelsRead() or refused()
    void saveRecipe(const QString& path);

    // A project whose model is gone, with the model from elsewhere.
    void openProject(const QString& path, const QString& modelInstead);
    // Null without one. For jobs; the shelf is for functions that outlive a project.
    std::shared_ptr<OpenProject> project() const { return m_project.get(); }
    void setProject(std::shared_ptr<OpenProject> project, const QString& path);
    const QString& projectPath() const { return m_projectPath; }  // empty: none
    void remember(const QString& path);  // in the list of recent files

    bool opening() const { return !m_openingPath.isEmpty(); }
    const QString& openingPath() const { return m_openingPath; }
    const QString& modelPath() const { return m_modelPath; }  // empty: none
    // Operators that the engine lacks, with the first node that needs each; empty: the model runs.
    const std::vector<std::string>& missingOperators() const { return m_missing; }
    // A sentence for people; empty: the model runs, as a graph or as a language model.
    const QString& whyNotRun() const { return m_whyNotRun; }

    QStringList recentFiles() const;
    void forgetRecent();
    // The demo that ships, beside the program or in the source tree; empty when it is not installed.
    static QString demoModel();
    static QString demoFile(const QString& name);

    // How much the columns of weights matter; null: all alike. Reports, patches, exports and runs obey it.
    // The same file is read again: what was measured of it stays, and says itself whether it is old.
    bool reloading() const { return m_reloading; }
    ImportancePtr importance() const { return m_importance.get(); }
    void setImportance(ImportancePtr importance);

    Document& document() { return m_document; }
    Analysis& analysis() { return m_analysis; }
    Jobs& jobs() { return m_jobs; }
    ReportCache& cache() { return m_cache; }
    WeightFocus& focus() { return m_focus; }  // what is picked out of the layer looked at
    const Resources& resources() const { return m_resources; }

signals:
    void openingChanged();
    void projectOpened(const bitlathe::ProjectState& state, const QString& note);  // after opened()
    void projectChanged();
    void importanceChanged();
    void projectModelGone(const QString& project, const QString& message);
    void opened();
    void levelsRead(const QString& text, const QString& name);
    void refused(const QString& path, const QString& message);  // a model or recipe could not be read
    void changedOnDisk(const QString& path);
    void saved(const QString& path);
    void happened(const QString& text);  // for the log
    void recentChanged();

private:
    struct Loaded {
        std::shared_ptr<const Model> model;
        std::vector<std::string> missing;
        QString whyNotRun;
        std::shared_ptr<OpenProject> project;
        ProjectState state;
        std::string note;
        bool modelGone = false;
    };
    void load(const QString& path, const QString& modelInstead, bool reload);
    void watch(const QString& path);
    void modelLoaded(const QString& path, bool reload, Outcome<Loaded> outcome);

    Resources m_resources;
    ReportCache m_cache;
    ProjectShelf m_project;
    ImportanceShelf m_importance;
    bool m_reloading = false;
    // Goes after the members that ask for jobs, which stop them, and before what those jobs read.
    struct Drained {
        JobRunner& runner;
        ~Drained() { runner.drain(); }
    } m_drained{m_resources.runner};
    QString m_projectPath;
    Jobs m_jobs;
    Document m_document;
    Analysis m_analysis;
    WeightFocus m_focus;
    JobSlot<Loaded> m_load;
    JobSlot<Recipe> m_recipe;
    JobSlot<std::string> m_levels;
    JobSlot<int> m_save;
    int m_loadJob = 0;
    QString m_openingPath, m_modelPath, m_recipeAfterOpening;
    std::vector<std::string> m_missing;
    QString m_whyNotRun;
    QFileSystemWatcher m_watcher;
};

}  // namespace bitlathe
