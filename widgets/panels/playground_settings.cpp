#include "widgets/panels/playground_settings.h"

#include "widgets/canvas/icons.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QShortcut>
#include <QSpinBox>
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
    made->addItems({PlaygroundSettings::tr("auto"), PlaygroundSettings::tr("f32"), PlaygroundSettings::tr("f16"), PlaygroundSettings::tr("int8"), PlaygroundSettings::tr("4 bits")});
    made->setAccessibleName(name);
    made->setToolTip(PlaygroundSettings::tr("%1 of the tokens before, as the quantized network remembers them: auto is what the recipe says (Run panel), the others are for a try; float remembers in f32").arg(name));
    return made;
}

}  // namespace

PlaygroundSettings::PlaygroundSettings(QWidget* parent)
    : QScrollArea(parent), m_prompt(new QPlainTextEdit), m_examples(new QComboBox), m_tokens(new QSpinBox), m_temperature(new QDoubleSpinBox), m_topK(new QSpinBox),
      m_topP(new QDoubleSpinBox), m_seed(new QSpinBox), m_keys(cacheTypes(tr("Keys"))), m_values(cacheTypes(tr("Values"))), m_follow(new QCheckBox(tr("Follow recipe"))),
      m_run(new QPushButton) {
    layOut();
    connect(m_run, &QPushButton::clicked, this, [this] { m_running ? emit stopClicked() : emit continueClicked(); });
    auto* key = new QShortcut(QKeySequence(Qt::CTRL | Qt::Key_Return), m_prompt, nullptr, nullptr, Qt::WidgetShortcut);
    connect(key, &QShortcut::activated, m_run, &QPushButton::click);
    auto* escape = new QShortcut(QKeySequence(Qt::Key_Escape), this, nullptr, nullptr, Qt::WidgetWithChildrenShortcut);
    connect(escape, &QShortcut::activated, this, [this] {
        if (m_running) emit stopClicked();
    });
    connect(m_examples, &QComboBox::activated, this, [this](int index) { m_prompt->setPlainText(m_examples->itemData(index).toString()); });
    connect(m_prompt, &QPlainTextEdit::textChanged, this, &PlaygroundSettings::enable);
    for (QComboBox* types : {m_keys, m_values}) connect(types, &QComboBox::currentIndexChanged, this, &PlaygroundSettings::cacheChanged);
    connect(m_follow, &QCheckBox::toggled, this, &PlaygroundSettings::followsChanged);
    setExamples({});
    setRunning(false);
}

void PlaygroundSettings::layOut() {
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
    m_follow->setChecked(true);
    m_follow->setToolTip(tr("When the recipe changes, both continue the same prompt again with the same seed"));
    m_run->setProperty("accent", true);
    for (QWidget* field : {static_cast<QWidget*>(m_tokens), static_cast<QWidget*>(m_temperature), static_cast<QWidget*>(m_topK), static_cast<QWidget*>(m_topP), static_cast<QWidget*>(m_seed), static_cast<QWidget*>(m_keys), static_cast<QWidget*>(m_values)})
        field->setMinimumWidth(58);

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
    form->addWidget(m_follow, 5, 2, 1, 2);
    form->addWidget(caption(tr("Keys"), m_keys), 6, 0);
    form->addWidget(m_keys, 6, 1);
    form->addWidget(caption(tr("Values"), m_values), 6, 2);
    form->addWidget(m_values, 6, 3);
    form->setRowStretch(1, 1);
    form->setColumnStretch(1, 1);
    form->setColumnStretch(3, 1);
    auto* inner = new QWidget;
    inner->setLayout(form);
    setWidget(inner);
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    // A filled viewport would keep the colours of the theme that it was made in.
    viewport()->setAutoFillBackground(false);
    inner->setAutoFillBackground(false);
    setMinimumSize(inner->minimumSizeHint().width() + 14, 96);
}

PlaygroundAsk PlaygroundSettings::ask() const {
    return {m_prompt->toPlainText(), m_tokens->value(), m_temperature->value(), m_topK->value(), m_topP->value(), quint64(m_seed->value()), m_keys->currentIndex(), m_values->currentIndex()};
}

void PlaygroundSettings::setAsk(const PlaygroundAsk& ask) {
    m_prompt->setPlainText(ask.prompt);
    m_tokens->setValue(ask.tokens);
    m_temperature->setValue(ask.temperature);
    m_topK->setValue(ask.topK);
    m_topP->setValue(ask.topP);
    m_seed->setValue(int(ask.seed));
    m_keys->setCurrentIndex(ask.keys);
    m_values->setCurrentIndex(ask.values);
}

void PlaygroundSettings::setExamples(const std::vector<std::pair<QString, QString>>& examples) {
    m_examples->clear();
    for (const auto& [title, prompt] : examples) m_examples->addItem(title, prompt);
    m_examples->setVisible(!examples.empty());
    if (!examples.empty()) m_prompt->setPlainText(examples.front().second);
}

void PlaygroundSettings::setRunnable(bool runnable, const QString& reason) {
    m_runnable = runnable;
    m_reason = reason;
    enable();
}

void PlaygroundSettings::setRunning(bool running) {
    m_running = running;
    m_run->setText(running ? tr("Stop") : tr("Continue the text"));
    m_run->setIcon(themeIcon(running ? QStringLiteral("stop") : QStringLiteral("play"), running ? IconColor::Text : IconColor::OnAccent));
    enable();
}

bool PlaygroundSettings::canRun() const { return m_runnable && !m_prompt->toPlainText().isEmpty(); }
bool PlaygroundSettings::follows() const { return m_follow->isChecked(); }
void PlaygroundSettings::setFollows(bool follows) { m_follow->setChecked(follows); }

void PlaygroundSettings::enable() {
    m_run->setEnabled(m_running || canRun());
    m_run->setToolTip(!m_runnable ? m_reason : !canRun() ? tr("Write the beginning of a text first.") : m_running ? tr("Keeps what was written (Esc)") : tr("Both networks continue the text (Ctrl+Return)"));
}

}  // namespace bitlathe
