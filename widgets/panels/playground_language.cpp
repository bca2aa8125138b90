#include "widgets/panels/playground_language.h"

#include "widgets/canvas/icons.h"
#include "widgets/canvas/theme.h"
#include "widgets/models/figures.h"
#include "widgets/panels/divergence_strip.h"
#include "widgets/panels/path_edit.h"
#include "widgets/panels/token_text.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QShortcut>
#include <QSpinBox>
#include <QSplitter>
#include <QToolButton>
#include <algorithm>
#include <limits>

namespace bitlathe {
namespace {

QLabel* caption(const QString& text, QWidget* buddy) {
    auto* made = new QLabel(text);
    made->setProperty("caption", true);
    made->setBuddy(buddy);
    return made;
}

QComboBox* cacheTypes(const QString& name) {
    auto* made = new QComboBox;
    made->addItems({PlaygroundLanguage::tr("f32"), PlaygroundLanguage::tr("f16"), PlaygroundLanguage::tr("int8"), PlaygroundLanguage::tr("4 bits")});
    made->setCurrentIndex(1);
    made->setAccessibleName(name);
    made->setToolTip(PlaygroundLanguage::tr("%1 of the tokens before, as the quantized network remembers them; float remembers in f32").arg(name));
    return made;
}

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
    : QWidget(parent), m_prompt(new QPlainTextEdit), m_examples(new QComboBox), m_tokens(new QSpinBox), m_temperature(new QDoubleSpinBox), m_topK(new QSpinBox),
      m_topP(new QDoubleSpinBox), m_seed(new QSpinBox), m_keys(cacheTypes(tr("Keys"))), m_values(cacheTypes(tr("Values"))), m_run(new QPushButton), m_problem(new QLabel),
      m_realHead(new QLabel), m_quantizedHead(new QLabel), m_summary(new QLabel), m_realText(new TokenText(TokenText::Side::Float)),
      m_quantizedText(new TokenText(TokenText::Side::Quantized)), m_strip(new DivergenceStrip), m_file(new PathEdit), m_measure(new QPushButton),
      m_figures(new ReservedLabel(tr("Float 00.00 ± 0.000, quantized 00.00 ± 0.000 · KL mean 0.0000000, median 0.0000000, 99 % below 0.0000000 nats · same top token 00.0 % · 100,000 tokens so far, 10 min 00 s left"))) {
    auto* split = new QSplitter(Qt::Horizontal);
    split->addWidget(buildSettings());
    auto* right = new QWidget;
    auto* column = new QVBoxLayout(right);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_problem);
    column->addWidget(buildTexts(), 1);
    column->addWidget(m_strip);
    column->addWidget(m_summary);
    column->addWidget(buildPerplexity());
    split->addWidget(right);
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
        if (!m_running && m_run->isEnabled()) emit continueClicked();
    });
    connect(m_run, &QPushButton::clicked, this, [this] { m_running ? emit stopClicked() : emit continueClicked(); });
    auto* key = new QShortcut(QKeySequence(Qt::CTRL | Qt::Key_Return), m_prompt, nullptr, nullptr, Qt::WidgetShortcut);
    connect(key, &QShortcut::activated, m_run, &QPushButton::click);
    connect(m_examples, &QComboBox::activated, this, [this](int index) { m_prompt->setPlainText(m_examples->itemData(index).toString()); });
    connect(m_prompt, &QPlainTextEdit::textChanged, this, &PlaygroundLanguage::enable);
    for (TokenText* text : {m_realText, m_quantizedText}) connect(text, &TokenText::hoveredChanged, this, &PlaygroundLanguage::hover);
    connect(m_strip, &DivergenceStrip::hoveredChanged, this, &PlaygroundLanguage::hover);
    connect(m_measure, &QPushButton::clicked, this, [this] { m_measuring ? emit stopMeasuringClicked() : emit measureClicked(); });
    connect(m_file, &QLineEdit::editingFinished, this, &PlaygroundLanguage::textFileChanged);
    connect(m_file, &QLineEdit::textChanged, this, &PlaygroundLanguage::enable);
    setExamples({});
    setRunning(false);
    setMeasuring(false);
    setPerplexity(nullptr);
    show(Continuation{});
}

QWidget* PlaygroundLanguage::buildSettings() {
    m_prompt->setPlaceholderText(tr("Write the beginning of a text"));
    m_prompt->setAccessibleName(tr("Prompt"));
    m_prompt->setTabChangesFocus(true);
    m_prompt->setMinimumHeight(76);  // three lines
    m_examples->setAccessibleName(tr("Examples"));
    m_tokens->setRange(1, 100'000);
    m_tokens->setValue(96);
    m_tokens->setAccessibleName(tr("Tokens to make"));
    m_temperature->setRange(0, 5);
    m_temperature->setSingleStep(0.1);
    m_temperature->setAccessibleName(tr("Temperature"));
    m_temperature->setToolTip(tr("Probabilities are drawn from p^(1 / temperature). 0 takes the most probable token every time: then every difference comes from quantization alone."));
    m_topK->setRange(0, 1'000'000);
    m_topK->setSpecialValueText(tr("All"));
    m_topK->setValue(40);
    m_topK->setAccessibleName(tr("Top-k"));
    m_topK->setToolTip(tr("Draw among so many of the most probable tokens"));
    m_topP->setRange(0.01, 1);
    m_topP->setSingleStep(0.05);
    m_topP->setValue(0.95);
    m_topP->setAccessibleName(tr("Top-p"));
    m_topP->setToolTip(tr("Draw among the most probable tokens that together have this probability"));
    m_seed->setRange(0, std::numeric_limits<int>::max());
    m_seed->setValue(1);
    m_seed->setAccessibleName(tr("Seed"));
    m_seed->setToolTip(tr("Both sides draw with the same seed"));
    m_run->setProperty("accent", true);
    for (QWidget* field : {static_cast<QWidget*>(m_tokens), static_cast<QWidget*>(m_temperature), static_cast<QWidget*>(m_topK), static_cast<QWidget*>(m_topP), static_cast<QWidget*>(m_seed), static_cast<QWidget*>(m_keys), static_cast<QWidget*>(m_values)})
        field->setMinimumWidth(72);

    auto* form = new QGridLayout;
    form->setContentsMargins(12, 6, 12, 12);
    form->setHorizontalSpacing(8);
    form->setVerticalSpacing(6);
    form->addWidget(m_examples, 0, 0, 1, 4);
    form->addWidget(m_prompt, 1, 0, 1, 4);
    form->addWidget(m_run, 2, 0, 1, 4);
    form->addWidget(caption(tr("Tokens"), m_tokens), 3, 0);
    form->addWidget(m_tokens, 3, 1);
    form->addWidget(caption(tr("Seed"), m_seed), 3, 2);
    form->addWidget(m_seed, 3, 3);
    form->addWidget(caption(tr("Temp."), m_temperature), 4, 0);
    form->addWidget(m_temperature, 4, 1);
    form->addWidget(caption(tr("Top-k"), m_topK), 4, 2);
    form->addWidget(m_topK, 4, 3);
    form->addWidget(caption(tr("Top-p"), m_topP), 5, 0);
    form->addWidget(m_topP, 5, 1);
    form->addWidget(caption(tr("Keys"), m_keys), 6, 0);
    form->addWidget(m_keys, 6, 1);
    form->addWidget(caption(tr("Values"), m_values), 6, 2);
    form->addWidget(m_values, 6, 3);
    form->setRowStretch(1, 1);
    form->setColumnStretch(1, 1);
    form->setColumnStretch(3, 1);
    auto* inner = new QWidget;
    inner->setLayout(form);
    auto* scroll = new QScrollArea;
    scroll->setWidget(inner);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    // A filled viewport would keep the colours of the theme that it was made in.
    scroll->viewport()->setAutoFillBackground(false);
    inner->setAutoFillBackground(false);
    scroll->setMinimumWidth(inner->minimumSizeHint().width() + 14);
    return scroll;
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
    m_file->setMinimumWidth(120);
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
    row->addWidget(caption(tr("Perplexity on"), m_file));
    row->addWidget(m_file, 1);
    row->addWidget(browse);
    row->addWidget(m_measure);
    row->addStretch(0);
    column->addLayout(row);
    column->addWidget(m_figures);
    return page;
}

PlaygroundAsk PlaygroundLanguage::ask() const {
    return {m_prompt->toPlainText(), m_tokens->value(), m_temperature->value(), m_topK->value(), m_topP->value(), quint64(m_seed->value()), m_keys->currentIndex(), m_values->currentIndex()};
}

void PlaygroundLanguage::setAsk(const PlaygroundAsk& ask) {
    m_prompt->setPlainText(ask.prompt);
    m_tokens->setValue(ask.tokens);
    m_temperature->setValue(ask.temperature);
    m_topK->setValue(ask.topK);
    m_topP->setValue(ask.topP);
    m_seed->setValue(int(ask.seed));
    m_keys->setCurrentIndex(ask.keys);
    m_values->setCurrentIndex(ask.values);
}

void PlaygroundLanguage::setExamples(const std::vector<std::pair<QString, QString>>& examples) {
    m_examples->clear();
    for (const auto& [title, prompt] : examples) m_examples->addItem(title, prompt);
    m_examples->setVisible(!examples.empty());
    if (!examples.empty()) m_prompt->setPlainText(examples.front().second);
}

void PlaygroundLanguage::setRunnable(bool runnable, const QString& reason) {
    m_runnable = runnable;
    m_reason = reason;
    enable();
}

void PlaygroundLanguage::enable() {
    const bool some = !m_prompt->toPlainText().isEmpty();
    m_run->setEnabled(m_running || (m_runnable && some));
    m_run->setToolTip(!m_runnable ? m_reason : !some ? tr("Write the beginning of a text first.") : tr("Both networks continue the text (Ctrl+Return)"));
    m_measure->setEnabled(m_measuring || (m_runnable && !m_file->text().trimmed().isEmpty()));
    m_measure->setToolTip(!m_runnable ? m_reason : m_file->text().trimmed().isEmpty() ? tr("Choose a text first.") : tr("Perplexity and divergence over the text, as llama.cpp computes them"));
}

void PlaygroundLanguage::setRunning(bool running) {
    m_running = running;
    m_run->setText(running ? tr("Stop") : tr("Continue the text"));
    m_run->setIcon(themeIcon(running ? QStringLiteral("stop") : QStringLiteral("play"), running ? IconColor::Text : IconColor::OnAccent));
    enable();
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
    m_hasApart = apart != nullptr;
    m_apart = apart ? *apart : FirstApart{};
    showSummary();
}

void PlaygroundLanguage::showHeads() {
    const auto head = [](const QString& name, Rgba color, const ShownSide& side) {
        QString text = QStringLiteral("<span style=\"color:%1\">■</span> <b>%2</b>").arg(htmlColor(color), name.toHtmlEscaped());
        if (const QString speed = speedText(side.tokensPerSecond); !speed.isEmpty()) text += QStringLiteral(" · ") + speed;
        return text;
    };
    m_realHead->setText(head(tr("Float"), themeColors().real, m_shown.real));
    QString quantized = head(m_recipe.isEmpty() ? tr("Quantized") : tr("Quantized: %1").arg(m_recipe), themeColors().quantized, m_shown.quantized);
    if (m_stale) quantized += tr(" · <span style=\"color:%1\">stale: the recipe has changed</span> · %2").arg(htmlColor(themeColors().warning), link(QStringLiteral("again"), tr("run again")));
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
    if (m_hasApart)
        said << (m_apart.beyond ? tr("Before that, what flows out of %1 is the first to be more than 5 % off: %2 of its length.") : tr("What flows between blocks is nowhere 5 % off; most after %1: %2 of its length."))
                    .arg(link(m_apart.target, m_apart.layer), percentText(m_apart.relativeError).toHtmlEscaped());
    if (!m_shown.divergence.empty()) said << tr("KL %1 nats on average.").arg(numberText(m_shown.meanDivergence()));
    m_summary->setText(said.join(QLatin1Char(' ')));
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
