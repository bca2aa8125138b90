#include "widgets/panels/run_language_panel.h"

#include "widgets/canvas/icons.h"
#include "widgets/canvas/theme.h"
#include "widgets/models/figures.h"
#include "widgets/panels/path_edit.h"
#include "widgets/panels/run_tree.h"
#include "widgets/panels/scrolling.h"

#include <QComboBox>
#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QSplitter>
#include <QToolButton>
#include <QTreeWidget>
#include <algorithm>
#include <cmath>
#include <map>

namespace bitlathe {
namespace {

enum RunColumn { Recipe, Perplexity, MeanKl, SameTop, Ratio, Float, HighKl, MedianKl, Tokens, Speed, Engine };
enum WeightColumn { Weight, Carried, Picture, Top, Even, Sum, Columns };

QString within(const TextFigure& figure, int digits) { return QStringLiteral("%1 ± %2").arg(numberText(figure.value, digits), numberText(figure.error, 2)); }
QString nats(double value) { return value < 1e-7 ? QStringLiteral("0") : numberText(value, 3); }

// The curve as a small picture: filled below, the diagonal of equal columns behind it.
QPixmap pictureOf(const std::vector<double>& curve, const QPalette& palette, double scale) {
    constexpr int kWide = 72, kHigh = 14;
    QPixmap picture(QSize(kWide, kHigh) * scale);
    picture.setDevicePixelRatio(scale);
    picture.fill(Qt::transparent);
    if (curve.empty()) return picture;
    QPainter painter(&picture);
    painter.setRenderHint(QPainter::Antialiasing);
    QPolygonF area{QPointF(0, kHigh)};
    for (std::size_t i = 0; i < curve.size(); ++i) area << QPointF(double(i + 1) * kWide / double(curve.size()), kHigh - curve[i] * (kHigh - 1));
    area << QPointF(kWide, kHigh);
    QColor fill = palette.color(QPalette::Highlight);
    fill.setAlpha(150);
    painter.setPen(Qt::NoPen);
    painter.setBrush(fill);
    painter.drawPolygon(area);
    painter.setPen(QPen(toQColor(themeColors().dimmed), 1, Qt::DotLine));
    painter.drawLine(QPointF(0, kHigh), QPointF(kWide, 1));
    return picture;
}

QString curveFormula() { return RunLanguagePanel::tr("From left to right the columns, the weightiest first; height: the share of Σ that all up to there hold. Dotted: all columns alike."); }

QComboBox* cacheChoice(const QString& name) {
    auto* box = new QComboBox;
    box->setEditable(true);
    box->addItems({QStringLiteral("f32"), QStringLiteral("f16"), QStringLiteral("int8"), QStringLiteral("int4")});
    box->setInsertPolicy(QComboBox::NoInsert);
    box->setAccessibleName(name);
    box->lineEdit()->setPlaceholderText(RunLanguagePanel::tr("f32"));
    box->setMinimumWidth(84);
    return box;
}

}  // namespace

QWidget* RunLanguagePanel::makeForm() {
    const auto label = [](const QString& text, QWidget* buddy) {
        auto* made = new QLabel(text);
        made->setProperty("caption", true);
        made->setBuddy(buddy);
        return made;
    };
    auto* form = new QGridLayout;
    form->setContentsMargins(12, 6, 12, 12);
    form->setHorizontalSpacing(8);
    form->setVerticalSpacing(6);
    auto* browse = new QToolButton;
    browse->setIcon(themeIcon(QStringLiteral("open")));
    browse->setAccessibleName(tr("Choose the text"));
    browse->setToolTip(tr("Choose the text"));
    connect(browse, &QToolButton::clicked, this, &RunLanguagePanel::browseClicked);
    int row = 0;
    form->addWidget(label(tr("Text"), m_text), row, 0);
    form->addWidget(m_text, row, 1);
    form->addWidget(browse, row++, 2);
    const auto pair = [&](const QString& title, QWidget* first, QWidget* second) {
        auto* line = new QHBoxLayout;
        line->setSpacing(6);
        line->addWidget(first, 1);
        line->addWidget(second, 1);
        form->addWidget(label(title, first), row, 0);
        form->addLayout(line, row++, 1, 1, 2);
    };
    pair(tr("Windows"), m_context, m_windows);
    pair(tr("Measure"), m_what, m_engine);
    pair(tr("KV cache"), m_keys, m_values);
    form->addWidget(m_cacheText, row++, 1, 1, 2);
    form->addWidget(label(tr("Importance"), m_importanceMenu), row, 0);
    form->addWidget(m_importanceText, row, 1);
    form->addWidget(m_importanceMenu, row++, 2);
    form->addWidget(m_run, row++, 1, 1, 2);
    form->setRowStretch(row, 1);
    form->setColumnStretch(1, 1);
    auto* left = new QWidget;
    left->setLayout(form);
    left->setMinimumWidth(316);
    return left;
}

RunLanguagePanel::RunLanguagePanel(QWidget* parent)
    : QWidget(parent), m_text(new PathEdit), m_context(new QSpinBox), m_windows(new QSpinBox), m_what(new QComboBox), m_engine(new QComboBox), m_keys(cacheChoice(tr("How keys are held"))),
      m_values(cacheChoice(tr("How values are held"))), m_cacheText(new QLabel), m_importanceText(new QLabel), m_problem(new QLabel), m_hint(new QLabel), m_importanceMenu(new QToolButton), m_run(new QPushButton) {
    m_runs = runTree(tr("Results"), {tr("Recipe · text"), tr("Perplexity"), tr("Mean KL, nats"), tr("Same top"), tr("Ratio"), tr("Float"), tr("99 % KL, nats"), tr("Median KL, nats"), tr("Tokens"), tr("Tokens/s"), tr("Engine")},
                     {tr("What the network was quantized with; old: the recipe or the importance was changed since. Then the text"), tr("exp(mean loss) ± one standard error; loss = −ln p of the token that follows"),
                      tr("Mean of Σ p·ln(p / q) over the vocabulary, nats; p: float"), tr("Share of tokens of which both expect the same one most ± one standard error"),
                      tr("Perplexity over the float network's ± one standard error, which takes into account that both read the same tokens"), tr("Perplexity of the float network on the same tokens"),
                      tr("99 of 100 tokens have a smaller divergence, nats"), tr("Half of the tokens have a smaller divergence, nats"), tr("Tokens predicted, of which all figures of the row are"),
                      tr("Tokens a second that the quantized network reads here"), tr("simulated: decoded weights in float arithmetic; integer: blocks × int8")});
    m_weights = runTree(tr("Weights"), {tr("Weight"), tr("Carried dB"), tr("Importance"), tr("Top 10 %"), tr("Evenness"), tr("Σ"), tr("Columns")},
                        {tr("Activate to select it in the table"), tr("10·log10(Σy² / Σ(y − ŷ)²) of the weight's product with everything before it quantized too, over the first 512 tokens"), curveFormula(),
                         tr("What the tenth of the columns that matters most holds of Σ; 10 %: all alike"), tr("Entropy of the columns' shares / log2(columns): 1 where all matter alike, 0 where one does"),
                         tr("Sum over the columns of the mean square of what multiplies them"), tr("Columns of the weight")});
    m_weights->setSortingEnabled(true);
    m_weights->sortByColumn(-1, Qt::AscendingOrder);
    m_text->setPlaceholderText(tr("A text file in UTF-8"));
    m_text->setAccessibleName(tr("Text to measure on"));
    m_context->setRange(4, 131072);
    m_context->setValue(512);
    m_context->setAccessibleName(tr("Tokens of a window"));
    m_context->setToolTip(tr("Tokens of a window; the second half of each is predicted, as llama.cpp does it. At most what the model learned on."));
    m_windows->setRange(0, 1'000'000);
    m_windows->setSpecialValueText(tr("All"));
    m_windows->setAccessibleName(tr("At most so many windows"));
    m_windows->setToolTip(tr("Measure on the first so many windows; fewer make the standard errors larger"));
    m_what->addItems({tr("All"), tr("KV alone"), tr("Weights alone")});
    m_what->setAccessibleName(tr("What is quantized"));
    m_what->setToolTip(tr("All: the recipe's weights and KV cache. KV alone: the file's weights, the recipe's KV cache: the error that the cache causes.\nWeights alone: the recipe's weights, keys and values in float32."));
    m_engine->addItems({tr("Simulated"), tr("Integer")});
    m_engine->setCurrentIndex(1);
    m_engine->setAccessibleName(tr("Engine"));
    m_engine->setToolTip(tr("Simulated: decoded weights in float arithmetic. Integer: weights in blocks × int8 activations. Both are compared with the source in float."));
    const QString cacheTip = tr("How the KV cache holds %1: f32, f16, int8 or int4 (blocks of 32 with a scale).\nOf some blocks alone: 0-3=f16,4-=int4, also behind a type for all. Part of the recipe.");
    m_keys->setToolTip(cacheTip.arg(tr("keys")));
    m_values->setToolTip(cacheTip.arg(tr("values")));
    for (QLabel* caption : {m_cacheText, m_importanceText, m_hint}) caption->setProperty("caption", true);
    m_cacheText->setWordWrap(true);
    m_importanceText->setMinimumWidth(80);
    m_hint->setWordWrap(true);
    m_hint->setAlignment(Qt::AlignCenter);
    m_hint->setText(tr("Nothing measured yet. Choose a text and press Run: perplexity, divergence from float and the error each weight carries stand here. Importance, once collected, stands here too."));
    m_problem->setWordWrap(true);
    m_problem->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_problem->setContentsMargins(12, 6, 12, 6);
    m_problem->hide();
    m_run->setProperty("accent", true);
    auto* menu = new QMenu(this);
    m_collect = menu->addAction(tr("Collect from a text…"), this, [this] { m_importance.collecting ? emit stopCollectingClicked() : emit collectClicked(); });
    menu->addAction(tr("Open an imatrix file…"), this, &RunLanguagePanel::importanceOpenClicked);
    m_save = menu->addAction(tr("Save as an imatrix file…"), this, &RunLanguagePanel::importanceSaveClicked);
    m_forget = menu->addAction(tr("Forget it"), this, &RunLanguagePanel::importanceForgotten);
    m_importanceMenu->setMenu(menu);
    m_importanceMenu->setPopupMode(QToolButton::InstantPopup);
    m_importanceMenu->setIcon(themeIcon(QStringLiteral("more")));
    m_importanceMenu->setAccessibleName(tr("Importance"));
    m_importanceMenu->setToolTip(tr("Collect, open, save or forget the importance of columns"));

    QWidget* left = makeForm();
    m_tables = new QSplitter(Qt::Horizontal);
    m_tables->addWidget(m_runs);
    m_tables->addWidget(m_weights);
    m_tables->setChildrenCollapsible(false);
    m_tables->setStretchFactor(0, 3);
    m_tables->setStretchFactor(1, 2);
    m_tables->setSizes({640, 460});
    auto* results = new QWidget;
    auto* column = new QVBoxLayout(results);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_problem);
    column->addWidget(m_hint, 1);
    column->addWidget(m_tables, 1);
    auto* halves = new QSplitter(Qt::Horizontal);
    halves->addWidget(scrolling(left));
    halves->addWidget(results);
    halves->setStretchFactor(1, 1);
    halves->setSizes({324, 880});
    halves->setChildrenCollapsible(false);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(halves);
    m_tables->hide();

    connect(m_run, &QPushButton::clicked, this, [this] { m_running ? emit stopClicked() : emit runClicked(); });
    connect(m_text, &QLineEdit::editingFinished, this, &RunLanguagePanel::settingsChanged);
    for (const auto& [box, keys] : {std::pair(m_keys, true), std::pair(m_values, false)}) {
        connect(box, &QComboBox::activated, this, [this, box = box, keys = keys] { emit cacheEdited(keys, box->currentText().trimmed()); });
        connect(box->lineEdit(), &QLineEdit::editingFinished, this, [this, box = box, keys = keys] {
            if (box->lineEdit()->isModified()) emit cacheEdited(keys, box->currentText().trimmed());
            box->lineEdit()->setModified(false);
        });
    }
    connect(m_runs, &QTreeWidget::currentItemChanged, this, [this](QTreeWidgetItem* item) {
        if (!item) return;
        m_shown = m_runs->indexOfTopLevelItem(item);
        showWeights();
        emit resultPicked(m_shown);
    });
    connect(m_weights, &QTreeWidget::itemActivated, this, [this](QTreeWidgetItem* item) { emit weightActivated(item->text(Weight)); });
    setRunning(false);
    setImportance({});
}

QString RunLanguagePanel::textFile() const { return m_text->text().trimmed(); }
void RunLanguagePanel::setTextFile(const QString& path) {
    m_text->setText(path);
    m_text->setToolTip(path);
    emit settingsChanged();
}
int RunLanguagePanel::context() const { return m_context->value(); }
int RunLanguagePanel::mostWindows() const { return m_windows->value(); }
int RunLanguagePanel::engine() const { return m_engine->currentIndex(); }
RunLanguagePanel::What RunLanguagePanel::what() const { return static_cast<What>(m_what->currentIndex()); }
void RunLanguagePanel::setWhat(What what) { m_what->setCurrentIndex(int(what)); }
void RunLanguagePanel::setContext(int tokens, int most) {
    m_context->setMaximum(std::max(4, most));
    m_context->setValue(tokens);
}

void RunLanguagePanel::setCache(const QString& keys, const QString& values, const QString& text, bool problem) {
    for (const auto& [box, line] : {std::pair(m_keys, keys), std::pair(m_values, values)}) {
        const QSignalBlocker quiet(box);
        box->setCurrentText(line);
        box->lineEdit()->setModified(false);
        box->lineEdit()->setCursorPosition(0);
    }
    m_cacheText->setText(problem ? QStringLiteral("<span style=\"color:%1\">%2</span>").arg(htmlColor(themeColors().refusal), text.toHtmlEscaped()) : text.toHtmlEscaped());
    m_cacheText->setToolTip(text);
}

void RunLanguagePanel::setImportance(const ImportanceState& state) {
    m_importance = state;
    const QString text = state.text.isEmpty() ? tr("none: all columns alike") : state.text;
    m_importanceText->setText(state.warning ? QStringLiteral("<span style=\"color:%1\">%2</span>").arg(htmlColor(themeColors().warning), text.toHtmlEscaped()) : text.toHtmlEscaped());
    m_importanceText->setToolTip(state.tooltip.isEmpty() ? tr("The mean square of what multiplies each column of a weight, over a text. Block formats (k-quants and their kin) and the least-error range rule then spare the\ncolumns that matter: "
                                                              "Σ importance · error² is least. Percentile and entropy ranges know no importance. It serves reports, exports, the playground and what is measured here.")
                                                         : state.tooltip);
    m_collect->setText(state.collecting ? tr("Stop collecting") : tr("Collect from a text…"));
    m_save->setEnabled(state.there);
    m_forget->setEnabled(state.there);
    showRuns();
    showWeights();
}

void RunLanguagePanel::setRunning(bool running) {
    m_running = running;
    m_run->setText(running ? tr("Stop") : tr("Run"));
    m_run->setIcon(themeIcon(running ? QStringLiteral("stop") : QStringLiteral("play"), IconColor::OnAccent));
}

void RunLanguagePanel::setRunnable(bool runnable, const QString& reason) {
    m_run->setEnabled(runnable || m_running);
    m_run->setToolTip(reason);
}

void RunLanguagePanel::setProblem(const QString& text) {
    m_problem->setVisible(!text.isEmpty());
    m_problem->setText(text.isEmpty() ? QString() : QStringLiteral("<span style=\"color:%1\">%2</span>").arg(htmlColor(themeColors().refusal), text.toHtmlEscaped()));
}

void RunLanguagePanel::setResults(const std::vector<TextRunResult>& results, int shown) {
    m_results = results;
    m_shown = shown;
    showRuns();
    showWeights();
}

void RunLanguagePanel::showRuns() {
    const bool anything = !m_results.empty() || !m_importance.rows.empty();
    m_hint->setVisible(!anything);
    m_tables->setVisible(anything);
    const QSignalBlocker quiet(m_runs);
    m_runs->clear();
    for (const TextRunResult& result : m_results) {
        auto* row = new FigureRow;
        row->setText(Recipe, (result.stale ? tr("old: %1").arg(result.recipe) : result.recipe) + QStringLiteral(" · ") + result.text);
        row->setText(Engine, result.engine);
        QString state = result.recipe + tr("\n%1 tokens of %2, %3 of %4 windows").arg(exactCountText(result.tokens), result.text, exactCountText(result.windowsDone), exactCountText(result.windows));
        if (result.partial) state += tr("\nStopped: the figures are of the tokens predicted by then.");
        if (result.running && result.secondsLeft >= 0) state += tr("\n%1 left").arg(durationText(result.secondsLeft));
        row->setFigure(Tokens, double(result.tokens), result.partial ? tr("%1, part").arg(exactCountText(result.tokens)) : result.running ? tr("%1 …").arg(exactCountText(result.tokens)) : exactCountText(result.tokens));
        if (result.partial) row->setForeground(Tokens, toQColor(themeColors().warning));
        row->setFigure(Perplexity, result.perplexity.value, within(result.perplexity, 5));
        row->setFigure(Float, result.reference.value, numberText(result.reference.value, 5));
        row->setFigure(Ratio, result.ratio.value, within(result.ratio, 5));
        row->setFigure(MeanKl, result.divergence.value, nats(result.divergence.value));
        row->setFigure(MedianKl, result.medianKl, nats(result.medianKl));
        row->setFigure(HighKl, result.highKl, nats(result.highKl));
        row->setFigure(SameTop, result.sameTop.value, QStringLiteral("%1 ± %2 %").arg(QString::number(100 * result.sameTop.value, 'f', 2), QString::number(100 * result.sameTop.error, 'f', 2)));
        row->setFigure(Speed, result.tokensPerSecond, numberText(result.tokensPerSecond, 4));
        for (int c = 0; c <= Speed; ++c) row->setToolTip(c, state);
        row->setToolTip(Float, tr("%1 on the same tokens").arg(within(result.reference, 5)) + QLatin1Char('\n') + state);
        row->setToolTip(MeanKl, tr("%1 ± %2 nats").arg(numberText(result.divergence.value, 4), numberText(result.divergence.error, 2)) + QLatin1Char('\n') + state);
        m_runs->addTopLevelItem(row);
    }
    fitColumns(m_runs);
    if (m_shown >= 0 && m_shown < int(m_results.size())) m_runs->setCurrentItem(m_runs->topLevelItem(m_shown));
}

void RunLanguagePanel::showWeights() {
    struct Parts {
        const TextRunResult::Weight* carried = nullptr;
        const ImportanceRow* importance = nullptr;
    };
    std::vector<QString> order;
    std::map<QString, Parts> parts;
    if (m_shown >= 0 && m_shown < int(m_results.size()))
        for (const auto& weight : m_results[std::size_t(m_shown)].weights) order.push_back(weight.name), parts[weight.name].carried = &weight;
    for (const ImportanceRow& row : m_importance.rows) {
        if (!parts.contains(row.weight)) order.push_back(row.weight);
        parts[row.weight].importance = &row;
    }
    const int column = m_weights->sortColumn();
    m_weights->setSortingEnabled(false);
    m_weights->clear();
    m_weights->setIconSize({72, 14});
    for (const QString& name : order) {
        const Parts& part = parts[name];
        auto* row = new FigureRow;
        row->setText(Weight, name);
        if (part.carried) row->setFigure(Carried, part.carried->carriedDb, dbText(part.carried->carriedDb));
        if (const ImportanceRow* i = part.importance) {
            row->setIcon(Picture, QIcon(pictureOf(i->curve, palette(), devicePixelRatioF())));
            row->setData(Picture, Qt::UserRole, i->topShare);
            row->setFigure(Top, i->topShare, percentText(i->topShare));
            row->setFigure(Even, i->evenness, QString::number(i->evenness, 'f', 3));
            row->setFigure(Sum, i->sum, numberText(i->sum, 3));
            row->setFigure(Columns, double(i->columns), exactCountText(i->columns));
            row->setToolTip(Even, tr("Entropy %1 bits of log2(%2) = %3").arg(QString::number(i->entropyBits, 'f', 2), exactCountText(i->columns), QString::number(std::log2(double(std::max<qint64>(1, i->columns))), 'f', 2)));
            row->setToolTip(Picture, curveFormula());
        }
        m_weights->addTopLevelItem(row);
    }
    fitColumns(m_weights);
    for (const int c : {Picture, Top, Even, Sum, Columns}) m_weights->setColumnHidden(c, m_importance.rows.empty());
    m_weights->setSortingEnabled(true);
    if (column < 0) m_weights->sortByColumn(-1, Qt::AscendingOrder);
}

// Colours are in the rows and sentences.
void RunLanguagePanel::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_tables) setImportance(ImportanceState(m_importance));
}

void RunLanguagePanel::focusStart() { (textFile().isEmpty() ? static_cast<QWidget*>(m_text) : m_run)->setFocus(); }

}  // namespace bitlathe
