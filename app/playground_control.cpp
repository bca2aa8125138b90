#include "app/playground_control.h"

#include "app/playground_image_control.h"
#include "app/playground_measure.h"
#include "app/playground_networks.h"
#include "app/post.h"
#include "core/base/mailbox.h"
#include "core/language/architecture.h"
#include "core/workflow/model_presets.h"
#include "core/workflow/side_by_side.h"
#include "widgets/models/figures.h"
#include "widgets/panels/playground_language.h"
#include "widgets/panels/playground_panel.h"

#include <QFileInfo>
#include <algorithm>
#include <cmath>

namespace bitlathe {
namespace {

// As the choosers list them; first: what the recipe says.
constexpr std::optional<CacheType> kCacheTypes[] = {std::nullopt, CacheType::F32, CacheType::F16, CacheType::Int8, CacheType::Int4};

// The demo's own, and what any model can go on from.
std::vector<std::pair<QString, QString>> examplesFor(const QString& model) {
    if (model.startsWith(QStringLiteral("tales-")))
        return {{PlaygroundControl::tr("A story"), QStringLiteral("Hugo was a brave boy who lived near a park. One morning he went to the park. Hugo had a purple boat that he loved very much.")},
                {PlaygroundControl::tr("Who has what"), QStringLiteral("Anna has a red ball. Tom has a blue kite. One day they meet in the park.")},
                {PlaygroundControl::tr("Counting"), QStringLiteral("There was once a kind boy called Max. He had nine apples in his basket. Then he found four more.")},
                {PlaygroundControl::tr("Questions"), QStringLiteral("Question: What is the capital of Norway?\nAnswer:")},
                {PlaygroundControl::tr("In the shop"), QStringLiteral("Mia: Good morning, Leo. Do you have plums today?\nLeo: Good morning, Mia. Yes, one plum costs three coins.\nMia: Then I take four plums.")},
                {PlaygroundControl::tr("Sums"), QStringLiteral("3 + 4 = 7\n12 - 5 = 7\n6 * 7 =")}};
    return {{PlaygroundControl::tr("A story"), QStringLiteral("Once upon a time")}, {PlaygroundControl::tr("A fact"), QStringLiteral("The capital of France is")}};
}

QString capitalized(QString sentence) {
    if (!sentence.isEmpty()) sentence[0] = sentence[0].toUpper();
    return sentence;
}

ShownSide shownSide(const ContinuedSide& side, const Tokenizer& tokenizer) {
    ShownSide shown;
    shown.tokensPerSecond = side.tokensPerSecond;
    shown.finished = side.finished;
    shown.contextFull = side.contextFull;
    for (const ContinuedToken& token : side.tokens) {
        ShownToken t{token.token, fromUtf8(token.text), token.probability, {}};
        for (const TokenShare& share : token.best) t.best.push_back({fromUtf8(tokenizer.piece(share.token)), share.probability});
        shown.tokens.push_back(std::move(t));
    }
    return shown;
}

}  // namespace

PlaygroundControl::PlaygroundControl(Session& session, RunControl& run, PlaygroundPanel& panel, QObject* parent)
    : QObject(parent), m_session(session), m_panel(panel), m_slot(session.resources().runner, postTo(this)), m_post(postTo(this)),
      m_shelf(std::make_unique<PlaygroundShelf>()), m_images(new PlaygroundImageControl(session, run, panel.image(), this)),
      m_measure(new PlaygroundMeasure(session, panel.language(), *m_shelf, this)) {
    // A hand that drags a knob asks many times a second.
    m_rest.setSingleShot(true);
    m_rest.setInterval(350);
    connect(&m_rest, &QTimer::timeout, this, [this] {
        if (!isOld()) return;
        const PlaygroundAsk now = m_panel.language().settings().ask();
        PlaygroundAsk again = m_ask;
        again.keys = now.keys, again.values = now.values;
        start(again, true);
    });
    connect(&session.document(), &Document::modelChanged, this, &PlaygroundControl::modelChanged);
    connect(&session.document(), &Document::recipeChanged, this, &PlaygroundControl::recipeChanged);
    connect(&session, &Session::importanceChanged, this, &PlaygroundControl::recipeChanged);
    connect(&session, &Session::opened, this, &PlaygroundControl::refresh);
    connect(&panel, &PlaygroundPanel::shown, this, [this] { visible(true); });
    connect(&panel, &PlaygroundPanel::hidden, this, [this] { visible(false); });
    PlaygroundLanguage& page = panel.language();
    connect(&page, &PlaygroundLanguage::continueClicked, this, &PlaygroundControl::continueText);
    connect(&page, &PlaygroundLanguage::stopClicked, this, &PlaygroundControl::stop);
    connect(&page, &PlaygroundLanguage::layerActivated, this, &PlaygroundControl::layerWanted);
    connect(&page.settings(), &PlaygroundSettings::followsChanged, this, &PlaygroundControl::follow);
    connect(&page.settings(), &PlaygroundSettings::cacheChanged, this, &PlaygroundControl::recipeChanged);
}

PlaygroundControl::~PlaygroundControl() {
    m_slot.cancel();
    if (m_job) m_session.jobs().end(m_job);
}

void PlaygroundControl::visible(bool shown) {
    const auto& model = m_session.document().model();
    if (shown) follow();
    m_images->setActive(shown && model && PlaygroundImageControl::fits(*model) && m_session.missingOperators().empty());
}

// What runs has nothing more to say.
void PlaygroundControl::end() {
    m_slot.cancel();
    if (m_job) m_session.jobs().end(m_job);
    m_job = 0;
    ++m_run;
}

void PlaygroundControl::modelChanged() {
    end();
    m_rest.stop();
    m_recipe.reset();
    m_networks.reset();
    m_before.reset();
    m_shelf->clear();
    PlaygroundLanguage& page = m_panel.language();
    page.setRunning(false);
    page.setProblem({});
    page.setApart(nullptr);
    page.setNotes({});
    page.show({});
    page.settings().setExamples(examplesFor(QFileInfo(m_session.modelPath()).fileName()));
    recipeChanged();
}

bool PlaygroundControl::isOld() const {
    const PlaygroundAsk now = m_panel.language().settings().ask();
    return m_recipe && (*m_recipe != m_session.document().recipe() || m_importance != m_session.importance() || m_ask.keys != now.keys || m_ask.values != now.values);
}

void PlaygroundControl::recipeChanged() {
    const auto& model = m_session.document().model();
    m_panel.language().setRecipe(m_recipe && model ? fromUtf8(recipeTitle(*m_recipe, *model)) : QString());
    m_panel.language().setStale(isOld());
    follow();
}

void PlaygroundControl::follow() {
    const bool old = isOld();
    if (!old || m_stopped || !m_panel.language().settings().follows() || !m_panel.isVisible()) return m_rest.stop();
    m_rest.start();
}

void PlaygroundControl::refresh() {
    const auto& model = m_session.document().model();
    if (!model) return;
    std::optional<LanguageSpec> language;
    QString why;
    try {
        language = describeLanguage(*model);
    } catch (const Error& error) {
        why = fromUtf8(error.message());
    }
    m_continues = language && language->runs();
    const QString still = tr("This model cannot be played with");
    if (m_continues) {
        m_panel.language().settings().setExamples(examplesFor(QFileInfo(m_session.modelPath()).fileName()));
        m_panel.language().setRunnable(true, {});
        m_panel.showLanguage();
    } else if (language || !why.isEmpty()) {
        m_panel.showNothing(still, capitalized(language ? fromUtf8(language->whyNot) : why));
    } else if (model->graph.weightsOnly) {
        m_panel.showNothing(still, tr("The file holds weights and does not say what reads them. They can be looked at, quantized and exported."));
    } else if (!m_session.missingOperators().empty()) {
        m_panel.showNothing(still, tr("It uses the operator %1, which Bitlathe cannot compute yet. Its weights can be looked at, quantized and exported.").arg(fromUtf8(m_session.missingOperators().front())));
    } else if (!PlaygroundImageControl::fits(*model)) {
        m_panel.showNothing(still, tr("It has several inputs. The Run panel measures it on a dataset."));
    } else {
        m_panel.showImage();
    }
    visible(m_panel.isVisible());
}

void PlaygroundControl::stop() {
    m_stopped = true;
    m_rest.stop();
    if (m_job) m_session.jobs().stop(m_job);
}

void PlaygroundControl::continueText() {
    if (!running()) start(m_panel.language().settings().ask(), false);
}

void PlaygroundControl::start(const PlaygroundAsk& ask, bool again) {
    const auto& model = m_session.document().model();
    if (!model) return;
    end();
    m_rest.stop();
    PlaygroundLanguage& page = m_panel.language();
    // Float says the same again: its text stays where it is, and nothing jumps.
    if (!again) m_before.reset();
    else if (!m_before) m_before = page.shown().real;
    m_stopped = false;
    m_recipe = m_session.document().recipe();
    m_importance = m_session.importance();
    m_ask = ask;
    m_networks.reset();
    const std::uint64_t run = m_run;
    m_job = m_session.jobs().begin(tr("Continuing the text"), [this] { m_slot.cancel(false); });
    page.setProblem({});
    page.setApart(nullptr);
    page.setNotes({});
    Continuation blank;
    blank.prompt = ask.prompt;
    if (m_before) blank.real = *m_before;
    page.show(blank);
    page.setRunning(true);
    m_panel.language().setRecipe(fromUtf8(recipeTitle(*m_recipe, *model)));
    m_panel.language().setStale(false);

    SideBySideOptions options;
    options.sampling = {ask.temperature, ask.topK, ask.topP, ask.seed};
    options.mostTokens = ask.tokens;
    options.keys = kCacheTypes[ask.keys];
    options.values = kCacheTypes[ask.values];
    struct Arrived {
        SideBySide text;
        std::shared_ptr<const PlaygroundNetworks> networks;
    };
    auto mailbox = std::make_shared<Mailbox<Arrived>>();
    const auto show = [this, mailbox, run] {
        const auto newest = mailbox->take();
        if (!newest || run != m_run) return;
        m_shelf->put(newest->networks);
        m_networks = newest->networks;
        put(newest->text, false);
    };
    m_slot.start(
        [model, recipe = *m_recipe, kept = m_shelf->take(model, *m_recipe, m_session.importance()), importance = m_session.importance(), options, prompt = ask.prompt.toStdString(), machine = m_session.resources().machine, &workers = m_session.resources().workers,
         mailbox, show, post = m_post](JobContext& job) mutable {
            JobContext first = job.part(0, 0.1), second = job.part(0.1, 1);
            const auto networks = playgroundNetworks(model, recipe, std::move(kept), machine, workers, first, importance);
            options.partial = [&](const SideBySide& sofar) {
                if (mailbox->post(std::make_shared<const Arrived>(Arrived{sofar, networks}))) post(show);
            };
            return std::make_shared<const SideBySide>(continueSideBySide(networks->base->real, networks->quantized, networks->base->tokenizer, prompt, options, workers, second));
        },
        [this, mailbox](Outcome<std::shared_ptr<const SideBySide>> outcome) {
            m_session.jobs().end(m_job);
            m_job = 0;
            m_panel.language().setRunning(false);
            if (const Error* error = outcome.error()) {
                m_panel.language().setProblem(fromUtf8(error->message()));
                emit m_session.happened(fromUtf8(error->message()));
            } else if (outcome.ok()) {
                if (const auto newest = mailbox->take()) m_shelf->put(newest->networks), m_networks = newest->networks;
                put(*outcome.value(), true);
            }
            emit finished();
        },
        m_session.jobs().reportFor(m_job), 14);
}

void PlaygroundControl::put(const SideBySide& sofar, bool finished) {
    if (!m_networks) return;
    const Tokenizer& tokenizer = m_networks->base->tokenizer;
    Continuation shown;
    shown.prompt = m_ask.prompt;
    shown.real = shownSide(sofar.first, tokenizer);
    shown.quantized = shownSide(sofar.second, tokenizer);
    shown.divergence = sofar.divergence;
    if (finished) m_before.reset();
    else if (m_before && m_before->tokens.size() > shown.real.tokens.size()) shown.real = *m_before;
    PlaygroundLanguage& page = m_panel.language();
    page.show(shown);
    QStringList notes;
    for (const std::string& note : m_networks->quantized.notes) notes << fromUtf8(note);
    page.setNotes(notes);
    if (!finished) return;
    const FirstApart apart = placesOf(sofar.parting);
    page.setApart(&apart);
    const int parts = shown.partsAt();
    emit m_session.happened(parts < 0 ? tr("Playground: the same text, %1").arg(counted(std::int64_t(shown.real.tokens.size()), tr("%1 token"), tr("%1 tokens")))
                                      : tr("Playground: the texts part at token %1").arg(parts + 1));
}

FirstApart PlaygroundControl::placesOf(const Parting& parting) const {
    const auto& layers = m_networks->base->model->layers;
    FirstApart apart;
    apart.threshold = parting.threshold;
    if (const std::int64_t worst = parting.worstProduct(); worst >= 0) {
        const Parting::Product& product = parting.products[std::size_t(parting.product >= 0 ? parting.product : worst)];
        // A layer is named as its tensor, but for the end.
        const auto layer = std::find_if(layers.begin(), layers.end(), [&](const Layer& l) { return product.weight == l.name || product.weight == l.name + ".weight"; });
        const QString name = fromUtf8(layer == layers.end() ? product.weight : layer->name);
        apart.product = {name, name, product.error, parting.product >= 0};
    }
    if (const std::int64_t worst = parting.worstBlock(); worst >= 0) {
        const std::int64_t block = parting.block >= 0 ? parting.block : worst;
        apart.block = {tr("after block %1").arg(block), {}, parting.blocks[std::size_t(block)], parting.block >= 0};
        // The block's first weight, for the table.
        const std::string prefix = "blk." + std::to_string(block) + ".", other = "layers." + std::to_string(block) + ".";
        const auto layer = std::find_if(layers.begin(), layers.end(), [&](const Layer& l) { return l.quantizable && (l.name.starts_with(prefix) || l.name.find(other) != std::string::npos); });
        if (layer != layers.end()) apart.block.target = fromUtf8(layer->name);
    }
    return apart;
}

}  // namespace bitlathe
