#include "app/project_control.h"

#include "app/export_control.h"
#include "app/post.h"
#include "app/importance_control.h"
#include "app/run_control.h"
#include "app/run_language_control.h"
#include "app/session.h"

#include <QDir>
#include <QFileInfo>
#include <utility>

namespace bitlathe {
namespace {

constexpr int kAutosaveMs = 3000;  // what a crash may cost

std::filesystem::path toPath(const QString& text) { return std::filesystem::path(QDir::toNativeSeparators(text).toStdString()); }

}  // namespace

ProjectControl::ProjectControl(Session& session, RunControl& run, RunLanguageControl& text, ImportanceControl& importance, ExportControl& exporting, QObject* parent)
    : QObject(parent), m_session(session), m_run(run), m_text(text), m_importance(importance), m_exporting(exporting), m_autosave(session.resources().runner, postTo(this)),
      m_save(session.resources().runner, postTo(this)), m_look(session.resources().runner, postTo(this)),
      m_keep(session.resources().runner, postTo(this)), m_lookForRecovered(session.resources().runner, postTo(this)) {
    m_soon.setSingleShot(true);
    m_soon.setInterval(kAutosaveMs);
    connect(&m_soon, &QTimer::timeout, this, &ProjectControl::autosave);
    connect(&session, &Session::projectOpened, this, &ProjectControl::opened);
    connect(&session, &Session::projectChanged, this, [this] {
        m_look.cancel();
        m_reports.clear();
        m_soon.stop();
        m_whyReadOnly.clear();
        m_lastFailure.clear();
        m_snapshotsEdited = false;
        m_embeds = false;
        if (isOpen()) dropRecovery();
        emit changed();
    });
    connect(&session, &Session::opened, this, &ProjectControl::lookForRecovered);
    connect(&session.document(), &Document::modelChanged, this, &ProjectControl::dropRecovery);
    Document& document = session.document();
    connect(&document, &Document::recipeChanged, this, &ProjectControl::soon);
    connect(&document, &Document::modifiedChanged, this, &ProjectControl::changed);
    connect(&document, &Document::snapshotsChanged, this, [this] {
        m_snapshotsEdited = true;
        soon();
        emit changed();
    });
    connect(&run, &RunControl::finished, this, &ProjectControl::soon);
    connect(&text, &RunLanguageControl::finished, this, &ProjectControl::soon);
    connect(&importance, &ImportanceControl::finished, this, &ProjectControl::soon);
    connect(&session.analysis(), &Analysis::reportsArrived, this, [this](const std::vector<ReportPtr>& reports) {
        if (!isOpen() || readOnly() || m_session.importance()) return;  // the project holds reports without importance
        for (const ReportPtr& report : reports)
            if (report->exact()) m_reports.push_back(report);
        if (!m_reports.empty()) soon();
    });
}

ProjectControl::~ProjectControl() {
    m_autosave.cancel();
    m_save.cancel();
    m_look.cancel();
    m_lookForRecovered.cancel();
    dropRecovery();  // an end in order: whoever closed the window was asked
}

bool ProjectControl::isOpen() const { return m_session.project() != nullptr; }
bool ProjectControl::edited() const { return isOpen() && (m_session.document().modified() || m_snapshotsEdited); }

void ProjectControl::soon() {
    const bool wanted = isOpen() ? !readOnly() : m_session.document().modified();
    if (wanted && !m_soon.isActive()) m_soon.start();
}

ProjectContents ProjectControl::capture() {
    Document& document = m_session.document();
    ProjectContents contents;
    contents.model = document.model();
    if (const auto project = m_session.project()) contents.epoch = project->epoch();
    ProjectState& state = contents.state;
    state.first = document.first();
    state.steps = document.steps();
    state.position = std::size_t(document.history().index());
    for (const auto& snapshot : document.snapshots()) state.snapshots.push_back({snapshot.name.toStdString(), std::make_shared<const Recipe>(snapshot.recipe)});
    if (document.other()) state.aside = std::make_shared<const Recipe>(*document.other());
    state.atB = document.atB();
    state.evaluationData = m_run.dataset().toStdString();
    state.calibrationData = m_run.calibrationData().toStdString();
    state.calibrationSamples = m_run.calibrationSamples();
    state.splitSeed = m_run.splitSeed();
    state.target = m_exporting.target().toStdString();
    state.output = m_exporting.path().toStdString();
    if (m_window) {
        const WindowPart part = m_window();
        const auto bytes = std::as_bytes(std::span(part.layout.constData(), std::size_t(part.layout.size())));
        state.layout.assign(bytes.begin(), bytes.end());
        for (const std::size_t layer : part.selected)
            if (layer < contents.model->layers.size()) state.selected.push_back(contents.model->layers[layer].name);
    }
    contents.reports = std::exchange(m_reports, {});
    for (const auto& kept : m_run.evaluations())
        if (kept) contents.evaluations.push_back(kept);
    contents.textEvaluations = m_text.evaluations();
    contents.importance = m_session.importance();
    return contents;
}

void ProjectControl::autosave() {
    const auto project = m_session.project();
    if (!project && m_session.document().modified()) return keepForRecovery();
    if (!project || readOnly() || !m_session.document().model()) return;
    if (m_autosave.running() || m_save.running()) return m_soon.start();  // once that is done
    m_autosave.start(
        [project, contents = capture()](JobContext&) {
            project->put(contents);
            project->store().flush();
            return 0;
        },
        [this](Outcome<int> outcome) {
            const Error* error = outcome.error();
            const QString failure = error ? QString::fromStdString(error->message()) : QString();
            if (!failure.isEmpty() && failure != m_lastFailure) emit failed(failure);  // said once, tried again
            m_lastFailure = failure;
            if (!failure.isEmpty()) m_soon.start();
        },
        {}, 5);
}

void ProjectControl::store(std::function<void(OpenProject&)> write, const QString& path, std::function<void()> then, const ProjectContents& contents, std::function<void()> stopped) {
    const auto project = m_session.project();
    const int job = m_session.jobs().begin(tr("Saving %1").arg(QFileInfo(path).fileName()), std::move(stopped));
    const RecipePtr recipe = contents.state.recipe();
    m_snapshotsEdited = false;
    m_save.start(
        [project, contents, write = std::move(write)](JobContext&) {
            project->put(contents);
            write(*project);
            return 0;
        },
        [this, job, path, recipe, project, model = contents.model, then = std::move(then)](Outcome<int> outcome) {
            m_session.jobs().end(job);
            QTimer::singleShot(0, this, &ProjectControl::goOn);
            const bool same = m_session.project() == project && m_session.document().model() == model;
            if (const Error* error = outcome.error()) {
                if (same) m_snapshotsEdited = true;
                emit failed(QString::fromStdString(error->message()));
                return;
            }
            if (!same) return;  // another was opened meanwhile
            if (*recipe == m_session.document().recipe()) m_session.document().markSaved(m_session.document().recipePath());
            emit saved(path);
            emit changed();
            if (then) then();
        },
        m_session.jobs().reportFor(job), 20);
}

bool ProjectControl::waits(std::function<void()> then) {
    if (!m_save.running()) return false;
    m_waiting.push_back([this, project = m_session.project(), then = std::move(then)] {
        if (m_session.project() == project) then();
    });
    return true;
}

void ProjectControl::goOn() {
    while (!m_save.running() && !m_waiting.empty()) {
        const auto first = std::move(m_waiting.front());
        m_waiting.erase(m_waiting.begin());
        first();
    }
}

void ProjectControl::save(std::function<void()> then) {
    if (m_save.running()) {
        // Once more after the running one, however often it was asked for meanwhile.
        if (then) m_afterNextSave.push_back(std::move(then));
        if (std::exchange(m_saveAgain, true)) return;
        m_waiting.push_back([this, model = m_session.document().model()] {
            m_saveAgain = false;
            const auto thens = std::exchange(m_afterNextSave, {});
            if (m_session.document().model() != model) return;  // another was opened meanwhile
            save([thens] { for (const auto& next : thens) next(); });
        });
        return;
    }
    if (!isOpen() || readOnly()) return;
    store([](OpenProject& project) { project.store().save(); }, m_session.projectPath(), std::move(then), capture());
}

void ProjectControl::saveAs(const QString& path, std::function<void()> then) {
    if (!m_session.document().model() || waits([this, path, then] { saveAs(path, then); })) return;
    const QString absolute = QFileInfo(path).absoluteFilePath();
    const auto taken = [this, absolute, then = std::move(then)] {
        const bool embeds = m_embeds;
        m_session.setProject(m_session.project(), absolute);
        m_embeds = embeds;  // it is the same project in another place
        m_session.remember(absolute);
        emit changed();
        if (then) then();
    };
    if (isOpen()) {
        ProjectContents contents = capture();
        store(
            [absolute, contents](OpenProject& project) {
                project.store().saveAs(toPath(absolute));
                project.put(contents);  // the model lies elsewhere, as seen from the new place
                if (project.store().unsaved()) project.store().save();
            },
            absolute, taken, contents);
        return;
    }
    // A new one: it becomes the session's once it is on the disk.
    const int job = m_session.jobs().begin(tr("Saving %1").arg(QFileInfo(path).fileName()), [] {});
    ProjectContents contents = capture();
    const auto& model = *contents.model;
    for (std::size_t layer = 0; layer < model.layers.size() && !m_session.importance(); ++layer)
        if (const ReportPtr report = m_session.analysis().report(layer); report && report->exact()) contents.reports.push_back(report);
    auto made = std::make_shared<std::shared_ptr<OpenProject>>();
    const RecipePtr recipe = contents.state.recipe();
    m_save.start(
        [made, contents, path = toPath(absolute)](JobContext&) {
            auto project = std::make_shared<OpenProject>(ProjectStore::create(path), ModelReference{});
            project->put(contents);
            project->store().save();
            *made = project;
            return 0;
        },
        [this, made, job, absolute, recipe, taken, before = contents.model](Outcome<int> outcome) {
            m_session.jobs().end(job);
            QTimer::singleShot(0, this, &ProjectControl::goOn);
            if (const Error* error = outcome.error()) return emit failed(QString::fromStdString(error->message()));
            if (!outcome.ok()) return;
            if (isOpen() || m_session.document().model() != before) return m_session.remember(absolute);  // another was opened meanwhile
            m_session.setProject(*made, absolute);
            if (*recipe == m_session.document().recipe()) m_session.document().markSaved(m_session.document().recipePath());
            taken();
            emit saved(absolute);
        },
        m_session.jobs().reportFor(job), 20);
}

void ProjectControl::saveThen(std::function<void()> next) {
    if (!isOpen() || readOnly() || !m_session.document().model()) return next();
    if (waits([this, next] { saveThen(next); })) return;
    m_soon.stop();
    const auto wanted = std::make_shared<bool>(true);
    store([](OpenProject& project) { if (project.store().unsaved()) project.store().save(); }, m_session.projectPath(),
          [this, wanted, next = std::move(next)] { if (*wanted && !edited()) next(); }, capture(), [wanted] { *wanted = false; });
}

bool ProjectControl::saveNow() {
    const auto project = m_session.project();
    if (!project || readOnly() || !m_session.document().model()) return true;
    m_soon.stop();
    JobContext context;
    const auto outcome = runJob(context, [&](JobContext&) {
        project->put(capture());
        if (project->store().unsaved()) project->store().save();
        return 0;
    });
    if (const Error* error = outcome.error()) {
        emit failed(QString::fromStdString(error->message()));
        return false;
    }
    m_snapshotsEdited = false;
    m_session.document().markSaved(m_session.document().recipePath());
    return true;
}

bool ProjectControl::discard() {
    m_soon.stop();
    m_autosave.cancel();
    if (const auto project = m_session.project(); project && !readOnly()) {
        try {
            project->discard();
        } catch (const Error& error) {
            emit failed(QString::fromStdString(error.message()));
            return false;
        }
    }
    m_snapshotsEdited = false;
    return true;
}

void ProjectControl::close() { m_session.setProject(nullptr, {}); }

void ProjectControl::embedModel(bool embedded) {
    const auto project = m_session.project();
    if (!project || readOnly()) return;
    m_embeds = embedded;
    if (waits([this, embedded] { embedModel(embedded); })) return emit changed();
    const std::filesystem::path model = m_session.document().model()->source;
    store([embedded, model](OpenProject& open) {
        if (embedded) bitlathe::embedModel(open.store(), model);
        else forgetEmbeddedModel(open.store());
        open.store().save();
    }, m_session.projectPath(), {}, capture());
    emit changed();
}

void ProjectControl::forgetInterrupted() {
    const auto project = m_session.project();
    if (!project || readOnly() || waits([this] { forgetInterrupted(); })) return;
    store([](OpenProject& open) {
        forgetInterruptedCalibration(open.store());
        open.store().flush();
    }, m_session.projectPath(), {}, capture());
}

void ProjectControl::opened(const ProjectState& state) {
    m_run.setDataset(QString::fromStdString(state.evaluationData));
    m_run.setCalibration(QString::fromStdString(state.calibrationData));
    m_run.setSplit(state.calibrationSamples, state.splitSeed);
    m_exporting.setTarget(QString::fromStdString(state.target));
    if (!state.output.empty()) m_exporting.setPath(QString::fromStdString(state.output));
    std::vector<std::size_t> selected;
    const auto& layers = m_session.document().model()->layers;
    for (const std::string& name : state.selected)
        for (std::size_t i = 0; i < layers.size(); ++i)
            if (layers[i].name == name) selected.push_back(i);
    emit restored(QByteArray(reinterpret_cast<const char*>(state.layout.data()), qsizetype(state.layout.size())), selected);
    m_look.start(
        [project = m_session.project()](JobContext&) {
            Looked looked;
            const ProjectStore& store = project->store();
            looked.whyReadOnly = store.whyReadOnly();
            looked.recovered = store.recovered();
            looked.embeds = hasEmbeddedModel(store);
            looked.interrupted = interruptedCalibration(store);
            for (const std::string& key : store.keys("evaluations/")) {
                try {
                    if (const auto node = store.find(key))
                        if (auto kept = evaluationFrom(*node)) looked.evaluations.push_back(std::move(*kept));
                } catch (const Error&) {  // damaged: it can be made again
                }
            }
            for (const std::string& key : store.keys("text_evaluations/")) {
                try {
                    if (const auto node = store.find(key))
                        if (auto kept = textEvaluationFrom(*node)) looked.textEvaluations.push_back(std::move(*kept));
                } catch (const Error&) {
                }
            }
            try {
                if (const auto node = store.find("importance")) looked.importance = importanceFrom(*node);
            } catch (const Error&) {
            }
            return looked;
        },
        [this](Outcome<Looked> outcome) {
            if (outcome.ok()) looked(std::move(outcome.value()));
        },
        {}, 18);
}

void ProjectControl::looked(Looked looked) {
    m_whyReadOnly = QString::fromStdString(looked.whyReadOnly);
    m_embeds = looked.embeds;
    m_run.restore(looked.evaluations);
    if (looked.importance) m_importance.restore(std::move(*looked.importance));
    m_text.restore(looked.textEvaluations);
    // Edits that were never saved stay edits: the name keeps its mark.
    m_snapshotsEdited = looked.recovered;
    emit changed();
    if (looked.interrupted && !readOnly()) emit interrupted(looked.interrupted->samples, looked.interrupted->of, QString::fromStdString(looked.interrupted->data));
}

}  // namespace bitlathe
