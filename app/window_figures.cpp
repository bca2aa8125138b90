// From recipe and reports to what the panels show.
#include "app/commands.h"
#include "app/export_control.h"
#include "app/main_window.h"
#include "app/report_rows.h"
#include "app/run_control.h"
#include "app/run_language_control.h"
#include "app/totals.h"
#include "core/quant/codec.h"
#include "widgets/canvas/theme.h"
#include "widgets/editors/scheme_editor.h"
#include "widgets/models/figures.h"
#include "widgets/models/layer_bytes.h"
#include "widgets/models/layer_table_model.h"
#include "widgets/panels/duel_panel.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/layer_view.h"
#include "widgets/panels/layers_panel.h"
#include "widgets/panels/log_panel.h"
#include "widgets/panels/message_strip.h"
#include "widgets/panels/plots_panel.h"

#include <QStackedWidget>
#include <QAbstractItemView>
#include <QApplication>
#include <QComboBox>
#include <QDesktopServices>
#include <QFileDialog>
#include <QFileInfo>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QUrl>
#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

// Of what was measured last: on samples, or on text.
std::optional<RunControl::Carried> carriedOf(const RunControl& samples, const RunLanguageControl& text, const std::string& layer) {
    if (!text.takes()) return samples.carriedSqnr(layer);
    const auto carried = text.carriedSqnr(layer);
    return carried ? std::optional(RunControl::Carried{carried->db, carried->measuredOn, carried->stale}) : std::nullopt;
}

}  // namespace

void MainWindow::connectEditing() {
    SchemeEditor& editor = m_inspector->editor();
    connect(&editor, &SchemeEditor::edited, m_editing, [this](const SchemeChange& change, const QString& what) { m_editing->apply(change, what); });
    connect(&editor, &SchemeEditor::gestureBegan, m_editing, &LayerEditing::beginGesture);
    connect(&editor, &SchemeEditor::gestureEnded, m_editing, &LayerEditing::endGesture);
    connect(&editor, &SchemeEditor::hovered, m_editing, &LayerEditing::hover);
    connect(&editor, &SchemeEditor::levelsFileWanted, this, [this] { askForLevels(false); });
    connect(&m_session, &Session::levelsRead, this, [this, &editor](const QString& text, const QString& name) { (m_levelsForDuel ? m_duelPanel->editor() : editor).offerLevels(text, name); });
    connect(&editor, &SchemeEditor::hoverEnded, m_editing, &LayerEditing::hoverEnded);
    connect(m_inspector, &InspectorPanel::resetClicked, m_editing, &LayerEditing::reset);
    connect(m_inspector, &InspectorPanel::applySimilarClicked, m_editing, &LayerEditing::applyToSimilar);
    connect(m_editing, &LayerEditing::ghostsWanted, this, &MainWindow::showGhosts);
    connect(m_layers, &LayersPanel::selectionChanged, this, &MainWindow::selectionChanged);
    connect(m_layers, &LayersPanel::visibleChanged, this, [this] { m_session.analysis().setVisible(m_layers->visible()); });
    connect(m_layers, &LayersPanel::schemeMenuRequested, this, [this](std::size_t, QPoint at) { openSchemeMenu(at); });
    connect(m_layers, &LayersPanel::contextMenuRequested, this, [this](QPoint at) { openSchemeMenu(at); });
    connect(m_plots, &PlotsPanel::intent, this, &MainWindow::plotIntent);
    connect(m_curveCanvas, &Canvas::framed, this, [this] {
        for (const PlotIntent& intent : m_curveScene->takeIntents()) plotIntent(intent);
    });
    // Explained when somebody looks: each frame says whether the card is on the page in front.
    connect(&m_plots->canvas(), &Canvas::framed, this, &MainWindow::askForExplanation);
    connect(m_explaining, &Explaining::explained, this, [this](const Explanation& explanation) {
        m_plots->scene().setExplanation(explanation);
        m_plots->canvas().refresh();
    });
    connect(&m_session, &Session::importanceChanged, m_editing, [this] { m_editing->setWithImportance(m_session.importance() != nullptr); });
    connect(&m_session.document(), &Document::recipeChanged, this, &MainWindow::recipeChanged);
    connect(&m_session.document().history(), &QUndoStack::indexChanged, this, [this] { enableCommands(); });
    connect(&m_session.analysis(), &Analysis::reportsArrived, this, &MainWindow::reportsArrived);
    connect(&m_session.analysis(), &Analysis::progressed, this, [this](std::size_t layer, double fraction) {
        if (!m_editing->selection().empty() && m_editing->selection().front() == layer) m_plots->setProgress(fraction);
    });
    connect(&m_session.analysis(), &Analysis::failed, this, [this](std::size_t layer, const QString& message) {
        m_log->add(message);
        if (!m_editing->selection().empty() && m_editing->selection().front() == layer) showSubject();
    });
    connect(&m_session.analysis(), &Analysis::finished, this, [this] {
        askForCurves();
        if (m_session.document().model() && m_session.analysis().complete()) m_lastMessage = tr("All figures are exact, measured on every weight.");
        showJobs();
    });
    connect(&m_session.analysis(), &Analysis::wondered, this, [this](Analysis::Wonder what, const std::vector<ReportPtr>& reports) {
        if (what == Analysis::Wonder::Ghost) {
            m_table->setGhostReports({reports.begin(), reports.end()});
        } else {
            m_curves.add(reports);
            showCurves();
        }
    });
    const auto measured = [this] {
        showEffect();
        showCarried();
    };
    connect(m_run, &RunControl::resultChanged, this, measured);
    connect(m_runLanguage, &RunLanguageControl::resultChanged, this, measured);
    connect(&m_session, &Session::opened, this, [this] { m_runPages->setCurrentIndex(m_runLanguage->takes() ? 1 : 0); });
    connect(m_exporting, &ExportControl::exported, this, [this](const QString& path, qint64 bytes) {
        m_message->show(MessageStrip::Level::Done, tr("Exported %1: %2.").arg(QFileInfo(path).fileName(), bytesText(bytes)),
                        {{tr("Show in folder"), [path] { QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(path).absolutePath())); }}});
    });
    connect(m_exporting, &ExportControl::failed, this, [this](const QString& message) { m_message->show(MessageStrip::Level::Refusal, tr("The export failed: %1").arg(message)); });
    connect(m_exporting, &ExportControl::planned, this, [this](const std::shared_ptr<const QuantizedModel>& quantized) {
        std::vector<LayerTableModel::Got> outcomes;
        for (const LayerOutcome& layer : quantized->layers) outcomes.push_back({layer.layer, layer.got, layer.reason});
        m_table->setGot(outcomes);
    });
}

void MainWindow::selectionChanged() {
    const auto layers = m_layers->selected();
    if (layers == m_editing->selection()) return;
    m_editing->setSelection(layers);
    m_session.analysis().setSelected(layers);
    focusLayer();
    showSubject();
    showReport();
    showEffect();
    if (m_session.analysis().complete()) askForCurves();
    enableCommands();
}

void MainWindow::recipeChanged() {
    Document& document = m_session.document();
    const auto& schemes = document.schemes();
    // A step of its own remembers how things were; the movements within one gesture keep that.
    const bool step = !document.continuesStep();
    for (std::size_t i = 0; step && i < schemes.size() && i < std::size_t(m_table->rowCount()); ++i)
        if (const ReportPtr& old = m_table->report(int(i)); old && old->scheme != schemes[i]) m_before[i] = old;
    m_table->setSchemes(document.recipe(), schemes, document.issues());
    // What is known already: undo shows within this very frame.
    std::vector<std::shared_ptr<const LayerReport>> known;
    for (std::size_t i = 0; i < schemes.size(); ++i)
        if (const ReportPtr report = m_session.analysis().known(i, schemes[i])) known.push_back(report);
    m_table->setReports(known);
    std::vector<Issue> issues = document.issues();
    if (!m_session.whyNotRun().isEmpty()) {
        std::string why = m_session.whyNotRun().toStdString(), missing;
        if (!document.model()->graph.weightsOnly) {
            for (const std::string& op : m_session.missingOperators()) missing += (missing.empty() ? "" : ", ") + op;
            why += " " + tr("It needs %1.").arg(fromUtf8(missing)).toStdString();
        }
        issues.insert(issues.begin(), {Issue::Level::Warning, {}, why,
                                       tr("look at it and quantize its weights; run the exported file elsewhere").toStdString()});
    }
    m_log->setIssues(issues);
    focusLayer();
    showSubject();
    showReport();
    showEffect();
    showTotals();
    fillPresets();
    enableCommands();
}

void MainWindow::reportsArrived(const std::vector<ReportPtr>& reports) {
    m_table->setReports({reports.begin(), reports.end()});
    const auto& selection = m_editing->selection();
    bool shown = false;
    for (const ReportPtr& report : reports)
        shown = shown || std::find(selection.begin(), selection.end(), report->layer) != selection.end();
    if (!shown) return;
    showReport();
    showEffect();
}

void MainWindow::showSubject() {
    const auto& model = m_session.document().model();
    const auto& selection = m_editing->selection();
    if (!model || selection.empty()) {
        m_inspector->showNothing();
        m_plots->showNothing();
        showEmptyStates();
        return;
    }
    const auto& schemes = m_session.document().schemes();
    const Layer& first = model->layers[selection.front()];
    const auto editable = m_editing->editable();
    InspectorPanel::Subject subject;
    subject.title = selection.size() == 1 ? fromUtf8(first.name) : counted(std::int64_t(selection.size()), tr("1 layer"), tr("%1 layers"));
    subject.several = selection.size() > 1;
    std::int64_t weights = 0;
    for (std::size_t layer : selection) weights += model->layers[layer].shape.count();
    subject.subtitle = selection.size() == 1 ? QStringLiteral("%1 · %2").arg(fromUtf8(nameOf(first.kind)), fromUtf8(toText(first.shape))) : tr("%1 weights together").arg(countText(weights));
    for (std::size_t layer : editable) {
        subject.schemes.push_back(schemes[layer]);
        subject.edited = subject.edited || m_session.document().recipe().layers.contains(model->layers[layer].name);
    }
    if (editable.empty()) {
        subject.fixedReason = first.note.empty() ? tr("%1 layers stay as they are: there is no float matrix or filter to quantize.").arg(fromUtf8(nameOf(first.kind))) : fromUtf8(first.note);
    } else if (editable.size() < selection.size()) {
        subject.fixedReason = tr("%1 of %2 selected layers can be quantized.").arg(editable.size()).arg(selection.size());
    }
    int groupSize = m_inspector->editor().groupSize();
    if (!subject.schemes.empty() && subject.schemes.front().weights) {
        const QuantSpec& weights = *subject.schemes.front().weights;
        const Codec* codec = findCodec(weights.codec);
        if (codec && codec->blockSize > 0) groupSize = codec->blockSize;
        else if (const auto* group = std::get_if<PerGroup>(&weights.granularity)) groupSize = group->size;
    }
    subject.scaleCounts = scaleCounts(*model, editable, groupSize);
    subject.similar = m_editing->similar().size();
    m_inspector->show(subject);

    PlotsPanel::Subject picture;
    picture.title = fromUtf8(first.name);
    picture.subtitle = QStringLiteral("%1 · %2 · %3").arg(fromUtf8(nameOf(first.kind)), fromUtf8(toText(first.shape)), tr("%1 weights").arg(countText(first.shape.count())));
    if (!first.quantizable) picture.fixedReason = first.note.empty() ? tr("Nothing to quantize here: %1 stays %2.").arg(fromUtf8(nameOf(first.kind)), fromUtf8(first.storedAs)) : fromUtf8(first.note);
    if (const QString failure = m_session.analysis().failure(selection.front()); !failure.isEmpty()) picture.refusal = failure;
    m_plots->showLayer(picture);
}

void MainWindow::showReport() {
    const auto& model = m_session.document().model();
    const auto& selection = m_editing->selection();
    if (!model || selection.empty()) return;
    const std::size_t layer = selection.front();
    const Scheme& scheme = m_session.document().schemes()[layer];
    ReportPtr report = m_session.analysis().report(layer);
    if (report && report->scheme != scheme) report = m_session.analysis().known(layer, scheme);
    m_plots->setReport(report, fromUtf8(scheme.weights ? shortText({scheme.weights, std::nullopt}) : model->layers[layer].storedAs), bytesOf(model->layers[layer], scheme));
    m_session.focus().setReport(report);
    if (report) m_inspector->setFoundRange(report->clipLo, report->clipHi);
}

void MainWindow::showEffect() {
    const auto& model = m_session.document().model();
    const auto layers = m_editing->editable();
    if (!model || layers.empty()) return m_inspector->setEffect({});
    const auto& schemes = m_session.document().schemes();
    std::int64_t before = 0, after = 0, weights = 0, sourceWeights = 0, storedWeights = 0;
    double worstNow = std::numeric_limits<double>::infinity(), worstBefore = worstNow;
    bool measured = true, exact = true, any = false, anyBefore = false;
    for (std::size_t i : layers) {
        const Layer& layer = model->layers[i];
        before += layer.bytes;
        const std::int64_t stored = bytesOf(layer, storedScheme(*model, layer, schemes[i]));
        after += stored;
        weights += layer.shape.count();
        sourceWeights += sourceBytesOf(layer);
        storedWeights += sourceBytesOf(layer) + stored - layer.bytes;
        if (!schemes[i].weights) continue;
        any = true;
        const ReportPtr report = m_session.analysis().report(i);
        measured = measured && report;
        exact = exact && report && report->exact();
        if (report) worstNow = std::min(worstNow, report->error.sqnrDb);
        if (const auto old = m_before.find(i); old != m_before.end() && old->second->scheme.weights) {
            anyBefore = true;
            worstBefore = std::min(worstBefore, old->second->error.sqnrDb);
        }
    }
    using Turn = EffectRow::Turn;
    const auto turn = [](double old, double now, bool lessIsBetter) { return old == now ? Turn::Same : (now < old) == lessIsBetter ? Turn::Better : Turn::Worse; };
    std::vector<EffectRow> rows;
    rows.push_back({tr("Size"), bytesText(before), bytesText(after), tr("Weights and biases: %1 bytes in the source, %2 now").arg(exactCountText(before), exactCountText(after)), turn(double(before), double(after), true), false});
    const double bitsBefore = weights ? 8.0 * double(sourceWeights) / double(weights) : 0, bitsNow = weights ? 8.0 * double(storedWeights) / double(weights) : 0;
    rows.push_back({tr("Bits/weight"), bitsPerWeightText(bitsBefore), bitsPerWeightText(bitsNow), tr("Stored bits over weights, scales and zero points included"), Turn::Same, false});
    const QString worst = layers.size() > 1 ? tr(" (worst)") : QString();
    if (any) {
        rows.push_back({tr("SQNR") + worst, anyBefore ? dbText(worstBefore) + QStringLiteral(" dB") : QString(), measured ? dbText(worstNow) + QStringLiteral(" dB") : QStringLiteral("…"),
                        tr("Own error: 10·log10(Σx² / Σe²) over all weights. Before: under the scheme of the last step."), anyBefore && measured ? turn(worstBefore, worstNow, false) : Turn::Same, !exact});
        const auto relative = [](double db) { return percentText(std::pow(10.0, -db / 20)); };
        rows.push_back({tr("Relative error"), anyBefore ? relative(worstBefore) : QString(), measured ? relative(worstNow) : QStringLiteral("…"), tr("√(Σe² / Σx²) = 10^(−SQNR / 20)"),
                        anyBefore && measured ? turn(worstBefore, worstNow, false) : Turn::Same, !exact});
    }
    if (layers.size() == 1) {
        const auto old = m_before.find(layers.front());
        if (const ReportPtr report = m_session.analysis().report(layers.front()))
            for (EffectRow& row : reportRows(*report, old != m_before.end() ? old->second.get() : nullptr)) rows.push_back(std::move(row));
        if (const auto carried = carriedOf(*m_run, *m_runLanguage, model->layers[layers.front()].name))
            rows.push_back({tr("Output SQNR"), QString(), dbText(carried->db) + QStringLiteral(" dB") + (carried->stale ? tr(", old") : QString()), (carried->stale ? tr("The recipe, or what calibrates, was changed since this was measured: run again.\n") : QString()) + tr("Carried error at this layer's output with all layers quantized, against float; measured on %1").arg(carried->measuredOn), Turn::Same, carried->stale});
    }
    m_inspector->setEffect(rows);
}

void MainWindow::showCarried() {
    std::map<std::size_t, double> db;
    QString measuredOn;
    bool stale = false;
    const auto& model = m_session.document().model();
    for (std::size_t i = 0; model && i < model->layers.size(); ++i)
        if (const auto carried = carriedOf(*m_run, *m_runLanguage, model->layers[i].name)) {
            db[i] = carried->db;
            measuredOn = carried->measuredOn;
            stale = carried->stale;
        }
    m_layers->view().setCarriedShown(!db.empty());
    m_table->setCarried(std::move(db), stale, measuredOn);
}

void MainWindow::askForCurves() {
    const auto layers = m_editing->editable();
    if (layers.empty()) {
        m_curves.clear();
        showCurves();
        return;
    }
    const auto questions = m_curves.ask(layers.front(), m_session.document().schemes()[layers.front()]);
    showCurves();
    m_session.analysis().wonder(Analysis::Wonder::Curve, questions);
}

void MainWindow::askForExplanation() {
    if (m_plots->scene().placeOf("how").width() <= 0) return;
    const LayerReport* report = m_plots->scene().data().report.get();
    const auto& model = m_session.document().model();
    const auto& selection = m_editing->selection();
    if (!model || selection.empty() || !report || report->layer != selection.front() || !report->scheme.weights) return m_explaining->ask(std::nullopt);
    if (!report->exact()) return;  // the group that is shown is not known yet
    m_explaining->ask(Explaining::Question{model, report->layer, *report->scheme.weights, report->transfer.group, pickedWeight()});
}

void MainWindow::showCurves() {
    m_curveScene->setSizeCurves(m_curves.curves(), m_curves.currentBits(), m_curves.otherFormats());
    m_curveCanvas->refresh();
    m_plots->scene().setSizeCurves(m_curves.curves(), m_curves.currentBits(), m_curves.otherFormats());
    m_plots->canvas().refresh();
}

void MainWindow::showGhosts(const std::vector<Scheme>& schemes) {
    m_table->setGhosts(schemes);
    if (schemes.empty()) {
        m_session.analysis().wonder(Analysis::Wonder::Ghost, {});
        return;
    }
    // The selected layers and the rows on screen: nobody sees the rest.
    std::vector<Analysis::Question> questions;
    const auto ask = [&](std::size_t layer) {
        if (layer < schemes.size() && schemes[layer] != m_session.document().schemes()[layer]) questions.push_back({layer, schemes[layer]});
    };
    for (std::size_t layer : m_editing->selection()) ask(layer);
    for (std::size_t layer : m_layers->visible()) ask(layer);
    m_session.analysis().wonder(Analysis::Wonder::Ghost, questions);
}

void MainWindow::plotIntent(const PlotIntent& intent) {
    if (const auto* clip = std::get_if<SetClip>(&intent)) m_editing->setClip(clip->lo, clip->hi, clip->final);
    if (const auto* bits = std::get_if<SelectBits>(&intent)) {
        SchemeChange change;
        change.bits = bits->bits;
        m_editing->apply(change, tr("%1 bits").arg(bits->bits));
    }
    if (const auto* format = std::get_if<SelectFormat>(&intent)) {
        SchemeChange change;
        change.format = NumberFormat{std::string(format->codec)};
        change.bits = format->bits;
        m_editing->apply(change, tr("%1, %2 bits").arg(fromUtf8(std::string(format->codec))).arg(format->bits));
    }
    weightIntent(intent);
}

void MainWindow::setShowFloat(bool on) {
    if (on == m_showFloat) return;
    m_showFloat = on;
    m_table->setShowFloat(on);
    m_plots->scene().setFloatOnly(on);
    m_plots->canvas().refresh();
}

bool MainWindow::eventFilter(QObject* object, QEvent* event) {
    if (event->type() == QEvent::Hide && m_presets && object == m_presets->view()) m_editing->hoverEnded();
    if (event->type() == QEvent::KeyPress || event->type() == QEvent::KeyRelease) {
        auto* key = static_cast<QKeyEvent*>(event);
        const bool typing = qobject_cast<QLineEdit*>(QApplication::focusWidget()) || qobject_cast<QPlainTextEdit*>(QApplication::focusWidget());
        if (!typing && object->isWidgetType() && QKeySequence(key->keyCombination()) == m_commands->key(QStringLiteral("view.float"))) {
            if (!key->isAutoRepeat()) setShowFloat(event->type() == QEvent::KeyPress);
            return true;
        }
    }
    if (event->type() == QEvent::ApplicationDeactivate) setShowFloat(false);
    return QMainWindow::eventFilter(object, event);
}

}  // namespace bitlathe
