#include "app/open_project.h"

#include "core/project/report_record.h"
#include "core/workflow/project_model.h"
#include "core/workflow/report_cache.h"

#include <set>
#include <string>

namespace bitlathe {
namespace {

ReportSubject subjectOf(const Model& model, const std::string& identity, std::size_t layer, const Scheme& scheme) {
    return {identity, model.layers[layer].name, keyOf(scheme.weights)};
}

std::string numbered(std::size_t index, const char* folder = "evaluations/") {
    const std::string digits = std::to_string(index);
    return folder + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

}  // namespace

std::shared_ptr<const LayerReport> OpenProject::report(const Model& model, std::size_t layer, const Scheme& scheme) const {
    const std::string identity = lastingIdentity(model);
    if (identity.empty()) return nullptr;
    const ReportSubject subject = subjectOf(model, identity, layer, scheme);
    const std::string key = keyOf(subject);
    const auto useless = [&] {
        const std::lock_guard lock(m_uselessMutex);
        m_useless.insert(key);
        return nullptr;
    };
    try {
        if (!m_store->contains(key)) return nullptr;
        const auto node = m_store->find(key);
        auto report = node ? reportFrom(*node, subject) : std::nullopt;
        if (!report) return useless();
        report->layer = layer;
        report->scheme = scheme;
        return std::make_shared<const LayerReport>(std::move(*report));
    } catch (const Error&) {
        return useless();  // damaged: it is measured again
    }
}

void OpenProject::putReports(const ProjectContents& contents) {
    const Model& model = *contents.model;
    const std::string identity = lastingIdentity(model);
    if (identity.empty()) return;
    for (const auto& report : contents.reports) {
        if (!report->exact() || report->layer >= model.layers.size()) continue;
        const ReportSubject subject = subjectOf(model, identity, report->layer, report->scheme);
        const std::string key = keyOf(subject);
        bool again = false;
        {
            const std::lock_guard lock(m_uselessMutex);
            again = m_useless.erase(key) > 0;
        }
        if (again || !m_store->contains(key)) m_store->put(key, toNode(*report, subject));
    }
    // Every scheme that was ever looked at adds up: what neither the recipe nor a snapshot uses goes first.
    const std::size_t most = std::max<std::size_t>(256, 8 * model.layers.size());
    auto kept = m_store->keys("reports/");
    if (kept.size() <= most) return;
    std::set<std::string> used;
    std::vector<RecipePtr> recipes = {contents.state.recipe(), contents.state.first};
    for (const NamedRecipe& snapshot : contents.state.snapshots) recipes.push_back(snapshot.recipe);
    for (const RecipePtr& recipe : recipes) {
        const auto schemes = schemesFor(*recipe, model);
        for (std::size_t layer = 0; layer < schemes.size(); ++layer) used.insert(keyOf(subjectOf(model, identity, layer, schemes[layer])));
    }
    for (const std::string& key : kept)
        if (!used.contains(key)) m_store->erase(key);
}

void OpenProject::discard() {
    const std::lock_guard lock(m_mutex);
    ++m_epoch;
    m_store->discard();
    m_writer = std::make_unique<ProjectStateWriter>(*m_store);
}

void OpenProject::put(const ProjectContents& contents) {
    const std::lock_guard lock(m_mutex);
    if (contents.epoch != m_epoch) return;
    ProjectState state = contents.state;
    // A model that came out of the project itself keeps the name that it had.
    if (m_reference.sha256.empty() || m_reference.sha256 != contents.model->sha256) m_reference = referenceTo(*contents.model);
    state.model = m_reference;
    m_writer->put(state);
    putReports(contents);
    for (std::size_t i = 0; i < contents.evaluations.size(); ++i) m_store->put(numbered(i), toNode(*contents.evaluations[i]));
    for (const std::string& key : m_store->keys("evaluations/"))
        if (key >= numbered(contents.evaluations.size())) m_store->erase(key);
    constexpr const char* kTexts = "text_evaluations/";
    for (std::size_t i = 0; i < contents.textEvaluations.size(); ++i) m_store->put(numbered(i, kTexts), toNode(*contents.textEvaluations[i]));
    for (const std::string& key : m_store->keys(kTexts))
        if (key >= numbered(contents.textEvaluations.size(), kTexts)) m_store->erase(key);
    if (!contents.importance) {
        m_store->erase("importance");
        m_importance.clear();
    } else if (m_importance != contents.importance->identity || !m_store->contains("importance")) {
        m_store->put("importance", toNode(contents.importance->kept));
        m_importance = contents.importance->identity;
    }
}

}  // namespace bitlathe
