#include "app/run_control.h"

#include "app/post.h"
#include "core/base/mailbox.h"
#include "core/data/preprocessing.h"
#include "core/workflow/model_presets.h"
#include "core/workflow/calibrate.h"
#include "core/workflow/evaluate_parts.h"
#include "core/workflow/kept_calibration.h"
#include "core/workflow/network.h"
#include "core/workflow/project_model.h"
#include "core/workflow/samples.h"
#include "widgets/models/figures.h"

#include <QDir>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <cmath>
#include <limits>

namespace bitlathe {

RunControl::RunControl(Session& session, RunPanel& panel, QObject* parent)
    : QObject(parent), m_session(session), m_panel(panel), m_slot(session.resources().runner, postTo(this)), m_post(postTo(this)), m_calibrateSlot(session.resources().runner, postTo(this)) {
    connect(&session.document(), &Document::modelChanged, this, &RunControl::modelChanged);
    connect(&session.document(), &Document::recipeChanged, this, &RunControl::recipeChanged);
    connect(&session, &Session::opened, this, &RunControl::refresh);
    connect(&panel, &RunPanel::runClicked, this, &RunControl::start);
    connect(&panel, &RunPanel::stopClicked, this, &RunControl::stop);
    connect(&panel, &RunPanel::settingsChanged, this, &RunControl::recipeChanged);  // other samples may calibrate
    connect(&panel, &RunPanel::resultPicked, this, [this](int index) {
        m_shown = index;
        m_panel.setResults(m_results, m_shown);
    });
    connect(&panel, &RunPanel::preprocessingEdited, this, &RunControl::setPreprocessing);
    connect(&panel, &RunPanel::preprocessingBrowseClicked, this, [this] {
        const QString path = QFileDialog::getOpenFileName(&m_panel, tr("Preprocessing"), QFileInfo(m_session.modelPath()).path(), tr("Preprocessing (*.json);;All files (*)"));
        QFile file(path);
        if (!path.isEmpty() && file.open(QIODevice::ReadOnly)) setPreprocessing(QString::fromUtf8(file.read(1 << 16)).simplified());
    });
    connect(&panel, &RunPanel::dataBrowseClicked, this, &RunControl::chooseDataset);
    connect(&panel, &RunPanel::calibrationBrowseClicked, this, &RunControl::chooseCalibration);
    refresh();
}

RunControl::~RunControl() {
    m_slot.cancel();
    m_calibrateSlot.cancel();
}

void RunControl::setPreprocessing(const QString& json) {
    if (!m_session.document().model()) return;
    std::string text;
    try {
        // One spelling, so that equal recipes stay equal.
        if (!json.isEmpty()) text = toJson(parsePreprocessing(json.toStdString(), tr("the preprocessing").toStdString()));
    } catch (const Error& error) {
        m_panel.setProblem(QString::fromStdString(error.message()));
        return;
    }
    m_panel.setProblem({});
    Recipe recipe = m_session.document().recipe();
    recipe.preprocessing = text;
    m_session.document().edit(std::move(recipe), tr("Preprocessing"));
}

QString RunControl::askForSamples(const QString& title) {
    return QFileDialog::getOpenFileName(&m_panel, title, QFileInfo(m_session.modelPath()).path(), tr("Samples (*.npz *.npy *.h5 *.hdf5);;All files (*)"));
}

void RunControl::chooseDataset() {
    if (const QString path = askForSamples(tr("Evaluation data")); !path.isEmpty()) m_panel.setDataset(path);
}

void RunControl::chooseCalibration() {
    if (const QString path = askForSamples(tr("Calibration data")); !path.isEmpty()) m_panel.setCalibration(path);
}

QString RunControl::engineName() const {
    static const EngineMode modes[] = {EngineMode::Float, EngineMode::Simulated, EngineMode::Integer, EngineMode::Integer};
    return fromUtf8(nameOf(modes[m_panel.engine()]));
}

bool RunControl::calibrationWanted() const {
    const auto& model = m_session.document().model();
    return model && needsCalibration(*model, m_session.document().recipe());
}

CalibrationChoice RunControl::calibrationChoice() const {
    return bitlathe::chooseCalibration(m_panel.calibration().toStdString(), m_panel.dataset().toStdString(), m_panel.calibrationSamples(), std::uint64_t(m_panel.splitSeed()));
}

void RunControl::setDataset(const QString& path) { m_panel.setDataset(path); }
void RunControl::openPanel() { m_panel.focusStart(); }

void RunControl::modelChanged() {
    stop();
    m_calibration.reset();
    m_results.clear();
    m_recipes.clear();
    m_kept.clear();
    m_shown = -1;
    m_panel.setResults({}, -1);
    m_panel.setProblem({});
    emit resultChanged();
    // Data that lies beside the model under its name is what its author meant.
    const auto& model = m_session.document().model();
    const QFileInfo file(QString::fromStdString(model->source.string()));
    const auto beside = [&](const char* suffix) {
        for (const char* extension : {".npz", ".h5"}) {
            const QString path = file.dir().filePath(file.completeBaseName() + QLatin1String(suffix) + QLatin1String(extension));
            if (QFileInfo::exists(path)) return path;
        }
        return QString();
    };
    if (const QString test = beside("_test"); !test.isEmpty()) m_panel.setDataset(test);
    if (const QString calibration = beside("_calibration"); !calibration.isEmpty()) m_panel.setCalibration(calibration);
}

void RunControl::recipeChanged() {
    bool changed = false;
    for (std::size_t i = 0; i < m_results.size(); ++i) {
        const bool otherRanges = m_kept[i] && !m_kept[i]->choice.data.empty() && m_kept[i]->choice != calibrationChoice();
        const bool stale = m_results[i].engine != tr("Float") && (m_recipes[i] != m_session.document().recipe() || otherRanges);
        changed = changed || stale != m_results[i].stale;
        m_results[i].stale = stale;
    }
    if (changed) {
        m_panel.setResults(m_results, m_shown);
        emit resultChanged();
    }
    refresh();
}

void RunControl::refresh() {
    const auto& model = m_session.document().model();
    m_panel.setPreprocessing(fromUtf8(m_session.document().recipe().preprocessing));
    m_panel.setCalibrationNeeded(calibrationWanted());
    if (!model) return m_panel.setRunnable(false, tr("Open a model first."));
    if (!m_session.missingOperators().empty())
        return m_panel.setRunnable(false, m_session.whyNotRun().isEmpty() ? tr("A language model is measured on text.") : m_session.whyNotRun());
    if (m_panel.dataset().isEmpty()) return m_panel.setRunnable(false, tr("Choose the data to run on."));
    m_panel.setRunnable(true, tr("Run the network on the data"));
}

std::shared_ptr<const Calibration> RunControl::calibrated(std::shared_ptr<const Model> model, const Recipe& recipe, const CalibrationChoice& choice,
                                                          std::shared_ptr<const Calibration> last, const std::shared_ptr<OpenProject>& project, const Machine& machine,
                                                          Workers& workers, JobContext& job) {
    if (!needsCalibration(*model, recipe)) return std::make_shared<Calibration>();
    auto fresh = std::make_shared<Calibration>();
    fresh->model = model;
    fresh->choice = choice;
    fresh->preprocessing = recipe.preprocessing;
    for (const Scheme& scheme : schemesFor(recipe, *model)) {
        fresh->asked.push_back(scheme.activations);
        fresh->quantized.push_back(scheme.weights.has_value());
    }
    if (last && last->model == model && last->choice == choice && last->asked == fresh->asked && last->quantized == fresh->quantized && last->preprocessing == fresh->preprocessing)
        return last;
    if (choice.data.empty())
        throw Error(ErrorKind::Usage, "the recipe quantizes activations and there is no calibration data; choose some in the Run panel, or leave activations in float");
    const CalibrationWork work{model, recipe, choice, recipe.preprocessing};
    fresh->ranges = calibrateKept(work, project ? &project->store() : nullptr, machine, workers, job).ranges;
    return fresh;
}

void RunControl::start() {
    if (!m_session.document().model() || running()) return;
    static const std::vector<EngineMode> modes = {EngineMode::Float, EngineMode::Simulated, EngineMode::Integer};
    m_next = m_panel.engine() < 3 ? std::vector<EngineMode>{modes[std::size_t(m_panel.engine())]} : modes;
    startNext();
}

void RunControl::startNext() {
    const auto& model = m_session.document().model();
    m_mode = m_next.front();
    m_next.erase(m_next.begin());
    m_recipe = m_session.document().recipe();
    m_data = m_panel.dataset();
    m_choice = calibrationWanted() ? calibrationChoice() : CalibrationChoice{};
    const std::uint64_t run = ++m_run;
    m_job = m_session.jobs().begin(tr("Running %1").arg(fromUtf8(nameOf(m_mode))), [this] { m_slot.cancel(false); });
    m_panel.setProblem({});
    m_panel.setRunning(true);
    auto mailbox = std::make_shared<Mailbox<Evaluation>>();
    const auto show = [this, mailbox, run] {
        const auto newest = mailbox->take();
        if (newest && run == m_run && running()) put(*newest, std::nullopt, false);
    };
    m_slot.start(
        [model, recipe = m_recipe, mode = m_mode, data = m_data.toStdString(), choice = m_choice, last = m_calibration,
         project = m_session.project(), most = m_panel.mostSamples(), machine = m_session.resources().machine, &workers = m_session.resources().workers, mailbox, show, post = m_post](JobContext& job) {
            const bool asFloat = mode == EngineMode::Float;
            Answer answer;
            JobContext first = job.part(0, asFloat ? 0.02 : 0.25), second = job.part(asFloat ? 0.02 : 0.25, 1);
            answer.calibration = asFloat ? last : calibrated(model, recipe, choice, last, project, machine, workers, first);
            first.checkpoint(1, "preparing the network");
            static const ActivationRanges none;
            const ActivationRanges& ranges = answer.calibration ? answer.calibration->ranges : none;
            const Network network = prepareNetwork(model, asFloat ? nullptr : &recipe, ranges, mode, false, machine, workers, first);
            EvaluateOptions options;
            options.mostSamples = most;
            options.partial = [&](const Evaluation& partial) {
                if (mailbox->post(std::make_shared<const Evaluation>(partial))) post(show);
            };
            PartsEvaluation parts = evaluateParts(network, {data, recipe.preprocessing, choice}, options, workers, second);
            answer.evaluation = std::move(parts.heldOut);
            answer.onCalibration = std::move(parts.calibration);
            return answer;
        },
        [this](Outcome<Answer> outcome) {
            m_session.jobs().end(m_job);
            m_job = 0;
            m_panel.setRunning(!m_next.empty() && outcome.ok());
            if (const Error* error = outcome.error()) {
                m_panel.setProblem(QString::fromStdString(error->message()));
                emit m_session.happened(QString::fromStdString(error->message()));
            } else if (outcome.ok()) {
                if (outcome.value().calibration) m_calibration = outcome.value().calibration;
                put(outcome.value().evaluation, outcome.value().onCalibration, true);
                const Evaluation& e = outcome.value().evaluation;
                emit m_session.happened(e.labelled ? tr("%1 engine, %2 samples: top-1 %3, agreement with float %4").arg(fromUtf8(nameOf(e.mode)), exactCountText(e.samples), percentText(e.top1), percentText(e.agreement))
                                                   : tr("%1 engine, %2 samples: output SQNR %3 dB").arg(fromUtf8(nameOf(e.mode)), exactCountText(e.samples), dbText(e.outputSqnrDb)));
            }
            refresh();
            emit resultChanged();
            if (!outcome.ok()) m_next.clear();
            if (!m_next.empty() && m_session.document().model()) return startNext();
            emit finished();
        },
        m_session.jobs().reportFor(m_job), 15);
}

void RunControl::stop() {
    m_next.clear();
    if (m_job) m_session.jobs().stop(m_job);
}

RunResult RunControl::resultOf(const KeptEvaluation& kept, bool finished) const {
    const Evaluation& evaluation = kept.evaluation;
    RunResult result;
    result.engine = evaluation.mode == EngineMode::Float ? tr("Float") : evaluation.mode == EngineMode::Simulated ? tr("Simulated") : tr("Integer");
    result.recipe = evaluation.mode == EngineMode::Float ? tr("source") : m_session.document().model() ? fromUtf8(recipeTitle(kept.recipe, *m_session.document().model())) : fromUtf8(kept.recipe.name);
    result.data = QFileInfo(QString::fromStdString(kept.data)).fileName();
    result.samples = evaluation.samples;
    result.labelled = evaluation.labelled;
    result.finished = finished;
    result.top1 = evaluation.top1;
    result.top5 = evaluation.top5;
    result.floatTop1 = evaluation.floatTop1;
    result.agreement = evaluation.agreement;
    result.outputDb = evaluation.outputSqnrDb;
    result.samplesPerSecond = evaluation.samplesPerSecond;
    result.note = fromUtf8(evaluation.note);
    result.heldOut = kept.choice.split && !kept.choice.data.empty();
    if (kept.calibration) {
        const Evaluation& other = *kept.calibration;
        const SplitGap gap = splitGap(other, evaluation);
        const auto figure = [](const GapFigure& f) { return RunGap{f.gap, f.noise, f.beyond()}; };
        RunCalibrationPart part;
        part.data = QFileInfo(QString::fromStdString(kept.choice.data)).fileName();
        part.samples = other.samples;
        part.labelled = other.labelled && evaluation.labelled;
        part.top1 = other.top1, part.top5 = other.top5, part.floatTop1 = other.floatTop1;
        part.agreement = other.agreement, part.outputDb = other.outputSqnrDb;
        part.agreementGap = figure(gap.agreement), part.dbGap = figure(gap.sqnrDb);
        if (gap.top1Loss) part.lossGap = figure(*gap.top1Loss);
        part.overfits = gap.overfits();
        part.text = fromUtf8(gapText(gap, other, evaluation));
        result.calibration = part;
    }
    for (const LayerEvaluation& layer : evaluation.layers)
        result.layers.push_back({fromUtf8(layer.name), fromUtf8(layer.kernel), fromUtf8(layer.reason), layer.sqnrDb, layer.carriedSqnrDb, layer.medianMs, layer.integer});
    return result;
}

void RunControl::put(const Evaluation& evaluation, const std::optional<Evaluation>& onCalibration, bool finished) {
    put(KeptEvaluation{lastingIdentity(*m_session.document().model()), m_recipe, m_data.toStdString(), evaluation, m_choice, onCalibration}, finished);
}

// The newest stands first; a run replaces its own partial results, and an older one of the same engine
// and recipe.
void RunControl::put(KeptEvaluation kept, bool finished) {
    RunResult result = resultOf(kept, finished);
    std::shared_ptr<const KeptEvaluation> before;  // stays in the project until its successor is finished
    for (std::size_t i = 0; i < m_results.size(); ++i) {
        if (m_results[i].engine != result.engine || m_results[i].data != result.data || (result.engine != tr("Float") && m_recipes[i] != kept.recipe)) continue;
        before = m_kept[i];
        m_results.erase(m_results.begin() + std::ptrdiff_t(i));
        m_recipes.erase(m_recipes.begin() + std::ptrdiff_t(i));
        m_kept.erase(m_kept.begin() + std::ptrdiff_t(i));
        break;
    }
    m_results.insert(m_results.begin(), std::move(result));
    m_recipes.insert(m_recipes.begin(), kept.recipe);
    m_kept.insert(m_kept.begin(), finished ? std::make_shared<const KeptEvaluation>(std::move(kept)) : before);
    if (m_results.size() > 40) {
        m_results.pop_back();
        m_recipes.pop_back();
        m_kept.pop_back();
    }
    m_shown = 0;
    m_panel.setResults(m_results, 0);
}

void RunControl::restore(const std::vector<KeptEvaluation>& evaluations) {
    for (auto kept = evaluations.rbegin(); kept != evaluations.rend(); ++kept) put(*kept, true);
    recipeChanged();  // which of them are of another recipe
    emit resultChanged();
}

void RunControl::calibrate() {
    const auto& model = m_session.document().model();
    if (!model || running()) return;
    const int job = m_session.jobs().begin(tr("Calibrating"), [this] { m_calibrateSlot.cancel(false); });
    m_panel.setProblem({});
    m_calibrateSlot.start(
        [model, recipe = m_session.document().recipe(), choice = calibrationChoice(), last = m_calibration, project = m_session.project(),
         machine = m_session.resources().machine, &workers = m_session.resources().workers](JobContext& context) {
            return calibrated(model, recipe, choice, last, project, machine, workers, context);
        },
        [this, job](Outcome<std::shared_ptr<const Calibration>> outcome) {
            m_session.jobs().end(job);
            if (const Error* error = outcome.error()) {
                m_panel.setProblem(QString::fromStdString(error->message()));
                emit m_session.happened(QString::fromStdString(error->message()));
            } else if (outcome.ok()) {
                m_calibration = outcome.value();
                emit m_session.happened(tr("Calibrated: the ranges of %1 activations").arg(m_calibration->ranges.size()));
            }
            refresh();
            emit finished();
        },
        m_session.jobs().reportFor(job), 15);
}

const RunResult* RunControl::newestQuantized() const {
    for (const RunResult& result : m_results)
        if (result.engine != tr("Float")) return &result;
    return nullptr;
}

std::optional<RunControl::Carried> RunControl::carriedSqnr(const std::string& layer) const {
    const RunResult* result = newestQuantized();
    if (!result) return std::nullopt;
    for (const RunLayerRow& row : result->layers)
        if (row.name == QString::fromStdString(layer) && !std::isnan(row.carriedDb))
            return Carried{row.carriedDb, tr("%1 samples of %2, %3 engine").arg(exactCountText(result->samples), result->data, result->engine.toLower()), result->stale};
    return std::nullopt;
}

}  // namespace bitlathe
