#include "widgets/panels/run_panel.h"

#include "widgets/canvas/icons.h"
#include "widgets/canvas/theme.h"
#include "widgets/models/figures.h"
#include "widgets/panels/run_tree.h"
#include "widgets/panels/scrolling.h"

#include <QComboBox>
#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QSplitter>
#include <QToolButton>
#include <QTreeWidget>
#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace bitlathe {
namespace {

enum RunColumn { Engine, RecipeColumn, Samples, Top1, Agreement, OutputDb, Top5, Speed };
enum LayerColumn { LayerName, Own, Carried, Time, Runs };

QString gapFormula() {
    return RunPanel::tr("gap: held out against calibration; above 0 is worse on the held-out samples. Under Top-1 stands the gap of what quantization lost of it.\n"
                        "chance: two standard errors of the gap; pure chance exceeds it once in 44 times.\n"
                        "Agrees: 2·√(p₁(1−p₁)/(n₁+2) + p₂(1−p₂)/(n₂+2)) with p = (k+1)/(n+2), k of n samples agree.\n"
                        "Top-1: of the loss against float on the same samples, so that what float was trained on does not count.\n"
                        "Output dB: from the spread of the samples' own errors.");
}

QString oneDecimal(double value) {
    const QString digits = QString::number(std::fabs(value), 'f', 1);
    return value < 0 && digits != QStringLiteral("0.0") ? QChar(0x2212) + digits : digits;
}

// Below a result: the samples that calibrated, and the gap with its noise.
void addCalibration(FigureRow* result, const RunResult& figures) {
    const RunCalibrationPart& part = *figures.calibration;
    auto* calibrated = new FigureRow;
    calibrated->setText(Engine, RunPanel::tr("calibration"));
    calibrated->setText(RecipeColumn, RunPanel::tr("calibrated on %1").arg(part.data));
    calibrated->setFigure(Samples, double(part.samples), exactCountText(part.samples));
    calibrated->setFigure(Top1, part.top1, part.labelled ? percentText(part.top1) : QStringLiteral("–"));
    calibrated->setFigure(Top5, part.top5, part.labelled ? percentText(part.top5) : QStringLiteral("–"));
    calibrated->setFigure(Agreement, part.agreement, percentText(part.agreement));
    calibrated->setFigure(OutputDb, part.outputDb, dbText(part.outputDb));
    if (part.labelled) calibrated->setToolTip(Top1, RunPanel::tr("Float on the same samples: %1").arg(percentText(part.floatTop1)));
    auto* gap = new FigureRow;
    gap->setText(Engine, RunPanel::tr("gap"));
    gap->setText(RecipeColumn, RunPanel::tr("gap ± chance"));
    const auto put = [gap](int column, const RunGap& figure, double unit, const QString& name) {
        if (std::isnan(figure.gap)) return gap->setFigure(column, 0, QStringLiteral("–"));
        gap->setFigure(column, figure.gap, QStringLiteral("%1 ± %2%3").arg(oneDecimal(figure.gap * unit), std::isnan(figure.chance) ? QStringLiteral("?") : oneDecimal(figure.chance * unit), name));
        if (figure.beyond) gap->setForeground(column, toQColor(themeColors().warning));
    };
    if (part.lossGap) put(Top1, *part.lossGap, 100, RunPanel::tr(" pt lost"));
    put(Agreement, part.agreementGap, 100, RunPanel::tr(" pt"));
    put(OutputDb, part.dbGap, 1, QString());
    for (int column = 0; column <= Speed; ++column) gap->setToolTip(column, RunPanel::tr("Percent points and dB.") + QLatin1Char('\n') + gapFormula());
    for (FigureRow* row : {calibrated, gap}) {
        for (int column = 0; column <= RecipeColumn; ++column) row->setForeground(column, toQColor(themeColors().dimmed));
        result->addChild(row);
    }
}

}  // namespace

RunPanel::RunPanel(QWidget* parent)
    : QWidget(parent), m_data(new QLineEdit), m_calibration(new QLineEdit), m_calibrationLabel(new QLabel(tr("Calibration"))), m_engine(new QComboBox),
      m_samples(new QSpinBox), m_calibrationSamples(new QSpinBox), m_seed(new QSpinBox), m_preprocessing(new QLineEdit), m_run(new QPushButton), m_problem(new QLabel), m_hint(new QLabel), m_verdict(new QLabel) {
    m_runs = runTree(tr("Results"), {tr("Engine"), tr("Recipe · data"), tr("Samples"), tr("Top-1"), tr("Agrees"), tr("Output dB"), tr("Top-5"), tr("Per second")},
                   {tr("float: the source; simulated: quantize–dequantize in float; integer: int8 arithmetic"), tr("What the network was quantized with; old: edited since. Then the data it was measured on"), tr("Samples measured so far"),
                    tr("Share of samples whose highest output is the label"), tr("Share of samples whose highest output is the float network's"),
                    tr("10·log10(Σy² / Σ(y − ŷ)²) over all outputs of all samples, against float"), tr("Share of samples whose label is among the five highest"), tr("Samples a second, of the evaluated network alone")});
    m_layers = runTree(tr("Layers of the result"), {tr("Layer"), tr("Own dB"), tr("Carried dB"), tr("Time"), tr("Runs as")},
                     {tr("Activate to select it in the table"), tr("SQNR of the weights alone"), tr("SQNR of the layer's output with everything before it quantized too"),
                      tr("Median per run, of the steps that compute the layer"), tr("The kernel that computed it, or why it did not run in integers")});
    m_layers->setSortingEnabled(true);
    m_layers->sortByColumn(-1, Qt::AscendingOrder);
    m_data->setPlaceholderText(tr("Drop .npz, .h5 or an image folder"));
    m_data->setAccessibleName(tr("Evaluation data"));
    m_calibration->setPlaceholderText(tr("Empty: a part of the data, held out"));
    m_calibration->setAccessibleName(tr("Calibration data"));
    m_engine->addItems({tr("Float"), tr("Simulated"), tr("Integer"), tr("All three")});
    m_engine->setCurrentIndex(2);
    m_engine->setAccessibleName(tr("Engine"));
    m_engine->setToolTip(tr("Float: the source as it is. Simulated: quantize and dequantize around float arithmetic. Integer: int8 × int8 into int32, as a device does it."));
    m_samples->setRange(0, 100'000'000);
    m_samples->setSpecialValueText(tr("All"));
    m_samples->setSingleStep(100);
    m_samples->setAccessibleName(tr("At most so many samples"));
    m_samples->setToolTip(tr("Measure at most so many samples, picked by the seed; of those that calibrate too"));
    m_calibrationSamples->setRange(0, 100'000'000);
    m_calibrationSamples->setSpecialValueText(tr("Usual"));
    m_calibrationSamples->setSingleStep(50);
    m_calibrationSamples->setAccessibleName(tr("Samples that calibrate"));
    m_calibrationSamples->setToolTip(tr("So many samples calibrate, picked by the seed and never measured with the others.\nUsual: all of calibration data of its own; of the data itself a fifth, at most 500."));
    m_seed->setRange(0, 9999);
    m_seed->setValue(1);
    m_seed->setPrefix(QStringLiteral("#"));
    m_seed->setAccessibleName(tr("Seed of the split"));
    m_seed->setToolTip(tr("Picks which samples calibrate. The same seed picks the same samples everywhere; another one shows how much is chance."));
    m_preprocessing->setPlaceholderText(tr("As the data or the model says"));
    m_preprocessing->setAccessibleName(tr("Preprocessing"));
    m_preprocessing->setToolTip(tr("How raw samples become the model's input; part of the recipe. JSON, every key optional:\n{\"resize\": [h, w], \"crop\": [h, w], \"channels\": \"RGB\", \"scale\": s, \"mean\": [..], \"std\": [..], \"layout\": \"NCHW\"}\nx' = (x·scale − mean) / std. Empty: what stands beside the data, then what the model carries."));
    m_problem->setWordWrap(true);
    m_problem->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_problem->hide();
    m_run->setProperty("accent", true);
    m_hint->setProperty("caption", true);
    m_hint->setWordWrap(true);
    m_hint->setAlignment(Qt::AlignCenter);
    m_hint->setText(tr("Nothing measured yet. Choose data and press Run: float, simulated and integer results stand side by side here."));

    auto* form = new QGridLayout;
    form->setContentsMargins(12, 6, 12, 12);
    form->setHorizontalSpacing(8);
    form->setVerticalSpacing(6);
    const auto browse = [this](const QString& name, void (RunPanel::*clicked)()) {
        auto* button = new QToolButton;
        button->setIcon(themeIcon(QStringLiteral("open")));
        button->setAccessibleName(name);
        button->setToolTip(name);
        connect(button, &QToolButton::clicked, this, clicked);
        return button;
    };
    const auto label = [](const QString& text, QWidget* buddy) {
        auto* made = new QLabel(text);
        made->setProperty("caption", true);
        made->setBuddy(buddy);
        return made;
    };
    m_calibrationLabel->setProperty("caption", true);
    m_calibrationLabel->setBuddy(m_calibration);
    form->addWidget(label(tr("Data"), m_data), 0, 0);
    form->addWidget(m_data, 0, 1);
    form->addWidget(browse(tr("Choose the data"), &RunPanel::dataBrowseClicked), 0, 2);
    form->addWidget(m_calibrationLabel, 1, 0);
    form->addWidget(m_calibration, 1, 1);
    form->addWidget(browse(tr("Choose the calibration data"), &RunPanel::calibrationBrowseClicked), 1, 2);
    auto* split = new QHBoxLayout;
    split->setSpacing(6);
    m_calibrationSamples->setMinimumWidth(92);  // "Usual" and its arrows
    split->addWidget(m_calibrationSamples, 1);
    split->addWidget(m_seed);
    form->addWidget(label(tr("Learn from"), m_calibrationSamples), 2, 0);
    form->addLayout(split, 2, 1, 1, 2);
    form->addWidget(label(tr("Engine"), m_engine), 3, 0);
    form->addWidget(m_engine, 3, 1, 1, 2);
    form->addWidget(label(tr("Measure"), m_samples), 4, 0);
    form->addWidget(m_samples, 4, 1, 1, 2);
    form->addWidget(label(tr("Preprocess"), m_preprocessing), 5, 0);
    form->addWidget(m_preprocessing, 5, 1);
    form->addWidget(browse(tr("Take the preprocessing from a file"), &RunPanel::preprocessingBrowseClicked), 5, 2);
    form->addWidget(m_run, 6, 1, 1, 2);
    form->setRowStretch(7, 1);
    form->setColumnStretch(1, 1);
    auto* left = new QWidget;
    left->setLayout(form);
    m_tables = new QSplitter(Qt::Horizontal);
    m_tables->addWidget(m_runs);
    m_tables->addWidget(m_layers);
    m_tables->setStretchFactor(0, 3);
    m_tables->setStretchFactor(1, 2);
    m_tables->setSizes({720, 430});
    auto* halves = new QSplitter(Qt::Horizontal);
    auto* results = new QWidget;
    auto* column = new QVBoxLayout(results);
    column->setContentsMargins(0, 0, 0, 0);
    m_problem->setContentsMargins(12, 6, 12, 6);
    column->addWidget(m_problem);
    column->addWidget(m_hint, 1);
    column->addWidget(m_tables, 1);
    m_verdict->setWordWrap(true);
    m_verdict->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_verdict->setContentsMargins(12, 4, 12, 6);
    m_verdict->hide();
    column->addWidget(m_verdict);
    left->setMinimumWidth(268);
    halves->addWidget(scrolling(left));
    halves->addWidget(results);
    halves->setStretchFactor(1, 1);
    halves->setSizes({270, 900});
    halves->setChildrenCollapsible(false);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(halves);
    m_tables->hide();
    m_layers->header()->resizeSection(LayerName, 190);

    connect(m_run, &QPushButton::clicked, this, [this] { m_running ? emit stopClicked() : emit runClicked(); });
    for (QLineEdit* edit : {m_data, m_calibration}) connect(edit, &QLineEdit::editingFinished, this, &RunPanel::settingsChanged);
    connect(m_preprocessing, &QLineEdit::editingFinished, this, [this] {
        if (m_preprocessing->isModified()) emit preprocessingEdited(m_preprocessing->text().trimmed());
        m_preprocessing->setModified(false);
    });
    for (QSpinBox* spin : {m_calibrationSamples, m_seed}) connect(spin, &QSpinBox::valueChanged, this, &RunPanel::settingsChanged);
    connect(m_engine, &QComboBox::currentIndexChanged, this, &RunPanel::settingsChanged);
    connect(m_runs, &QTreeWidget::currentItemChanged, this, [this](QTreeWidgetItem* item) {
        if (item) emit resultPicked(m_runs->indexOfTopLevelItem(item->parent() ? item->parent() : item));
    });
    connect(m_layers, &QTreeWidget::itemActivated, this, [this](QTreeWidgetItem* item) { emit layerActivated(item->text(LayerName)); });
    setRunning(false);
}

QString RunPanel::dataset() const { return m_data->text().trimmed(); }
QString RunPanel::calibration() const { return m_calibration->text().trimmed(); }
int RunPanel::engine() const { return m_engine->currentIndex(); }
int RunPanel::calibrationSamples() const { return m_calibrationSamples->value(); }
int RunPanel::splitSeed() const { return m_seed->value(); }

void RunPanel::setSplit(qint64 calibrationSamples, qint64 seed) {
    m_calibrationSamples->setValue(int(std::clamp<qint64>(calibrationSamples, 0, m_calibrationSamples->maximum())));
    m_seed->setValue(int(std::clamp<qint64>(seed, 0, m_seed->maximum())));
}

int RunPanel::mostSamples() const { return m_samples->value(); }
void RunPanel::setEngine(int engine) { m_engine->setCurrentIndex(engine); }

void RunPanel::setDataset(const QString& path) {
    m_data->setText(path);
    m_data->setToolTip(path);
    emit settingsChanged();
}

void RunPanel::setCalibration(const QString& path) {
    m_calibration->setText(path);
    m_calibration->setToolTip(path);
    emit settingsChanged();
}

void RunPanel::setPreprocessing(const QString& json) {
    if (m_preprocessing->text() == json) return;
    m_preprocessing->setText(json);
    m_preprocessing->setCursorPosition(0);
}

void RunPanel::setCalibrationNeeded(bool needed) {
    for (QWidget* part : std::initializer_list<QWidget*>{m_calibration, m_calibrationSamples, m_seed}) part->setEnabled(needed);
    m_calibrationLabel->setEnabled(needed);
    m_calibration->setToolTip(needed ? tr("Samples stream through the float network; the ranges of its activations are kept.\nEmpty, or the data itself: a part of the data calibrates, and only the others are measured.") : tr("This recipe leaves activations in float: no calibration is needed."));
}

void RunPanel::setRunning(bool running) {
    m_running = running;
    m_run->setText(running ? tr("Stop") : tr("Run"));
    m_run->setIcon(themeIcon(running ? QStringLiteral("stop") : QStringLiteral("play"), IconColor::OnAccent));
}

void RunPanel::setRunnable(bool runnable, const QString& reason) {
    m_run->setEnabled(runnable || m_running);
    m_run->setToolTip(reason);
}

void RunPanel::setProblem(const QString& text) {
    m_problem->setVisible(!text.isEmpty());
    m_problem->setText(text.isEmpty() ? QString() : QStringLiteral("<span style=\"color:%1\">%2</span>").arg(htmlColor(themeColors().refusal), text.toHtmlEscaped()));
}

void RunPanel::setResults(const std::vector<RunResult>& results, int shown) {
    m_results = results;
    m_shown = shown;
    m_hint->setVisible(results.empty());
    m_tables->setVisible(!results.empty());
    const QSignalBlocker quiet(m_runs);
    m_runs->clear();
    for (const RunResult& result : results) {
        auto* row = new FigureRow;
        row->setText(Engine, result.finished ? result.engine : tr("%1, part").arg(result.engine));
        if (!result.note.isEmpty()) row->setIcon(Engine, themeIcon(QStringLiteral("info"), IconColor::Warning));
        row->setText(RecipeColumn, (result.stale ? tr("%1, old").arg(result.recipe) : result.recipe) + QStringLiteral(" · ") + (result.heldOut ? tr("%1, held out").arg(result.data) : result.data));
        row->setFigure(Samples, double(result.samples), exactCountText(result.samples));
        row->setFigure(Top1, result.top1, result.labelled ? percentText(result.top1) : QStringLiteral("–"));
        row->setFigure(Top5, result.top5, result.labelled ? percentText(result.top5) : QStringLiteral("–"));
        row->setFigure(Agreement, result.agreement, percentText(result.agreement));
        row->setFigure(OutputDb, result.outputDb, dbText(result.outputDb));
        row->setFigure(Speed, result.samplesPerSecond, numberText(result.samplesPerSecond, 4));
        const QString measured = tr("%1 samples of %2").arg(exactCountText(result.samples), result.data);
        for (int c = 0; c <= Speed; ++c) row->setToolTip(c, result.note.isEmpty() ? measured : measured + QLatin1Char('\n') + result.note);
        if (result.labelled) row->setToolTip(Top1, tr("Float on the same samples: %1").arg(percentText(result.floatTop1)) + QLatin1Char('\n') + measured);
        m_runs->addTopLevelItem(row);
        if (result.calibration) addCalibration(row, result);
    }
    m_runs->expandAll();
    fitColumns(m_runs);
    if (shown >= 0 && shown < int(results.size())) {
        // What was assumed about the data stands where one looks, not in a tooltip.
        if (const QString& note = results[std::size_t(shown)].note; !note.isEmpty()) {
            m_problem->setText(QStringLiteral("<span style=\"color:%1\">%2</span>").arg(htmlColor(themeColors().warning), tr("Assumed: %1").arg(note).toHtmlEscaped()));
            m_problem->show();
        } else {
            m_problem->hide();
        }
        m_runs->setCurrentItem(m_runs->topLevelItem(shown));
        showLayers(results[std::size_t(shown)]);
        showVerdict(results[std::size_t(shown)]);
    } else {
        m_verdict->hide();
    }
}

// Colours are in the rows and sentences.
void RunPanel::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && !m_results.empty()) setResults(std::vector<RunResult>(m_results), m_shown);
}

void RunPanel::showVerdict(const RunResult& result) {
    m_verdict->setVisible(result.calibration.has_value());
    if (!result.calibration) return;
    const Rgba colour = result.calibration->overfits ? themeColors().warning : themeColors().dimmed;
    m_verdict->setText(QStringLiteral("<span style=\"color:%1\">%2</span>").arg(htmlColor(colour), result.calibration->text.toHtmlEscaped()));
    m_verdict->setToolTip(gapFormula());
}

void RunPanel::showLayers(const RunResult& result) {
    const int column = m_layers->sortColumn();
    m_layers->setSortingEnabled(false);
    m_layers->clear();
    for (const RunLayerRow& layer : result.layers) {
        auto* row = new FigureRow;
        row->setText(LayerName, layer.name);
        row->setFigure(Own, layer.ownDb, dbText(layer.ownDb));
        row->setFigure(Carried, layer.carriedDb, dbText(layer.carriedDb));
        row->setFigure(Time, layer.medianMs, millisecondsText(layer.medianMs));
        const QString arithmetic = layer.integer ? tr("integer") : tr("float");
        row->setText(Runs, arithmetic + QStringLiteral(" · ") + (layer.reason.isEmpty() ? layer.kernel : layer.reason));
        row->setToolTip(Runs, row->text(Runs));
        if (!layer.reason.isEmpty()) row->setIcon(Runs, themeIcon(QStringLiteral("warning"), IconColor::Warning));
        m_layers->addTopLevelItem(row);
    }
    fitColumns(m_layers);
    m_layers->setSortingEnabled(true);
    if (column < 0) m_layers->sortByColumn(-1, Qt::AscendingOrder);
}

void RunPanel::focusStart() { (dataset().isEmpty() ? static_cast<QWidget*>(m_data) : m_run)->setFocus(); }

}  // namespace bitlathe
