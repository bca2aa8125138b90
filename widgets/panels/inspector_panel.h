// The scheme of the selected layers, its effect, and the curve of size against error: what the hand
// turns. Value in, signal out; knows no recipes and no analysis.
#pragma once

#include "core/metrics/layer_report.h"
#include "widgets/editors/scheme_change.h"
#include "widgets/panels/effect_table.h"

#include <QWidget>
#include <array>

class QLabel;
class QPushButton;
class QScrollArea;
class QStackedWidget;
class QVBoxLayout;

namespace bitlathe {

class EmptyState;
class SchemeEditor;

class InspectorPanel : public QWidget {
    Q_OBJECT
public:
    explicit InspectorPanel(QWidget* parent = nullptr);

    struct Subject {
        QString title, subtitle;       // "conv1", "12 layers"; shown above the fields
        bool several = false;          // more than one layer
        QString fixedReason;           // why nothing can be turned; empty otherwise
        std::vector<Scheme> schemes;   // of the layers that can be quantized
        std::array<std::int64_t, 3> scaleCounts{};
        std::size_t similar = 0;       // layers that "apply to similar" would reach
        bool edited = false;           // some have a scheme of their own: reset does something
    };
    void show(const Subject& subject);
    void showNothing();
    void setFoundRange(double lo, double hi);
    void setEffect(const std::vector<EffectRow>& rows);
    // The widget with the size-against-error plot; the panel owns it from then on. It is left out where the panel
    // is too low for it: the plots have it too.
    void setCurve(QWidget* curve);
    EmptyState& emptyState() { return *m_empty; }
    SchemeEditor& editor() { return *m_editor; }
    QSize sizeHint() const override { return {300, 600}; }

protected:
    void resizeEvent(QResizeEvent* event) override;

signals:
    void resetClicked();
    void applySimilarClicked();

private:
    QLabel* m_title;
    QLabel* m_subtitle;
    QLabel* m_fixed;
    SchemeEditor* m_editor;
    QLabel* m_effectTitle;
    EffectTable* m_effect;
    QWidget* m_curveCard;
    QScrollArea* m_scroll;
    bool m_hasCurve = false;
    void placeCurve();
    QPushButton* m_reset;
    QPushButton* m_similar;
    EmptyState* m_empty;
    QStackedWidget* m_stack;
    QVBoxLayout* m_column;
};

}  // namespace bitlathe
