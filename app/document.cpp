#include "app/document.h"

#include "core/workflow/cache_size.h"

#include <QUndoCommand>

namespace bitlathe {

namespace {

// Of the weights and of the KV cache.
std::vector<Issue> issuesOf(const Recipe& recipe, const Model& model) {
    std::vector<Issue> issues = validate(recipe, model);
    for (Issue& issue : cacheIssues(recipe, model)) issues.push_back(std::move(issue));
    return issues;
}

}  // namespace

// The only command there is: the recipe before and after.
class Document::RecipeCommand : public QUndoCommand {
public:
    RecipeCommand(Document& document, RecipePtr before, RecipePtr after, const QString& text, Gesture gesture)
        : QUndoCommand(text), m_document(document), m_before(std::move(before)), m_after(std::move(after)), m_gesture(gesture) {}

    void undo() override { m_document.setRecipe(*m_before); }
    void redo() override { m_document.setRecipe(*m_after); }
    const RecipePtr& after() const { return m_after; }
    int id() const override { return m_gesture == kNoGesture ? -1 : 1; }
    bool mergeWith(const QUndoCommand* next) override {
        const auto* other = static_cast<const RecipeCommand*>(next);
        if (other->m_gesture != m_gesture) return false;
        m_after = other->m_after;
        setText(other->text());
        setObsolete(*m_after == *m_before);  // dragged there and back
        return true;
    }

private:
    Document& m_document;
    RecipePtr m_before, m_after;
    Gesture m_gesture;
};

Document::Document(QObject* parent) : QObject(parent) {
    connect(&m_history, &QUndoStack::cleanChanged, this, [this] { emit modifiedChanged(modified()); });
}

void Document::open(std::shared_ptr<const Model> model, Recipe recipe) {
    m_model = std::move(model);
    m_recipePath.clear();
    m_snapshots.clear();
    m_other.reset();
    m_atB = false;
    m_history.clear();
    m_history.setClean();
    m_recipe = std::move(recipe);
    m_first = std::make_shared<const Recipe>(m_recipe);
    m_schemes = m_model ? schemesFor(m_recipe, *m_model) : std::vector<Scheme>{};
    m_issues = m_model ? issuesOf(m_recipe, *m_model) : std::vector<Issue>{};
    emit modelChanged();
    emit recipeChanged();
    emit snapshotsChanged();
    emit otherChanged();
    emit modifiedChanged(false);
}

void Document::restore(const ProjectState& state) {
    m_restoring = true;  // commands change nothing while they are put in their places
    m_history.clear();
    m_first = state.first;
    RecipePtr before = m_first;
    for (const HistoryStep& step : state.steps) {
        m_history.push(new RecipeCommand(*this, before, step.recipe, QString::fromStdString(step.label), kNoGesture));
        before = step.recipe;
    }
    m_history.setIndex(int(state.position));
    m_history.setClean();
    m_restoring = false;
    m_gestureOfLast = kNoGesture;
    m_snapshots.clear();
    for (const NamedRecipe& snapshot : state.snapshots) m_snapshots.push_back({QString::fromStdString(snapshot.name), *snapshot.recipe});
    m_other = state.aside ? std::optional(*state.aside) : std::nullopt;
    m_atB = state.atB;
    setRecipe(*state.recipe());
    emit snapshotsChanged();
    emit otherChanged();
    emit modifiedChanged(modified());
}

std::vector<HistoryStep> Document::steps() const {
    std::vector<HistoryStep> steps;
    for (int i = 0; i < m_history.count(); ++i) steps.push_back({m_history.text(i).toStdString(), static_cast<const RecipeCommand*>(m_history.command(i))->after()});
    return steps;
}

void Document::replaceModel(std::shared_ptr<const Model> model) {
    m_model = std::move(model);
    m_schemes = schemesFor(m_recipe, *m_model);
    m_issues = issuesOf(m_recipe, *m_model);
    emit modelChanged();
    emit recipeChanged();
}

void Document::edit(Recipe after, const QString& text, Gesture gesture) {
    if (!m_model || after == m_recipe) return;
    m_continues = gesture != kNoGesture && gesture == m_gestureOfLast && m_history.canUndo();
    m_gestureOfLast = gesture;
    const int done = m_history.index();
    RecipePtr before = done > 0 ? static_cast<const RecipeCommand*>(m_history.command(done - 1))->after() : m_first;
    m_history.push(new RecipeCommand(*this, std::move(before), std::make_shared<const Recipe>(std::move(after)), text, gesture));
    m_continues = false;
}

void Document::setRecipe(const Recipe& recipe) {
    if (m_restoring) return;
    m_recipe = recipe;
    m_schemes = schemesFor(m_recipe, *m_model);
    m_issues = issuesOf(m_recipe, *m_model);
    emit recipeChanged();
}

void Document::takeSnapshot(const QString& name) {
    m_snapshots.push_back({name, m_recipe});
    emit snapshotsChanged();
}

void Document::removeSnapshot(std::size_t index) {
    if (index >= m_snapshots.size()) return;
    m_snapshots.erase(m_snapshots.begin() + std::ptrdiff_t(index));
    emit snapshotsChanged();
}

void Document::restoreSnapshot(std::size_t index) {
    if (index < m_snapshots.size()) edit(m_snapshots[index].recipe, tr("Snapshot “%1”").arg(m_snapshots[index].name));
}

void Document::toggleAB() {
    if (!m_model) return;
    const Recipe aside = m_other.value_or(m_recipe);
    m_other = m_recipe;
    m_atB = !m_atB;
    edit(aside, m_atB ? tr("Switch to B") : tr("Switch to A"));
    emit otherChanged();
}

void Document::markSaved(const QString& path) {
    m_recipePath = path;
    m_history.setClean();
    emit modifiedChanged(modified());
}

void setLayer(Recipe& recipe, const Model& model, std::size_t layer, const Scheme& scheme) {
    const std::string& name = model.layers[layer].name;
    recipe.layers.erase(name);
    if (schemeFor(recipe, model, layer) != scheme) recipe.layers[name] = scheme;
}

Recipe withoutLayers(const Recipe& recipe, const Model& model, const std::vector<std::size_t>& layers) {
    Recipe after = recipe;
    for (std::size_t layer : layers) after.layers.erase(model.layers[layer].name);
    return after;
}

}  // namespace bitlathe
