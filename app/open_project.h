// The project file that the session works in, as jobs share it. Knows no windows.
#pragma once

#include "app/importance_in_use.h"
#include "core/metrics/layer_report.h"
#include "core/model/model.h"
#include "core/project/project_state.h"
#include "core/project/project_store.h"
#include "core/workflow/evaluation_record.h"
#include "core/workflow/text_evaluation_record.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace bitlathe {

// What is to go into the project, taken on the UI thread: cheap, for it is shared.
struct ProjectContents {
    std::uint64_t epoch = 0;  // OpenProject::epoch() when it was taken
    std::shared_ptr<const Model> model;
    ProjectState state;
    std::vector<std::shared_ptr<const LayerReport>> reports;
    std::vector<std::shared_ptr<const KeptEvaluation>> evaluations;  // all that are shown
    std::vector<std::shared_ptr<const KeptTextEvaluation>> textEvaluations;
    ImportancePtr importance;
};

// Any thread may call it, but not the UI's: the store may be busy for as long as a save takes.
class OpenProject {
public:
    explicit OpenProject(std::shared_ptr<ProjectStore> store, ModelReference reference)
        : m_store(std::move(store)), m_writer(std::make_unique<ProjectStateWriter>(*m_store)), m_reference(std::move(reference)) {}

    ProjectStore& store() const { return *m_store; }
    const std::shared_ptr<ProjectStore>& sharedStore() const { return m_store; }
    // Into the store, where it differs from what stands there. The caller flushes or saves. What was taken before
    // a discard() is passed over: a late autosave must not bring it back.
    void put(const ProjectContents& contents);
    // Back to the last save, on the disk too.
    void discard();
    std::uint64_t epoch() const noexcept { return m_epoch; }
    // An exact report that was made of this layer of this model under this scheme, in any session before.
    std::shared_ptr<const LayerReport> report(const Model& model, std::size_t layer, const Scheme& scheme) const;

private:
    void putReports(const ProjectContents& contents);
    // Records that stand under the right key and are of no use: the next report takes their place.
    mutable std::mutex m_uselessMutex;
    mutable std::set<std::string> m_useless;
    std::shared_ptr<ProjectStore> m_store;
    std::mutex m_mutex;  // of the writer, held while contents go in or are dropped
    std::unique_ptr<ProjectStateWriter> m_writer;
    std::atomic<std::uint64_t> m_epoch = 0;
    std::string m_importance;    // identity of what stands in the store
    ModelReference m_reference;  // as the project says it
};

// Where the jobs find the open project; empty without one.
class ProjectShelf {
public:
    std::shared_ptr<OpenProject> get() const {
        const std::lock_guard lock(m_mutex);
        return m_project;
    }
    void set(std::shared_ptr<OpenProject> project) {
        const std::lock_guard lock(m_mutex);
        m_project.swap(project);
    }

private:
    mutable std::mutex m_mutex;
    std::shared_ptr<OpenProject> m_project;
};

}  // namespace bitlathe
