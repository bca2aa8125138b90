#include "app/playground_measure.h"

#include "app/playground_networks.h"
#include "app/post.h"
#include "core/base/mailbox.h"
#include "core/workflow/measure_text.h"
#include "widgets/models/figures.h"
#include "widgets/panels/playground_language.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <algorithm>

namespace bitlathe {

PlaygroundMeasure::PlaygroundMeasure(Session& session, PlaygroundLanguage& page, PlaygroundShelf& shelf, QObject* parent)
    : QObject(parent), m_session(session), m_page(page), m_shelf(shelf), m_slot(session.resources().runner, postTo(this)), m_post(postTo(this)) {
    connect(&session.document(), &Document::recipeChanged, this, &PlaygroundMeasure::recipeChanged);
    connect(&session, &Session::importanceChanged, this, &PlaygroundMeasure::recipeChanged);
    connect(&session, &Session::opened, this, &PlaygroundMeasure::modelChanged);
    connect(&page, &PlaygroundLanguage::measureClicked, this, &PlaygroundMeasure::start);
    connect(&page, &PlaygroundLanguage::stopMeasuringClicked, this, &PlaygroundMeasure::stop);
    connect(&page, &PlaygroundLanguage::browseClicked, this, &PlaygroundMeasure::chooseText);
}

PlaygroundMeasure::~PlaygroundMeasure() {
    m_slot.cancel();
    if (m_job) m_session.jobs().end(m_job);
}

void PlaygroundMeasure::chooseText() {
    const QString path = QFileDialog::getOpenFileName(&m_page, tr("Text"), QFileInfo(m_session.modelPath()).path(), tr("Texts (*.txt *.raw *.md);;All files (*)"));
    if (!path.isEmpty()) m_page.setTextFile(path);
}

void PlaygroundMeasure::modelChanged() {
    m_slot.cancel();
    if (m_job) m_session.jobs().end(m_job);
    m_job = 0;
    ++m_run;
    m_recipe.reset();
    m_shown.reset();
    m_page.setMeasuring(false);
    m_page.setPerplexity(nullptr);
    // Text that lies beside the model under its name, or the demo's.
    const QFileInfo file(m_session.modelPath());
    for (const QString& name : {file.completeBaseName() + QStringLiteral("_test.txt"), QStringLiteral("language_test.txt")})
        if (const QString path = file.dir().filePath(name); QFileInfo::exists(path)) return m_page.setTextFile(path);
}

bool PlaygroundMeasure::isOld() const { return m_recipe && (*m_recipe != m_session.document().recipe() || m_importance != m_session.importance()); }

void PlaygroundMeasure::recipeChanged() {
    if (m_shown) put(*m_shown, m_finished);
}

void PlaygroundMeasure::stop() {
    if (m_job) m_session.jobs().stop(m_job);
}

void PlaygroundMeasure::start() {
    const auto& model = m_session.document().model();
    if (!model || running() || m_page.textFile().isEmpty()) return;
    m_recipe = m_session.document().recipe();
    m_importance = m_session.importance();
    m_shown.reset();
    const std::uint64_t run = ++m_run;
    m_job = m_session.jobs().begin(tr("Measuring perplexity"), [this] { m_slot.cancel(false); });
    m_page.setProblem({});
    m_page.setMeasuring(true);
    m_page.setPerplexity(nullptr);
    auto mailbox = std::make_shared<Mailbox<LanguageEvaluation>>();
    const auto show = [this, mailbox, run] {
        const auto newest = mailbox->take();
        if (newest && run == m_run && running()) put(*newest, false);
    };
    const auto keep = [this, run](std::shared_ptr<const PlaygroundNetworks> networks) {
        if (run == m_run) m_shelf.put(std::move(networks));
    };
    m_slot.start(
        [model, recipe = *m_recipe, kept = m_shelf.take(model, *m_recipe, m_session.importance()), importance = m_session.importance(), path = m_page.textFile().toStdString(), machine = m_session.resources().machine, &workers = m_session.resources().workers, mailbox, show,
         post = m_post, keep](JobContext& job) mutable {
            JobContext first = job.part(0, 0.1), second = job.part(0.1, 1);
            const auto networks = playgroundNetworks(model, recipe, std::move(kept), machine, workers, first, importance);
            post([keep, networks] { keep(networks); });
            TextQuestion question;
            question.text = path;
            question.partial = [&](const TextMeasurement& sofar) {
                if (mailbox->post(std::make_shared<const LanguageEvaluation>(sofar.evaluation))) post(show);
            };
            return std::make_shared<const TextMeasurement>(measureText(networks->quantized, networks->base->real, networks->base->tokenizer, question, workers, second));
        },
        [this](Outcome<std::shared_ptr<const TextMeasurement>> outcome) {
            m_session.jobs().end(m_job);
            m_job = 0;
            m_page.setMeasuring(false);
            if (const Error* error = outcome.error()) {
                m_page.setProblem(fromUtf8(error->message()));
                emit m_session.happened(fromUtf8(error->message()));
            } else if (outcome.ok()) {
                const TextMeasurement& measured = *outcome.value();
                put(measured.evaluation, !measured.partial);
                const LanguageFigures& f = measured.evaluation.figures;
                emit m_session.happened((measured.partial ? tr("Perplexity of a part of %1: float %2, quantized %3, KL %4 nats") : tr("Perplexity of %1: float %2, quantized %3, KL %4 nats")).arg(QFileInfo(m_page.textFile()).fileName(), numberText(f.referencePerplexity.value, 5), numberText(f.perplexity.value, 5), numberText(f.divergence.mean.value)));
            }
            if (!m_shown) m_page.setPerplexity(nullptr);
            emit finished();
        },
        m_session.jobs().reportFor(m_job), 10);
}

void PlaygroundMeasure::put(const LanguageEvaluation& sofar, bool finished) {
    m_shown = std::make_shared<const LanguageEvaluation>(sofar);
    m_finished = finished;
    const LanguageFigures& f = sofar.figures;
    PerplexityFigures shown;
    shown.text = QFileInfo(m_page.textFile()).fileName();
    shown.tokens = f.tokens;
    shown.finished = finished;
    shown.stale = isOld();
    shown.real = f.referencePerplexity.value;
    shown.realError = f.referencePerplexity.error;
    shown.quantized = f.perplexity.value;
    shown.quantizedError = f.perplexity.error;
    shown.meanKl = f.divergence.mean.value;
    shown.medianKl = f.divergence.median;
    shown.highKl = f.divergence.p99;
    shown.sameTop = f.sameTop.value;
    shown.secondsLeft = finished ? -1 : sofar.secondsLeft;
    m_page.setPerplexity(&shown);
}

}  // namespace bitlathe
