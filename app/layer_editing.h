// Edits of the selected layers as steps of the document's history, and what an edit would do before it
// is made. Knows the document, the selection and the analysis; no widgets.
#pragma once

#include "app/analysis.h"
#include "app/document.h"
#include "widgets/editors/scheme_change.h"

#include <QObject>
#include <vector>

namespace bitlathe {

class LayerEditing : public QObject {
    Q_OBJECT
public:
    LayerEditing(Document& document, Analysis& analysis, QObject* parent = nullptr);

    void setSelection(std::vector<std::size_t> layers);  // the current one first
    const std::vector<std::size_t>& selection() const { return m_selection; }
    std::vector<std::size_t> editable() const;  // of the selection, those that can be quantized

    void apply(const SchemeChange& change, const QString& what);
    void applyTo(const std::vector<std::size_t>& layers, const SchemeChange& change, const QString& what);
    void setScheme(std::size_t layer, const Scheme& scheme, const QString& what);
    // One format for the weights of all selected layers; activations stay as they are.
    void setWeights(const QuantSpec& spec, const QString& what);
    void stepGroup(int direction);
    void reset();
    std::vector<std::size_t> similar() const;  // other layers of the current one's kind with another scheme
    void applyToSimilar();
    // Whether weights are coded by an importance file, for which named mixtures choose some types otherwise.
    void setWithImportance(bool given) { m_withImportance = given; }
    void applyPreset(const Preset& preset);             // the whole recipe
    void applyPresetToSelection(const Preset& preset);  // its scheme for each selected layer

    // Every apply() between the two is one step.
    void beginGesture();
    void endGesture();
    // Clip lines as dragged in the histogram.
    void setClip(double lo, double hi, bool final);

    // What a choice under the pointer would make of the selected layers; answers through the analysis.
    void hover(const SchemeChange& change);
    void hoverPreset(const Preset& preset);
    void hoverWeights(const QuantSpec& spec);
    void hoverEnded();

signals:
    void ghostsWanted(const std::vector<bitlathe::Scheme>& schemes);  // one per layer of the model; empty: none any more

private:
    QString subject(const std::vector<std::size_t>& layers) const;  // "conv1", "12 layers"

    Document& m_document;
    Analysis& m_analysis;
    std::vector<std::size_t> m_selection;
    Document::Gesture m_gesture = Document::kNoGesture;
    bool m_clipping = false, m_withImportance = false;
};

}  // namespace bitlathe
