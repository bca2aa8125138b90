#include "widgets/panels/run_panel.h"

#include "widgets/canvas/icons.h"
#include "widgets/canvas/theme.h"
#include "widgets/models/figures.h"

#include <QComboBox>
#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QSplitter>
#include <QToolButton>
#include <QTreeWidget>
#include <cmath>

namespace bitlathe {
namespace {

enum RunColumn { Engine, RecipeColumn, Samples, Top1, Top5, Agreement, OutputDb, Speed };
enum LayerColumn { LayerName, Own, Carried, Time, Runs };

QTreeWidget* table(const QString& name, const QStringList& heads, const QStringList& tips) {
    auto* tree = new QTreeWidget;
    tree->setColumnCount(int(heads.size()));
    tree->setHeaderLabels(heads);
    for (int i = 0; i < tips.size(); ++i) tree->headerItem()->setToolTip(i, tips[i]);
    tree->setRootIsDecorated(false);
    tree->setUniformRowHeights(true);
    tree->setAccessibleName(name);
    tree->setAllColumnsShowFocus(true);
    tree->setMinimumWidth(160);
    return tree;
}

// Wide enough for heading and content; the last column takes the rest.
void fitColumns(QTreeWidget* tree) {
    const QFontMetrics metrics(tree->header()->font());
    for (int column = 0; column + 1 < tree->columnCount(); ++column) {
        tree->resizeColumnToContents(column);
        if (tree->columnWidth(column) > 160) tree->setColumnWidth(column, 160);
        tree->setColumnWidth(column, std::max(tree->columnWidth(column), metrics.horizontalAdvance(tree->headerItem()->text(column)) + 28));
    }
}

// Numbers sort as numbers.
class Row : public QTreeWidgetItem {
public:
    using QTreeWidgetItem::QTreeWidgetItem;
    void setFigure(int column, double value, const QString& text) {
        setText(column, text);
        setData(column, Qt::UserRole, value);
        setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
    }
    bool operator<(const QTreeWidgetItem& other) const override {
        const int column = treeWidget()->sortColumn();
        const QVariant a = data(column, Qt::UserRole), b = other.data(column, Qt::UserRole);
        if (a.isValid() && b.isValid()) return a.toDouble() < b.toDouble();
        return text(column) < other.text(column);
    }
};

}  // namespace

RunPanel::RunPanel(QWidget* parent)
    : QWidget(parent), m_data(new QLineEdit), m_calibration(new QLineEdit), m_calibrationLabel(new QLabel(tr("Calibration"))), m_engine(new QComboBox),
      m_samples(new QSpinBox), m_preprocessing(new QLineEdit), m_run(new QPushButton), m_problem(new QLabel), m_hint(new QLabel) {
    m_runs = table(tr("Results"), {tr("Engine"), tr("Recipe · data"), tr("Samples"), tr("Top-1"), tr("Top-5"), tr("Agrees"), tr("Output dB"), tr("Per second")},
                   {tr("float: the source; simulated: quantize–dequantize in float; integer: int8 arithmetic"), tr("What the network was quantized with; old: edited since. Then the data it was measured on"), tr("Samples measured so far"),
                    tr("Share of samples whose highest output is the label"), tr("Share of samples whose label is among the five highest"),
                    tr("Share of samples whose highest output is the float network's"), tr("10·log10(Σy² / Σ(y − ŷ)²) over all outputs of all samples, against float"), tr("Samples a second, of the evaluated network alone")});
    m_layers = table(tr("Layers of the result"), {tr("Layer"), tr("Own dB"), tr("Carried dB"), tr("Time"), tr("Runs as")},
                     {tr("Activate to select it in the table"), tr("SQNR of the weights alone"), tr("SQNR of the layer's output with everything before it quantized too"),
                      tr("Median per run, of the steps that compute the layer"), tr("The kernel that computed it, or why it did not run in integers")});
    m_layers->setSortingEnabled(true);
    m_layers->sortByColumn(-1, Qt::AscendingOrder);
    m_data->setPlaceholderText(tr("Drop .npz, .h5 or an image folder"));
    m_data->setAccessibleName(tr("Evaluation data"));
    m_calibration->setPlaceholderText(tr("Samples that set activation ranges"));
    m_calibration->setAccessibleName(tr("Calibration data"));
    m_engine->addItems({tr("Float"), tr("Simulated"), tr("Integer"), tr("All three")});
    m_engine->setCurrentIndex(2);
    m_engine->setAccessibleName(tr("Engine"));
    m_engine->setToolTip(tr("Float: the source as it is. Simulated: quantize and dequantize around float arithmetic. Integer: int8 × int8 into int32, as a device does it."));
    m_samples->setRange(0, 100'000'000);
    m_samples->setSpecialValueText(tr("All"));
    m_samples->setSingleStep(100);
    m_samples->setAccessibleName(tr("At most so many samples"));
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
    form->addWidget(label(tr("Engine"), m_engine), 2, 0);
    form->addWidget(m_engine, 2, 1, 1, 2);
    form->addWidget(label(tr("Samples"), m_samples), 3, 0);
    form->addWidget(m_samples, 3, 1, 1, 2);
    form->addWidget(label(tr("Preprocess"), m_preprocessing), 4, 0);
    form->addWidget(m_preprocessing, 4, 1);
    form->addWidget(browse(tr("Take the preprocessing from a file"), &RunPanel::preprocessingBrowseClicked), 4, 2);
    form->addWidget(m_run, 5, 1, 1, 2);
    form->setRowStretch(6, 1);
    form->setColumnStretch(1, 1);
    auto* left = new QWidget;
    left->setLayout(form);
    m_tables = new QSplitter(Qt::Horizontal);
    m_tables->addWidget(m_runs);
    m_tables->addWidget(m_layers);
    m_tables->setSizes({650, 500});
    auto* split = new QSplitter(Qt::Horizontal);
    auto* results = new QWidget;
    auto* column = new QVBoxLayout(results);
    column->setContentsMargins(0, 0, 0, 0);
    m_problem->setContentsMargins(12, 6, 12, 6);
    column->addWidget(m_problem);
    column->addWidget(m_hint, 1);
    column->addWidget(m_tables, 1);
    left->setMinimumWidth(250);
    split->addWidget(left);
    split->addWidget(results);
    split->setStretchFactor(1, 1);
    split->setSizes({270, 900});
    split->setChildrenCollapsible(false);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(split);
    m_tables->hide();
    m_layers->header()->resizeSection(LayerName, 190);

    connect(m_run, &QPushButton::clicked, this, [this] { m_running ? emit stopClicked() : emit runClicked(); });
    for (QLineEdit* edit : {m_data, m_calibration}) connect(edit, &QLineEdit::editingFinished, this, &RunPanel::settingsChanged);
    connect(m_preprocessing, &QLineEdit::editingFinished, this, [this] {
        if (m_preprocessing->isModified()) emit preprocessingEdited(m_preprocessing->text().trimmed());
        m_preprocessing->setModified(false);
    });
    connect(m_engine, &QComboBox::currentIndexChanged, this, &RunPanel::settingsChanged);
    connect(m_runs, &QTreeWidget::currentItemChanged, this, [this](QTreeWidgetItem* item) {
        if (item) emit resultPicked(m_runs->indexOfTopLevelItem(item));
    });
    connect(m_layers, &QTreeWidget::itemActivated, this, [this](QTreeWidgetItem* item) { emit layerActivated(item->text(LayerName)); });
    setRunning(false);
}

QString RunPanel::dataset() const { return m_data->text().trimmed(); }
QString RunPanel::calibration() const { return m_calibration->text().trimmed(); }
int RunPanel::engine() const { return m_engine->currentIndex(); }
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
    m_calibration->setEnabled(needed);
    m_calibrationLabel->setEnabled(needed);
    m_calibration->setToolTip(needed ? tr("Samples stream through the float network; the ranges of its activations are kept.") : tr("This recipe leaves activations in float: no calibration is needed."));
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
    m_hint->setVisible(results.empty());
    m_tables->setVisible(!results.empty());
    const QSignalBlocker quiet(m_runs);
    m_runs->clear();
    for (const RunResult& result : results) {
        auto* row = new Row;
        row->setText(Engine, result.finished ? result.engine : tr("%1, part").arg(result.engine));
        if (!result.note.isEmpty()) row->setIcon(Engine, themeIcon(QStringLiteral("info"), IconColor::Warning));
        row->setText(RecipeColumn, (result.stale ? tr("%1, old").arg(result.recipe) : result.recipe) + QStringLiteral(" · ") + result.data);
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
    }
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
    }
}

void RunPanel::showLayers(const RunResult& result) {
    const int column = m_layers->sortColumn();
    m_layers->setSortingEnabled(false);
    m_layers->clear();
    for (const RunLayerRow& layer : result.layers) {
        auto* row = new Row;
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
