#include "widgets/panels/playground_language.h"

#include "widgets/canvas/icons.h"
#include "widgets/canvas/theme.h"
#include "widgets/models/figures.h"
#include "widgets/panels/divergence_strip.h"
#include "widgets/panels/path_edit.h"
#include "widgets/panels/playground_settings.h"
#include "widgets/panels/scrolling.h"
#include "widgets/panels/token_text.h"

#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSplitter>
#include <QToolButton>
#include <algorithm>

namespace bitlathe {
namespace {

// Keeps room for `longest` from the beginning, so that nothing beside it moves when figures arrive.
class ReservedLabel : public QLabel {
public:
    explicit ReservedLabel(QString longest) : m_longest(std::move(longest)) { setWordWrap(true); }
    int heightForWidth(int width) const override {
        return std::max(QLabel::heightForWidth(width), fontMetrics().boundingRect(QRect(0, 0, width, 10'000), Qt::TextWordWrap, m_longest).height());
    }

private:
    QString m_longest;
};

// The palette's own colour for links is still the old theme's when the change is heard of.
QString link(const QString& target, const QString& text) {
    return QStringLiteral("<a style=\"color:%1\" href=\"%2\">%3</a>").arg(htmlColor(themeColors().accent), target.toHtmlEscaped(), text.toHtmlEscaped());
}

QString speedText(double tokensPerSecond) { return tokensPerSecond > 0 ? PlaygroundLanguage::tr("%1 tokens/s").arg(numberText(tokensPerSecond, tokensPerSecond < 1000 ? 3 : 4)) : QString(); }

}  // namespace

PlaygroundLanguage::PlaygroundLanguage(QWidget* parent)
    : QWidget(parent), m_settings(new PlaygroundSettings), m_problem(new QLabel),
      m_realHead(new QLabel), m_quantizedHead(new QLabel), m_summary(new QLabel), m_realText(new TokenText(TokenText::Side::Float)),
      m_quantizedText(new TokenText(TokenText::Side::Quantized)), m_strip(new DivergenceStrip), m_file(new PathEdit), m_measure(new QPushButton),
      m_figures(new ReservedLabel(tr("Float 00.00 ± 0.000, quantized 00.00 ± 0.000 · KL mean 0.0000000, median 0.0000000, 99 % below 0.0000000 nats · same top token 00.0 % · 100,000 tokens so far, 10 min 00 s left"))) {
    auto* split = new QSplitter(Qt::Horizontal);
    split->addWidget(m_settings);
    auto* right = new QWidget;
    auto* column = new QVBoxLayout(right);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_problem);
    column->addWidget(buildTexts(), 1);
    column->addWidget(m_strip);
    column->addWidget(m_summary);
    column->addWidget(buildPerplexity());
    // On a small screen it scrolls rather than pushing the other panels off.
    split->addWidget(scrolling(right));
    split->setStretchFactor(1, 1);
    split->setSizes({300, 900});
    split->setChildrenCollapsible(false);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(split);

    m_problem->setWordWrap(true);
    m_problem->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_problem->setContentsMargins(12, 6, 12, 6);
    m_problem->hide();
    m_summary->setWordWrap(true);
    m_summary->setContentsMargins(12, 4, 12, 4);
    m_summary->setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    connect(m_summary, &QLabel::linkActivated, this, &PlaygroundLanguage::layerActivated);
    connect(m_quantizedHead, &QLabel::linkActivated, this, [this] {
        if (!m_running && m_settings->canRun()) emit continueClicked();
    });
    connect(m_settings, &PlaygroundSettings::continueClicked, this, &PlaygroundLanguage::continueClicked);
    connect(m_settings, &PlaygroundSettings::stopClicked, this, &PlaygroundLanguage::stopClicked);
    for (TokenText* text : {m_realText, m_quantizedText}) connect(text, &TokenText::hoveredChanged, this, &PlaygroundLanguage::hover);
    connect(m_strip, &DivergenceStrip::hoveredChanged, this, &PlaygroundLanguage::hover);
    connect(m_measure, &QPushButton::clicked, this, [this] { m_measuring ? emit stopMeasuringClicked() : emit measureClicked(); });
    connect(m_file, &QLineEdit::editingFinished, this, &PlaygroundLanguage::textFileChanged);
    connect(m_file, &QLineEdit::textChanged, this, &PlaygroundLanguage::enable);
    setRunning(false);
    setMeasuring(false);
    setPerplexity(nullptr);
    show(Continuation{});
}

QWidget* PlaygroundLanguage::buildTexts() {
    auto* page = new QWidget;
    auto* grid = new QGridLayout(page);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(4);
    for (QLabel* head : {m_realHead, m_quantizedHead}) {
        head->setContentsMargins(10, 6, 10, 0);
        head->setMinimumWidth(80);
    }
    grid->addWidget(m_realHead, 0, 0);
    grid->addWidget(m_quantizedHead, 0, 1);
    grid->addWidget(m_realText, 1, 0);
    grid->addWidget(m_quantizedText, 1, 1);
    grid->setRowStretch(1, 1);
    grid->setColumnStretch(0, 1);
    grid->setColumnStretch(1, 1);
    return page;
}

QWidget* PlaygroundLanguage::buildPerplexity() {
    m_file->setPlaceholderText(tr("A text file to measure perplexity on"));
    m_file->setAccessibleName(tr("Text file"));
    m_file->setMinimumWidth(56);
    m_file->setMaximumWidth(520);
    m_figures->setMinimumWidth(120);
    m_figures->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    // One width for both of its words.
    m_measure->ensurePolished();
    for (const QString& word : {tr("Stop"), tr("Measure")}) {
        m_measure->setText(word);
        m_measure->setMinimumWidth(std::max(m_measure->minimumWidth(), m_measure->sizeHint().width()));
    }
    auto* browse = new QToolButton;
    browse->setIcon(themeIcon(QStringLiteral("open")));
    browse->setAccessibleName(tr("Choose the text"));
    browse->setToolTip(tr("Choose the text"));
    connect(browse, &QToolButton::clicked, this, &PlaygroundLanguage::browseClicked);
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(12, 4, 12, 8);
    column->setSpacing(4);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    auto* named = new QLabel(tr("Perplexity on"));
    named->setProperty("caption", true);
    named->setBuddy(m_file);
    row->addWidget(named);
    row->addWidget(m_file, 1);
    row->addWidget(browse);
    row->addWidget(m_measure);
    row->addStretch(0);
    column->addLayout(row);
    column->addWidget(m_figures);
    return page;
}

void PlaygroundLanguage::setRunnable(bool runnable, const QString& reason) {
    m_runnable = runnable;
    m_reason = reason;
    m_settings->setRunnable(runnable, reason);
    enable();
}

void PlaygroundLanguage::enable() {
    m_measure->setEnabled(m_measuring || (m_runnable && !m_file->text().trimmed().isEmpty()));
    m_measure->setToolTip(!m_runnable ? m_reason : m_file->text().trimmed().isEmpty() ? tr("Choose a text first.") : tr("Perplexity and divergence over the text, as llama.cpp computes them"));
}

void PlaygroundLanguage::setRunning(bool running) {
    m_running = running;
    m_settings->setRunning(running);
    showSummary();
}

void PlaygroundLanguage::setNotes(const QStringList& notes) {
    m_notes = notes;
    showSummary();
}

void PlaygroundLanguage::setProblem(const QString& text) {
    m_complaint = text;
    m_problem->setText(QStringLiteral("<span style=\"color:%1\">%2</span>").arg(htmlColor(themeColors().refusal), text.toHtmlEscaped()));
    m_problem->setVisible(!text.isEmpty());
}

void PlaygroundLanguage::setRecipe(const QString& name) {
    m_recipe = name;
    showHeads();
}

void PlaygroundLanguage::setStale(bool stale) {
    m_stale = stale;
    showHeads();
}

void PlaygroundLanguage::show(const Continuation& continuation) {
    m_shown = continuation;
    m_realText->show(continuation);
    m_quantizedText->show(continuation);
    m_strip->show(continuation);
    showHeads();
    showSummary();
}

void PlaygroundLanguage::setApart(const FirstApart* apart) {
    m_apart = apart ? std::optional(*apart) : std::nullopt;
    showSummary();
}

QString PlaygroundLanguage::apartText(const FirstApart& apart) {
    const auto place = [](const FirstApart::Place& at) { return tr("%1 (%2)").arg(link(at.target, at.name), percentText(at.error).toHtmlEscaped()); };
    const QString limit = tr("%1 %").arg(numberText(100 * apart.threshold, 1));
    QStringList said;
    if (!apart.product.name.isEmpty())
        said << (apart.product.beyond ? tr("Before that, the first layer to be more than %1 off is %2").arg(limit, place(apart.product)) : tr("No layer's output is %1 off; most: %2").arg(limit, place(apart.product)));
    if (!apart.block.name.isEmpty())
        said << (apart.block.beyond ? tr("of what flows on between blocks, %1").arg(place(apart.block)) : tr("nothing that flows on between blocks is; most: %1").arg(place(apart.block)));
    return said.join(tr("; ")) + QLatin1Char('.');
}

QString PlaygroundLanguage::summaryTip() const {
    QStringList tip;
    if (m_apart)
        tip << tr("Off: ‖float − quantized‖ ÷ ‖float‖ of a layer's output at the last token that both have read alike, with all the errors before it. Between blocks the sum of all layers so far flows, so errors there count less.\nA click shows the layer in the table.");
    constexpr int kMostNotes = 10;
    for (int i = 0; i < std::min(int(m_notes.size()), kMostNotes); ++i) tip << m_notes[i];
    if (m_notes.size() > kMostNotes) tip << tr("… and %1 more").arg(m_notes.size() - kMostNotes);
    return tip.join(QLatin1Char('\n'));
}

void PlaygroundLanguage::showHeads() {
    const auto head = [](const QString& name, Rgba color, const ShownSide& side) {
        QString text = QStringLiteral("<span style=\"color:%1\">■</span> <b>%2</b>").arg(htmlColor(color), name.toHtmlEscaped());
        if (const QString speed = speedText(side.tokensPerSecond); !speed.isEmpty()) text += QStringLiteral(" · ") + speed;
        return text;
    };
    m_realHead->setText(head(tr("Float"), themeColors().real, m_shown.real));
    QString quantized = head(m_recipe.isEmpty() ? tr("Quantized") : tr("Quantized: %1").arg(m_recipe), themeColors().quantized, m_shown.quantized);
    if (m_stale) quantized += tr(" · <span style=\"color:%1\">stale: asked otherwise since</span> · %2").arg(htmlColor(themeColors().warning), link(QStringLiteral("again"), tr("run again")));
    m_quantizedHead->setText(quantized);
}

void PlaygroundLanguage::showSummary() {
    const int parts = m_shown.partsAt();
    const std::size_t both = std::min(m_shown.real.tokens.size(), m_shown.quantized.tokens.size());
    QStringList said;
    if (m_shown.real.tokens.empty() && m_shown.quantized.tokens.empty()) {
        said << (m_running ? tr("Reading the prompt…") : tr("Write a prompt and press Continue: both networks go on from it, and the tokens that differ are marked."));
    } else if (parts >= 0) {
        const ShownToken &a = m_shown.real.tokens[std::size_t(parts)], &b = m_shown.quantized.tokens[std::size_t(parts)];
        said << tr("The texts part at token %1: float says “%2” (%3), quantized “%4” (%5).")
                    .arg(parts + 1).arg(a.text.trimmed().toHtmlEscaped(), percentText(a.probability).toHtmlEscaped(), b.text.trimmed().toHtmlEscaped(), percentText(b.probability).toHtmlEscaped());
    } else if (both > 0) {
        said << tr("The same text so far: %1.").arg(counted(std::int64_t(both), tr("%1 token"), tr("%1 tokens")));
    }
    if (m_apart) said << apartText(*m_apart);
    if (!m_shown.divergence.empty()) said << tr("KL %1 nats on average.").arg(numberText(m_shown.meanDivergence()));
    if (m_shown.real.contextFull || m_shown.quantized.contextFull)
        said << (!m_shown.quantized.contextFull ? tr("Float stopped: its context is full.") : !m_shown.real.contextFull ? tr("Quantized stopped: its context is full.") : tr("Both stopped: the context is full."));
    if (!m_notes.isEmpty())
        said << QStringLiteral("<span style=\"color:%1\">%2</span>").arg(htmlColor(themeColors().warning), counted(std::int64_t(m_notes.size()), tr("%1 layer runs otherwise than asked"), tr("%1 layers run otherwise than asked")).toHtmlEscaped() + tr(" (hover)."));
    m_summary->setText(said.join(QLatin1Char(' ')));
    m_summary->setToolTip(summaryTip());
}

void PlaygroundLanguage::hover(int place) {
    m_realText->setHovered(place);
    m_quantizedText->setHovered(place);
    m_strip->setHovered(place);
}

QString PlaygroundLanguage::textFile() const { return m_file->text().trimmed(); }

void PlaygroundLanguage::setTextFile(const QString& path) {
    m_file->setText(path);
}

void PlaygroundLanguage::setMeasuring(bool measuring) {
    m_measuring = measuring;
    m_measure->setText(measuring ? tr("Stop") : tr("Measure"));
    enable();
}

QString PlaygroundLanguage::perplexityText() const { return m_figures->text(); }

void PlaygroundLanguage::setPerplexity(const PerplexityFigures* figures) {
    m_measured = figures ? std::optional(*figures) : std::nullopt;
    if (!figures) {
        m_figures->setText(m_measuring ? tr("Preparing…") : tr("Not measured yet."));
        return;
    }
    const auto with = [](double value, double error) {
        return error > 0 ? tr("<b>%1</b> ± %2").arg(numberText(value, 4), numberText(error, 2)) : tr("<b>%1</b>").arg(numberText(value, 4));
    };
    QString text = tr("Float %1, quantized %2 · KL mean %3, median %4, 99 % below %5 nats · same top token %6 · %7 tokens")
                       .arg(with(figures->real, figures->realError), with(figures->quantized, figures->quantizedError), numberText(figures->meanKl), numberText(figures->medianKl),
                            numberText(figures->highKl), percentText(figures->sameTop), exactCountText(figures->tokens));
    if (!figures->finished) text += figures->secondsLeft >= 0 ? tr(" so far, %1 left").arg(durationText(figures->secondsLeft)) : tr(" so far");
    if (figures->stale) text += tr(" · <span style=\"color:%1\">stale</span>").arg(htmlColor(themeColors().warning));
    m_figures->setText(text);
    m_figures->setToolTip(tr("Perplexity: exp of the mean negative log-probability of the next token, over the second half of each window of the text; ± one standard error.\nKL: Σ p·ln(p / q) over the vocabulary, p float, q quantized."));
}

// Colours are in the sentences.
void PlaygroundLanguage::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() != QEvent::PaletteChange) return;
    showHeads();
    showSummary();
    setProblem(QString(m_complaint));
    if (const auto measured = m_measured) setPerplexity(&*measured);
}

}  // namespace bitlathe
