#include "widgets/panels/playground_image.h"

#include "widgets/canvas/icons.h"
#include "widgets/canvas/theme.h"
#include "widgets/models/figures.h"

#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <limits>

namespace bitlathe {

PlaygroundImage::PlaygroundImage(QWidget* parent)
    : QWidget(parent), m_picture(new QLabel), m_source(new QLabel), m_problem(new QLabel), m_summary(new QLabel), m_realHead(new QLabel), m_quantizedHead(new QLabel),
      m_sample(new QSpinBox), m_real(new ClassBars(ClassBars::Side::Float)), m_quantized(new ClassBars(ClassBars::Side::Quantized)) {
    m_picture->setMinimumSize(120, 120);
    m_picture->setAlignment(Qt::AlignCenter);
    m_picture->setAccessibleName(tr("The image"));
    m_source->setProperty("caption", true);
    m_source->setWordWrap(true);
    m_sample->setAccessibleName(tr("Sample"));
    m_sample->setPrefix(tr("Sample "));
    m_sample->setWrapping(true);
    m_sample->setKeyboardTracking(false);
    m_problem->setWordWrap(true);
    m_problem->hide();
    m_summary->setWordWrap(true);
    auto* open = new QPushButton(tr("Open an image…"));
    open->setToolTip(tr("A PNG or JPEG file; the recipe's or the data's preprocessing makes it the network's input"));
    auto* data = new QPushButton(tr("Choose data…"));
    data->setToolTip(tr("A dataset whose samples are looked at one by one; the same as the Run panel's"));
    connect(open, &QPushButton::clicked, this, &PlaygroundImage::openClicked);
    connect(data, &QPushButton::clicked, this, &PlaygroundImage::datasetClicked);
    connect(m_sample, &QSpinBox::valueChanged, this, [this](int value) { emit sampleChanged(value - 1); });

    auto* buttons = new QHBoxLayout;
    buttons->addWidget(open);
    buttons->addWidget(data);
    auto* left = new QVBoxLayout;
    left->setSpacing(6);
    left->addWidget(m_picture, 1);
    left->addWidget(m_sample);
    left->addWidget(m_source);
    left->addLayout(buttons);
    auto* right = new QGridLayout;
    right->setHorizontalSpacing(12);
    right->setVerticalSpacing(6);
    right->addWidget(m_problem, 0, 0, 1, 2);
    right->addWidget(m_realHead, 1, 0);
    right->addWidget(m_quantizedHead, 1, 1);
    right->addWidget(m_real, 2, 0);
    right->addWidget(m_quantized, 2, 1);
    right->addWidget(m_summary, 3, 0, 1, 2);
    right->setRowStretch(2, 1);
    right->setColumnStretch(0, 1);
    right->setColumnStretch(1, 1);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(12, 6, 12, 12);
    row->setSpacing(16);
    row->addLayout(left);
    row->addLayout(right, 1);
    setRecipe({});
    setSource({}, 0);
    setAnswer(nullptr);
}

void PlaygroundImage::setSource(const QString& name, qint64 samples) {
    m_source->setText(name.isEmpty() ? tr("No image yet") : samples > 0 ? tr("%1, %2").arg(name, counted(samples, tr("%1 sample"), tr("%1 samples"))) : name);
    const QSignalBlocker quiet(m_sample);
    m_sample->setRange(1, int(std::clamp<qint64>(samples, 1, std::numeric_limits<int>::max())));
    m_sample->setVisible(samples > 0);
}

qint64 PlaygroundImage::sample() const { return m_sample->value() - 1; }

void PlaygroundImage::setSample(qint64 sample) {
    const QSignalBlocker quiet(m_sample);
    m_sample->setValue(int(sample + 1));
}

void PlaygroundImage::setImage(const QImage& image) {
    m_image = image;
    fitImage();
}

void PlaygroundImage::fitImage() {
    if (m_image.isNull()) {
        m_picture->setPixmap({});
        return;
    }
    const double ratio = devicePixelRatioF();
    const QSize room = m_picture->size() * ratio;
    // Small pictures keep their pixels as squares.
    const bool enlarge = m_image.width() < room.width() && m_image.height() < room.height();
    QPixmap pixmap = QPixmap::fromImage(m_image.scaled(room, Qt::KeepAspectRatio, enlarge ? Qt::FastTransformation : Qt::SmoothTransformation));
    pixmap.setDevicePixelRatio(ratio);
    m_picture->setPixmap(pixmap);
}

void PlaygroundImage::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fitImage();
}

void PlaygroundImage::setRecipe(const QString& name) {
    m_recipe = name;
    m_realHead->setText(QStringLiteral("<span style=\"color:%1\">■</span> <b>%2</b>").arg(htmlColor(themeColors().real), tr("Float")));
    m_quantizedHead->setText(QStringLiteral("<span style=\"color:%1\">■</span> <b>%2</b>").arg(htmlColor(themeColors().quantized), (name.isEmpty() ? tr("Quantized") : tr("Quantized: %1").arg(name)).toHtmlEscaped()));
}

void PlaygroundImage::setBusy(bool busy) {
    m_busy = busy;
    if (!m_answered) showHint();
}

void PlaygroundImage::setProblem(const QString& text) {
    m_complaint = text;
    m_problem->setText(QStringLiteral("<span style=\"color:%1\">%2</span>").arg(htmlColor(themeColors().refusal), text.toHtmlEscaped()));
    m_problem->setVisible(!text.isEmpty());
}

void PlaygroundImage::showHint() {
    m_summary->setText(m_busy ? tr("Running both networks…") : tr("Choose data or open an image: both networks say what they see, and follow every change of the recipe."));
}

QString PlaygroundImage::summary() const { return m_summary->text(); }

void PlaygroundImage::setAnswer(const ImageAnswer* answer) {
    m_answered = answer != nullptr;
    if (!answer) {
        m_real->show({}, -1);
        m_quantized->show({}, -1);
        return showHint();
    }
    const auto first = [](const std::vector<ClassShare>& list) { return list.empty() ? -1 : list.front().index; };
    m_real->show(answer->real, first(answer->quantized));
    m_quantized->show(answer->quantized, first(answer->real));
    QStringList said;
    if (!answer->real.empty() && !answer->quantized.empty())
        said << (first(answer->real) == first(answer->quantized) ? tr("Both say %1.").arg(answer->real.front().name)
                                                                  : tr("Float says %1, quantized says %2.").arg(answer->real.front().name, answer->quantized.front().name));
    if (!answer->label.isEmpty()) said << tr("The label is %1.").arg(answer->label);
    said << tr("Output SQNR %1 dB.").arg(dbText(answer->outputDb));
    m_summary->setText(said.join(QLatin1Char(' ')));
}

// Colours are in the sentences.
void PlaygroundImage::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() != QEvent::PaletteChange) return;
    setRecipe(QString(m_recipe));
    setProblem(QString(m_complaint));
}

}  // namespace bitlathe
