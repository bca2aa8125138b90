#include "app/run_language_control.h"

#include "app/playground_networks.h"
#include "app/post.h"
#include "app/tensor_layers.h"
#include "core/base/mailbox.h"
#include "core/language/architecture.h"
#include "core/workflow/model_presets.h"
#include "core/workflow/project_model.h"
#include "core/workflow/cache_size.h"
#include "core/workflow/measure_text.h"
#include "widgets/models/figures.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <algorithm>
#include <limits>

namespace bitlathe {

namespace {

constexpr std::int64_t kCarriedTokens = 512;
constexpr std::size_t kMostResults = 40;
using What = RunLanguagePanel::What;

// The part of a recipe that is measured.
Recipe partOf(const Recipe& recipe, What what) {
    if (what == What::All) return recipe;
    Recipe part;
    part.name = recipe.name;
    if (what == What::CacheAlone) part.cache = recipe.cache;
    else part = recipe, part.cache = {};
    return part;
}

}  // namespace

RunLanguageControl::RunLanguageControl(Session& session, RunLanguagePanel& panel, QObject* parent)
    : QObject(parent), m_session(session), m_panel(panel), m_slot(session.resources().runner, postTo(this)), m_post(postTo(this)), m_shelf(std::make_unique<PlaygroundShelf>()) {
    connect(&session, &Session::opened, this, &RunLanguageControl::modelChanged);
    connect(&session, &Session::importanceChanged, this, &RunLanguageControl::recipeChanged);
    connect(&session.document(), &Document::recipeChanged, this, &RunLanguageControl::recipeChanged);
    connect(&panel, &RunLanguagePanel::runClicked, this, &RunLanguageControl::start);
    connect(&panel, &RunLanguagePanel::stopClicked, this, &RunLanguageControl::stop);
    connect(&panel, &RunLanguagePanel::browseClicked, this, &RunLanguageControl::chooseText);
    connect(&panel, &RunLanguagePanel::settingsChanged, this, &RunLanguageControl::refresh);
    connect(&panel, &RunLanguagePanel::cacheEdited, this, &RunLanguageControl::editCache);
    connect(&panel, &RunLanguagePanel::weightActivated, this, &RunLanguageControl::layerWanted);
    connect(&panel, &RunLanguagePanel::resultPicked, this, [this](int index) {
        m_shown = index;
        emit resultChanged();
    });
}

RunLanguageControl::~RunLanguageControl() {
    m_slot.cancel();
    if (m_job) m_session.jobs().end(m_job);
}

void RunLanguageControl::chooseText() {
    if (const QString path = QFileDialog::getOpenFileName(&m_panel, tr("Text to measure on"), QFileInfo(m_session.modelPath()).path(), tr("Texts (*.txt *.raw *.md);;All files (*)")); !path.isEmpty()) m_panel.setTextFile(path);
}

void RunLanguageControl::modelChanged() {
    m_slot.cancel();
    if (m_job) m_session.jobs().end(m_job);
    m_job = 0;
    ++m_run;
    m_shelf->clear();
    if (!m_session.reloading()) m_kept.clear();
    m_partial.reset();
    m_shown = m_kept.empty() ? -1 : 0;
    m_spec.reset();
    m_runs = false;
    m_panel.setRunning(false);
    m_panel.setProblem({});
    const auto& model = m_session.document().model();
    try {
        if (const auto spec = model && model->graph.weightsOnly ? describeLanguage(*model) : std::nullopt) m_spec = std::make_unique<LanguageSpec>(*spec);
    } catch (const Error&) {  // the playground says why
    }
    m_runs = m_spec && m_spec->runs() && !m_spec->encoder;
    showResults();
    if (!takes()) return;
    const auto learned = int(std::clamp<std::int64_t>(m_spec->context > 0 ? m_spec->context : 512, 4, 131072));
    m_panel.setContext(std::min(512, learned), learned);
    // Text that lies beside the model under its name, or the demo's.
    const QFileInfo file(m_session.modelPath());
    QString text;
    for (const QString& name : {file.completeBaseName() + QStringLiteral("_test.txt"), QStringLiteral("language_test.txt")})
        if (const QString path = file.dir().filePath(name); text.isEmpty() && QFileInfo::exists(path)) text = path;
    m_panel.setTextFile(text);
    recipeChanged();
}

void RunLanguageControl::showCache() {
    if (!takes()) return;
    const CacheChoice& choice = m_session.document().recipe().cache;
    const CacheSize size = cacheSizeOf(*m_spec, choice), plain = cacheSizeOf(*m_spec, CacheChoice());
    QString text = tr("%1 a token, %2 for %3 tokens; f32: %4").arg(bytesText(size.bytesPerToken), bytesText(size.bytes()), exactCountText(size.context), bytesText(plain.bytesPerToken));
    bool problem = false;
    for (const Issue& issue : cacheIssues(choice, *m_spec)) {
        problem = problem || issue.level == Issue::Level::Error;
        text = fromUtf8(issue.message) + QStringLiteral("; ") + fromUtf8(issue.cure);
        if (problem) break;
    }
    m_panel.setCache(fromUtf8(cacheLine(choice, CacheSide::Keys)), fromUtf8(cacheLine(choice, CacheSide::Values)), text, problem);
}

void RunLanguageControl::editCache(bool keys, const QString& line) {
    if (!takes()) return;
    Recipe recipe = m_session.document().recipe();
    const CacheSide side = keys ? CacheSide::Keys : CacheSide::Values;
    try {
        if (line.isEmpty()) {
            recipe.cache = withCacheLine(recipe.cache, side, "f32", m_spec->layers);
            (keys ? recipe.cache.all.keys : recipe.cache.all.values).reset();
        } else {
            // The line says all of this side: what it leaves out is not as it was, but as usual.
            CacheChoice cleared = withCacheLine(recipe.cache, side, "f32", m_spec->layers);
            (keys ? cleared.all.keys : cleared.all.values).reset();
            recipe.cache = withCacheLine(std::move(cleared), side, line.toStdString(), m_spec->layers);
        }
        m_panel.setProblem({});
    } catch (const Error& error) {
        m_panel.setProblem(fromUtf8(error.message()));
        return;
    }
    m_session.document().edit(std::move(recipe), (keys ? tr("Keys in %1") : tr("Values in %1")).arg(line.isEmpty() ? tr("float32") : line));
    showCache();
}

bool RunLanguageControl::isStale(const KeptTextEvaluation& kept) const {
    const Recipe& now = m_session.document().recipe();
    const ImportancePtr importance = m_session.importance();
    const bool otherColumns = codesWeights(kept.recipe) && kept.importance != (importance ? importance->identity : std::string());
    const auto& model = m_session.document().model();
    return otherColumns || (model && kept.model != lastingIdentity(*model)) || (kept.recipe != now && kept.recipe != partOf(now, What::CacheAlone) && kept.recipe != partOf(now, What::WeightsAlone));
}

void RunLanguageControl::recipeChanged() {
    if (!takes()) return;
    showCache();
    showResults();
    refresh();
}

void RunLanguageControl::refresh() {
    if (!takes()) return m_panel.setRunnable(false, tr("Open a language model first."));
    if (m_panel.textFile().isEmpty()) return m_panel.setRunnable(false, tr("Choose the text to measure on."));
    m_panel.setRunnable(true, tr("Measure the recipe against the source in float on this text"));
}

void RunLanguageControl::start() {
    const auto& model = m_session.document().model();
    if (!model || !takes() || running() || m_panel.textFile().isEmpty()) return;
    KeptTextEvaluation asked;
    asked.model = lastingIdentity(*model);
    asked.recipe = partOf(m_session.document().recipe(), m_panel.what());
    asked.text = m_panel.textFile().toStdString();
    asked.mode = m_panel.engine() == 0 ? EngineMode::Simulated : EngineMode::Integer;
    asked.context = m_panel.context();
    asked.mostWindows = m_panel.mostWindows();
    const ImportancePtr importance = m_session.importance();
    if (importance) asked.importance = importance->identity;
    const std::uint64_t run = ++m_run;
    m_job = m_session.jobs().begin(tr("Measuring on %1").arg(QFileInfo(m_panel.textFile()).fileName()), [this] { m_slot.cancel(false); });
    m_panel.setProblem({});
    m_panel.setRunning(true);
    auto mailbox = std::make_shared<Mailbox<KeptTextEvaluation>>();
    const auto show = [this, mailbox, run] {
        const auto newest = mailbox->take();
        if (newest && run == m_run && running()) put(*newest, true);
    };
    auto networks = std::make_shared<std::shared_ptr<const PlaygroundNetworks>>();
    m_slot.start(
        [model, asked, importance, kept = m_shelf->take(model, asked.recipe, importance, asked.mode), machine = m_session.resources().machine, &workers = m_session.resources().workers, mailbox, show, post = m_post, networks](JobContext& job) mutable {
            JobContext first = job.part(0, 0.1), second = job.part(0.1, 1);
            *networks = playgroundNetworks(model, asked.recipe, std::move(kept), machine, workers, first, importance, asked.mode);
            const PlaygroundNetworks& both = **networks;
            TextQuestion question;
            question.text = asked.text;
            question.windows.context = asked.context;
            question.mostWindows = asked.mostWindows;
            question.carriedTokens = kCarriedTokens;
            const auto record = [&](const TextMeasurement& measured) {
                auto made = std::make_shared<KeptTextEvaluation>(asked);
                made->evaluation = measured.evaluation;
                made->layers = measured.layers;
                made->partial = measured.partial;
                return std::shared_ptr<const KeptTextEvaluation>(std::move(made));
            };
            question.partial = [&](const TextMeasurement& sofar) {
                if (mailbox->post(record(sofar))) post(show);
            };
            return record(measureText(both.quantized, both.base->real, both.base->tokenizer, question, workers, second));
        },
        [this, networks](Outcome<std::shared_ptr<const KeptTextEvaluation>> outcome) {
            m_session.jobs().end(m_job);
            m_job = 0;
            m_partial.reset();
            m_panel.setRunning(false);
            if (const Error* error = outcome.error()) {
                m_panel.setProblem(fromUtf8(error->message()));
                emit m_session.happened(fromUtf8(error->message()));
            } else if (outcome.ok()) {
                m_shelf->put(*networks);
                put(*outcome.value(), false);
                const LanguageFigures& f = outcome.value()->evaluation.figures;
                emit m_session.happened(tr("%1, %2 tokens%3: perplexity %4, float %5, mean KL %6 nats")
                                            .arg(QFileInfo(fromUtf8(outcome.value()->text)).fileName(), exactCountText(f.tokens), outcome.value()->partial ? tr(" (part)") : QString(), numberText(f.perplexity.value, 5),
                                                 numberText(f.referencePerplexity.value, 5), numberText(f.divergence.mean.value, 3)));
            }
            showResults();
            refresh();
            emit finished();
        },
        m_session.jobs().reportFor(m_job), 10);
}

void RunLanguageControl::stop() {
    if (m_job) m_session.jobs().stop(m_job);
}

// The newest stands first; a finished run takes the place of an older one that asked the same.
void RunLanguageControl::put(KeptTextEvaluation kept, bool running) {
    auto shared = std::make_shared<const KeptTextEvaluation>(std::move(kept));
    // What somebody looks at stays in view while another is measured.
    if (running) {
        if (!m_partial) m_shown = 0;
        m_partial = std::move(shared);
        return showResults();
    }
    std::erase_if(m_kept, [&](const auto& old) {
        return old->model == shared->model && old->recipe == shared->recipe && old->text == shared->text && old->importance == shared->importance && old->mode == shared->mode && old->context == shared->context && old->mostWindows == shared->mostWindows;
    });
    m_shown = 0;
    m_kept.insert(m_kept.begin(), std::move(shared));
    if (m_kept.size() > kMostResults) m_kept.pop_back();
    showResults();
}

void RunLanguageControl::restore(const std::vector<KeptTextEvaluation>& evaluations) {
    for (auto kept = evaluations.rbegin(); kept != evaluations.rend(); ++kept) put(*kept, false);
    if (!m_kept.empty() && m_panel.textFile().isEmpty()) m_panel.setTextFile(fromUtf8(m_kept.front()->text));
}

TextRunResult RunLanguageControl::resultOf(const KeptTextEvaluation& kept) const {
    const auto estimate = [](const Estimate& e) { return TextFigure{e.value, e.error}; };
    const LanguageEvaluation& e = kept.evaluation;
    const LanguageFigures& f = e.figures;
    TextRunResult result;
    result.engine = kept.mode == EngineMode::Integer ? tr("Integer") : tr("Simulated");
    const QString cache = fromUtf8(cacheText(kept.recipe.cache));
    const auto& model = m_session.document().model();
    const QString name = model ? fromUtf8(recipeTitle(kept.recipe, *model)) : fromUtf8(kept.recipe.name);
    result.recipe = !codesWeights(kept.recipe) ? tr("KV alone: %1").arg(cache.isEmpty() ? tr("f32") : cache) : cache.isEmpty() ? name : tr("%1; %2").arg(name, cache);
    if (!kept.importance.empty() && codesWeights(kept.recipe)) result.recipe += tr(" + importance");
    result.text = QFileInfo(fromUtf8(kept.text)).fileName();
    result.tokens = f.tokens;
    result.windows = e.windows;
    result.windowsDone = e.windowsDone;
    result.partial = kept.partial;
    result.stale = isStale(kept);
    result.perplexity = estimate(f.perplexity);
    result.reference = estimate(f.referencePerplexity);
    result.ratio = estimate(f.ratio);
    result.divergence = estimate(f.divergence.mean);
    result.sameTop = estimate(f.sameTop);
    result.medianKl = f.divergence.median;
    result.highKl = f.divergence.p99;
    result.tokensPerSecond = e.tokensPerSecond;
    const TensorLayers layers(*m_session.document().model());
    for (const CarriedError& layer : kept.layers) result.weights.push_back({fromUtf8(layers.of(layer.tensor)), layer.sqnrDb});
    return result;
}

void RunLanguageControl::showResults() {
    std::vector<TextRunResult> results;
    if (m_partial) {
        results.push_back(resultOf(*m_partial));
        results.back().running = true;
        results.back().secondsLeft = m_partial->evaluation.secondsLeft;
    }
    for (const auto& kept : m_kept) results.push_back(resultOf(*kept));
    if (m_shown >= int(results.size())) m_shown = int(results.size()) - 1;
    m_panel.setResults(results, m_shown);
    emit resultChanged();
}

std::optional<RunLanguageControl::Carried> RunLanguageControl::carriedSqnr(const std::string& layer) const {
    const auto& results = m_panel.results();
    if (!takes() || m_shown < 0 || m_shown >= int(results.size())) return std::nullopt;
    const TextRunResult& result = results[std::size_t(m_shown)];
    for (const auto& weight : result.weights)
        if (weight.name == fromUtf8(layer)) return Carried{weight.carriedDb, tr("the first %1 tokens of %2").arg(exactCountText(kCarriedTokens), result.text), result.stale};
    return std::nullopt;
}

}  // namespace bitlathe
