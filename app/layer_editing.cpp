#include "app/layer_editing.h"

#include "core/workflow/model_presets.h"

#include "widgets/models/figures.h"

namespace bitlathe {

LayerEditing::LayerEditing(Document& document, Analysis& analysis, QObject* parent)
    : QObject(parent), m_document(document), m_analysis(analysis) {}

void LayerEditing::setSelection(std::vector<std::size_t> layers) {
    m_selection = std::move(layers);
    hoverEnded();
}

std::vector<std::size_t> LayerEditing::editable() const {
    std::vector<std::size_t> layers;
    const auto& model = m_document.model();
    for (std::size_t layer : m_selection)
        if (model && layer < model->layers.size() && model->layers[layer].quantizable) layers.push_back(layer);
    return layers;
}

QString LayerEditing::subject(const std::vector<std::size_t>& layers) const {
    return layers.size() == 1 ? fromUtf8(m_document.model()->layers[layers.front()].name) : counted(std::int64_t(layers.size()), tr("1 layer"), tr("%1 layers"));
}

void LayerEditing::apply(const SchemeChange& change, const QString& what) { applyTo(editable(), change, what); }

void LayerEditing::applyTo(const std::vector<std::size_t>& layers, const SchemeChange& change, const QString& what) {
    if (layers.empty()) return;
    hoverEnded();
    m_document.edit(withLayers(m_document.recipe(), *m_document.model(), layers, [&](std::size_t, Scheme scheme) { return applied(std::move(scheme), change); }),
                    tr("%1 for %2").arg(what, subject(layers)), m_gesture);
}

void LayerEditing::setScheme(std::size_t layer, const Scheme& scheme, const QString& what) {
    if (!m_document.model()->layers[layer].quantizable) return;
    hoverEnded();
    m_document.edit(withLayers(m_document.recipe(), *m_document.model(), {layer}, [&](std::size_t, const Scheme&) { return scheme; }),
                    tr("%1 for %2").arg(what, subject({layer})), m_gesture);
}

void LayerEditing::setWeights(const QuantSpec& spec, const QString& what) {
    const auto layers = editable();
    if (layers.empty()) return;
    hoverEnded();
    m_document.edit(withLayers(m_document.recipe(), *m_document.model(), layers,
                               [&](std::size_t, Scheme scheme) {
                                   scheme.weights = spec;
                                   return scheme;
                               }),
                    tr("%1 for %2").arg(what, subject(layers)), m_gesture);
}

void LayerEditing::stepGroup(int direction) {
    const auto layers = editable();
    if (layers.empty()) return;
    m_document.edit(withLayers(m_document.recipe(), *m_document.model(), layers,
                               [&](std::size_t layer, Scheme scheme) {
                                   if (!scheme.weights) return scheme;
                                   const std::int64_t channel = m_document.model()->layers[layer].layout.perChannel();
                                   // A group as long as its channel changes nothing: step on to one that does.
                                   auto next = steppedGroup(scheme.weights->granularity, direction);
                                   const auto idle = [&] { const auto* group = next ? std::get_if<PerGroup>(&*next) : nullptr; return group && group->size >= channel; };
                                   while (idle()) next = steppedGroup(*next, direction);
                                   if (next) scheme.weights->granularity = *next;
                                   return scheme;
                               }),
                    tr("%1 groups for %2").arg(direction > 0 ? tr("Larger") : tr("Smaller"), subject(layers)));
}

void LayerEditing::reset() {
    const auto layers = editable();
    if (layers.empty()) return;
    m_document.edit(withoutLayers(m_document.recipe(), *m_document.model(), layers), tr("Reset %1").arg(subject(layers)));
}

std::vector<std::size_t> LayerEditing::similar() const {
    std::vector<std::size_t> layers;
    const auto own = editable();
    if (own.empty()) return layers;
    const Model& model = *m_document.model();
    const auto& schemes = m_document.schemes();
    for (std::size_t i = 0; i < model.layers.size(); ++i)
        if (i != own.front() && model.layers[i].quantizable && model.layers[i].kind == model.layers[own.front()].kind && schemes[i] != schemes[own.front()])
            layers.push_back(i);
    return layers;
}

void LayerEditing::applyToSimilar() {
    const auto layers = similar();
    if (layers.empty()) return;
    const Scheme scheme = m_document.schemes()[editable().front()];
    m_document.edit(withLayers(m_document.recipe(), *m_document.model(), layers, [&](std::size_t, const Scheme&) { return scheme; }),
                    tr("%1 for %2").arg(fromUtf8(shortText(scheme)), counted(std::int64_t(layers.size()), tr("1 similar layer"), tr("%1 similar layers"))));
}

void LayerEditing::applyPreset(const Preset& preset) {
    if (!m_document.model()) return;
    hoverEnded();
    Recipe recipe = recipeFor(preset, *m_document.model(), m_withImportance);
    recipe.preprocessing = m_document.recipe().preprocessing;
    recipe.cache = m_document.recipe().cache;
    m_document.edit(std::move(recipe), tr("Preset “%1”").arg(fromUtf8(preset.label)));
}

void LayerEditing::applyPresetToSelection(const Preset& preset) {
    const auto layers = editable();
    if (layers.empty()) return;
    hoverEnded();
    const auto schemes = schemesFor(recipeFor(preset, *m_document.model(), m_withImportance), *m_document.model());
    m_document.edit(withLayers(m_document.recipe(), *m_document.model(), layers, [&](std::size_t layer, const Scheme&) { return schemes[layer]; }),
                    tr("Preset “%1” for %2").arg(fromUtf8(preset.label), subject(layers)));
}

void LayerEditing::beginGesture() { m_gesture = m_document.newGesture(); }
void LayerEditing::endGesture() { m_gesture = Document::kNoGesture; }

void LayerEditing::setClip(double lo, double hi, bool final) {
    if (!m_clipping) {
        beginGesture();
        m_clipping = true;
    }
    const auto layers = editable();
    if (!layers.empty()) {
        SchemeChange change;
        change.range = Manual{lo, hi};
        // The lines belong to the layer in the picture; others keep their ranges.
        applyTo({layers.front()}, change, tr("Clip %1 … %2").arg(numberText(lo), numberText(hi)));
    }
    if (final) {
        endGesture();
        m_clipping = false;
    }
}

void LayerEditing::hover(const SchemeChange& change) {
    const auto layers = editable();
    if (layers.empty()) return;
    std::vector<Scheme> schemes = m_document.schemes();
    for (std::size_t layer : layers) schemes[layer] = applied(schemes[layer], change);
    emit ghostsWanted(schemes);
}

void LayerEditing::hoverPreset(const Preset& preset) {
    if (m_document.model()) emit ghostsWanted(schemesFor(recipeFor(preset, *m_document.model(), m_withImportance), *m_document.model()));
}

void LayerEditing::hoverWeights(const QuantSpec& spec) {
    const auto layers = editable();
    if (layers.empty()) return;
    std::vector<Scheme> schemes = m_document.schemes();
    for (std::size_t layer : layers) schemes[layer].weights = spec;
    emit ghostsWanted(schemes);
}

void LayerEditing::hoverEnded() { emit ghostsWanted({}); }

}  // namespace bitlathe
