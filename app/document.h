// The one thing that changes: the recipe being edited, with its history, snapshots and the file it was
// saved to. Knows no widgets, no files and no analysis: it says recipeChanged and others act.
#pragma once

#include "core/model/model.h"
#include "core/project/project_state.h"
#include "core/quant/recipe.h"

#include <QObject>
#include <QString>
#include <QUndoStack>
#include <memory>
#include <optional>
#include <vector>

namespace bitlathe {

class Document : public QObject {
    Q_OBJECT
public:
    struct Snapshot {
        QString name;
        Recipe recipe;
    };
    // Edits that carry the same gesture, one after the other, are one step of the history.
    using Gesture = quint64;
    static constexpr Gesture kNoGesture = 0;

    explicit Document(QObject* parent = nullptr);

    // Another model: history and snapshots start anew, the recipe counts as saved.
    void open(std::shared_ptr<const Model> model, Recipe recipe);
    // Takes up a history that was kept: the steps, how many of them are done, snapshots, A and B. Counts as saved.
    void restore(const ProjectState& state);
    // The history as it is kept: the recipe before the first step, and after each. Recipes are shared, so that
    // equal addresses are equal recipes.
    const RecipePtr& first() const { return m_first; }
    std::vector<HistoryStep> steps() const;
    const std::optional<Recipe>& other() const { return m_other; }
    // The same network read again (its file changed on disk): recipe and history stay.
    void replaceModel(std::shared_ptr<const Model> model);

    const std::shared_ptr<const Model>& model() const { return m_model; }
    const Recipe& recipe() const { return m_recipe; }
    // schemesFor(recipe, model), kept up to date.
    const std::vector<Scheme>& schemes() const { return m_schemes; }
    const std::vector<Issue>& issues() const { return m_issues; }

    // One step of the history: `text` names it ("4 bits for conv1"). Nothing happens when the recipe stays the same.
    void edit(Recipe after, const QString& text, Gesture gesture = kNoGesture);
    Gesture newGesture() { return ++m_lastGesture; }
    QUndoStack& history() { return m_history; }
    // While recipeChanged is told: whether it goes on with the step before (a drag), or is one of its own.
    bool continuesStep() const { return m_continues; }

    const std::vector<Snapshot>& snapshots() const { return m_snapshots; }
    void takeSnapshot(const QString& name);
    void removeSnapshot(std::size_t index);
    void restoreSnapshot(std::size_t index);  // an edit like any other

    // A/B: the recipe put aside, and the change between it and the one at work (an edit like any other).
    bool hasOther() const { return m_other.has_value(); }
    bool atB() const { return m_atB; }
    void toggleAB();  // the first time: the present recipe is kept as A, and B starts as its copy

    bool modified() const { return m_model && !m_history.isClean(); }
    const QString& recipePath() const { return m_recipePath; }
    void markSaved(const QString& path);

signals:
    void modelChanged();
    void recipeChanged();
    void snapshotsChanged();
    void modifiedChanged(bool modified);
    void otherChanged();

private:
    class RecipeCommand;
    void setRecipe(const Recipe& recipe);

    std::shared_ptr<const Model> m_model;
    Recipe m_recipe;
    RecipePtr m_first;
    bool m_restoring = false;
    std::vector<Scheme> m_schemes;
    std::vector<Issue> m_issues;
    QUndoStack m_history;
    std::vector<Snapshot> m_snapshots;
    std::optional<Recipe> m_other;
    bool m_atB = false;
    QString m_recipePath;
    Gesture m_lastGesture = 0, m_gestureOfLast = kNoGesture;
    bool m_continues = false;
};

// The recipe with the scheme of some layers changed. A layer whose new scheme is what rules and
// defaults give anyway gets no entry of its own. Layers that cannot be quantized are left alone.
template <class Change>
Recipe withLayers(const Recipe& recipe, const Model& model, const std::vector<std::size_t>& layers, Change change);

// The recipe without own schemes for these layers.
Recipe withoutLayers(const Recipe& recipe, const Model& model, const std::vector<std::size_t>& layers);
// Sets one layer's scheme as withLayers() does.
void setLayer(Recipe& recipe, const Model& model, std::size_t layer, const Scheme& scheme);

template <class Change>
Recipe withLayers(const Recipe& recipe, const Model& model, const std::vector<std::size_t>& layers, Change change) {
    Recipe after = recipe;
    for (std::size_t layer : layers) {
        if (!model.layers[layer].quantizable) continue;
        setLayer(after, model, layer, change(layer, schemeFor(recipe, model, layer)));
    }
    return after;
}

}  // namespace bitlathe
