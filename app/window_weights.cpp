// What is picked out in the pictures, and the cells of the value map: between the session and the plots.
#include "app/duel_control.h"
#include "app/main_window.h"
#include "app/weight_focus.h"
#include "core/quant/quantized_tensor.h"
#include "core/workflow/duel_formats.h"
#include "widgets/editors/scheme_editor.h"
#include "widgets/models/figures.h"
#include "widgets/panels/duel_panel.h"
#include "widgets/panels/plots_panel.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QKeyEvent>

namespace bitlathe {

void MainWindow::connectWeights() {
    WeightFocus& focus = m_session.focus();
    PlotScene& scene = m_plots->scene();
    connect(&focus, &WeightFocus::selectionChanged, this, [this, &focus, &scene] {
        scene.setSelection(focus.selection());
        m_plots->canvas().refresh();
    });
    connect(&focus, &WeightFocus::answered, this, [this, &focus, &scene] {
        scene.setChannelView(focus.channel());
        scene.setPoint(focus.point());
        m_plots->canvas().refresh();
    });
    connect(&focus, &WeightFocus::patchArrived, this, [this, &scene](const std::shared_ptr<const ValuePatch>& patch) {
        scene.setPatch(patch);
        m_plots->canvas().refresh();
    });
}

void MainWindow::connectDuel() {
    connect(&m_session, &Session::importanceChanged, m_duel, [this] { m_duel->setImportance(m_session.importance()); });
    connect(&m_session.document(), &Document::modelChanged, m_duel, [this] { m_duel->setModel(m_session.document().model()); });
    connect(m_duelPanel, &DuelPanel::taken, this, [this](const QuantSpec& spec) { m_editing->setWeights(spec, fromUtf8(duelLabel(spec))); });
    connect(m_duelPanel, &DuelPanel::hovered, m_editing, &LayerEditing::hoverWeights);
    connect(m_duelPanel, &DuelPanel::hoverEnded, m_editing, &LayerEditing::hoverEnded);
    connect(&m_duelPanel->editor(), &SchemeEditor::levelsFileWanted, this, [this] { askForLevels(true); });
}

void MainWindow::askForLevels(bool duel) {
    const QString path = QFileDialog::getOpenFileName(this, tr("Open levels"), QFileInfo(m_session.modelPath()).path(), tr("Levels (*.txt *.csv *.table);;All files (*)"));
    m_levelsForDuel = duel;
    if (!path.isEmpty()) m_session.readLevels(path);
    if (duel) m_duelPanel->openEditor();  // the dialog has closed it
}

void MainWindow::focusLayer() {
    if (m_session.document().model()) m_duel->setLayers(m_editing->editable(), m_session.document().schemes());
    const auto& model = m_session.document().model();
    const auto& selection = m_editing->selection();
    if (!model || selection.empty() || selection.front() >= model->layers.size()) return m_session.focus().setLayer(std::nullopt, std::nullopt);
    const auto& spec = m_session.document().schemes()[selection.front()].weights;
    m_session.focus().setLayer(selection.front(), spec);
    const GroupGrid grid = spec ? groupGrid(model->layers[selection.front()].layout, *spec) : GroupGrid{};
    m_plots->scene().setGroupSize(grid.perChannel > 1 ? grid.size : 0);
}

// Escape that nobody else had a use for.
void MainWindow::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape) m_session.focus().clear();
    QMainWindow::keyPressEvent(event);
}

std::optional<std::int64_t> MainWindow::pickedWeight() const {
    const auto& weight = m_session.focus().selection().weight;
    const auto& model = m_session.document().model();
    if (!weight || !model || m_editing->selection().empty()) return std::nullopt;
    const ChannelLayout& layout = model->layers[m_editing->selection().front()].layout;
    const std::int64_t outer = weight->element / layout.inner, within = weight->element % layout.inner;
    return (outer * layout.channels + weight->channel) * layout.inner + within;
}

void MainWindow::weightIntent(const PlotIntent& intent) {
    WeightFocus& focus = m_session.focus();
    if (const auto* bin = std::get_if<SelectBin>(&intent)) focus.selectBin(bin->interval);
    if (const auto* channel = std::get_if<SelectChannel>(&intent)) focus.selectChannel(channel->channel);
    if (const auto* weight = std::get_if<SelectWeight>(&intent)) focus.selectWeight({weight->channel, weight->element});
    if (const auto* as = std::get_if<SetSelection>(&intent)) focus.select(as->selection);
    if (const auto* patch = std::get_if<ShowPatch>(&intent)) focus.showPatch(patch->request);
}

}  // namespace bitlathe
