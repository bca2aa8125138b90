#include "app/session.h"

#include "app/measure.h"
#include "app/post.h"
#include "core/base/mapped_file.h"
#include "core/base/save_file.h"
#include "core/language/architecture.h"
#include "core/quant/recipe_json.h"
#include "core/workflow/load.h"
#include "core/workflow/project_model.h"
#include "widgets/models/figures.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QSettings>
#include <QStandardPaths>
#include <algorithm>
#include <filesystem>
#include <utility>

namespace bitlathe {
namespace {

std::filesystem::path toPath(const QString& text) { return std::filesystem::path(QDir::toNativeSeparators(text).toStdString()); }

bool isProjectFile(const std::filesystem::path& path) {
    if (std::error_code none; std::filesystem::is_directory(path, none)) return false;  // a model in several files
    const auto file = MappedFile::open(path);
    const auto bytes = file->bytes();
    return ProjectStore::recognizes(bytes.first(std::min(bytes.size(), ProjectStore::kHeadBytes)));
}

// A sentence for people; empty: it runs, as a graph or as a language model.
QString reasonNotToRun(const Model& model, const std::vector<std::string>& missing) {
    if (model.graph.weightsOnly) {
        std::string why;
        try {
            const auto language = describeLanguage(model);
            if (!language) return Session::tr("This file holds weights and does not say what is computed with them, so the network cannot be run here.");
            why = language->whyNot;
        } catch (const Error& error) {
            why = error.message();
        }
        return why.empty() ? QString() : Session::tr("This language model cannot be run here: %1.").arg(fromUtf8(why));
    }
    if (missing.empty()) return {};
    const QString first = fromUtf8(missing.front()).section(QStringLiteral(" (node"), 0, 0);  // the log names the node
    return missing.size() == 1 ? Session::tr("The network uses the operator %1, which Bitlathe cannot compute yet, so it cannot be run here.").arg(first)
                               : Session::tr("The network uses the operator %1 and %2 more that Bitlathe cannot compute yet, so it cannot be run here.").arg(first).arg(missing.size() - 1);
}

}  // namespace

Session::Session(const Resources& resources, QObject* parent)
    : QObject(parent), m_resources(resources), m_analysis(resources.runner, m_jobs, measureWith(resources.workers, m_cache, m_project, m_importance), m_cache),
      m_focus(resources.runner, resources.workers, resources.machine.isa),
      m_load(resources.runner, postTo(this)), m_recipe(resources.runner, postTo(this)), m_levels(resources.runner, postTo(this)), m_save(resources.runner, postTo(this)) {
    connect(&m_document, &Document::modelChanged, this, [this] {
        if (!m_reloading) setImportance(nullptr);
        m_analysis.setModel(m_document.model());
        m_focus.setModel(m_document.model());
    });
    connect(&m_document, &Document::recipeChanged, this, [this] { m_analysis.setSchemes(m_document.schemes()); });
    connect(&m_watcher, &QFileSystemWatcher::fileChanged, this, [this](const QString& path) {
        // An editor that writes beside and renames drops the watch together with the old file.
        if (QFileInfo::exists(path) && !m_watcher.files().contains(path)) m_watcher.addPath(path);
        if (QFileInfo::exists(path)) emit changedOnDisk(path);
    });
}

void Session::setImportance(ImportancePtr importance) {
    if (!m_document.model()) importance = nullptr;
    if (importance == m_importance.get()) return;
    m_importance.set(importance);
    m_analysis.setImportance(importance ? importance->identity : std::string());
    m_focus.setImportance(importance);
    emit importanceChanged();
}

Session::~Session() { m_jobs.stopAll(); }

void Session::open(const QString& path) {
    const bool index = path.endsWith(QStringLiteral(".safetensors.index.json"));
    if (path.endsWith(QStringLiteral(".json"), Qt::CaseInsensitive) && !index) loadRecipe(path);
    else openModel(path);
}

void Session::openModel(const QString& path, bool reload) { load(path, {}, reload); }
void Session::openProject(const QString& path, const QString& modelInstead) { load(path, modelInstead, false); }

void Session::load(const QString& path, const QString& modelInstead, bool reload) {
    const QString absolute = QFileInfo(path).absoluteFilePath();
    m_openingPath = absolute;
    if (m_loadJob) m_jobs.end(m_loadJob);
    m_loadJob = m_jobs.begin(tr("Opening %1").arg(QFileInfo(path).fileName()), [this] { m_load.cancel(false); });
    emit openingChanged();
    m_load.start(
        [path = toPath(absolute), instead = modelInstead.isEmpty() ? std::filesystem::path() : toPath(modelInstead), machine = m_resources.machine,
         open = m_project.get(), folder = toPath(QStandardPaths::writableLocation(QStandardPaths::CacheLocation) + QStringLiteral("/models"))](JobContext& job) {
            Loaded loaded;
            if (isProjectFile(path)) {
                // The one that is open already is opened again: its lock is our own.
                const bool again = open && open->store().path() == std::filesystem::weakly_canonical(path);
                const auto store = again ? open->sharedStore() : std::shared_ptr<ProjectStore>(ProjectStore::open(path, ProjectStore::Access::Edit));
                loaded.state = stateOf(*store);
                loaded.note = store->note();
                loaded.project = std::make_shared<OpenProject>(store, loaded.state.model);
                try {
                    ProjectModel found = loadModelOf(*store, loaded.state.model, folder, instead, machine, job);
                    loaded.model = std::move(found.model);
                    if (!found.note.empty()) loaded.note += (loaded.note.empty() ? "" : "; ") + found.note;
                } catch (const Error& error) {
                    std::error_code none;
                    if (std::filesystem::exists(loaded.state.model.path, none) || !instead.empty()) throw;
                    loaded.modelGone = true;
                    loaded.note = error.message();
                    return loaded;
                }
            } else {
                loaded.model = loadModel(path, machine, job);
            }
            loaded.missing = bitlathe::missingOperators(*loaded.model);
            loaded.whyNotRun = reasonNotToRun(*loaded.model, loaded.missing);
            return loaded;
        },
        [this, absolute, reload](Outcome<Loaded> outcome) { modelLoaded(absolute, reload, std::move(outcome)); },
        m_jobs.reportFor(m_loadJob), 20);
}

void Session::modelLoaded(const QString& path, bool reload, Outcome<Loaded> outcome) {
    m_jobs.end(m_loadJob);
    m_loadJob = 0;
    m_openingPath.clear();
    emit openingChanged();
    if (const Error* error = outcome.error()) {
        emit happened(QString::fromStdString(error->message()));
        m_recipeAfterOpening.clear();
        emit refused(path, QString::fromStdString(error->message()));
        return;
    }
    if (outcome.cancelled()) return m_recipeAfterOpening.clear();
    Loaded& loaded = outcome.value();
    if (loaded.modelGone) {
        emit happened(QString::fromStdString(loaded.note));
        emit projectModelGone(path, QString::fromStdString(loaded.note));
        return;
    }
    m_modelPath = loaded.project ? QString::fromStdString(loaded.model->source.string()) : path;
    m_missing = outcome.value().missing;
    m_whyNotRun = outcome.value().whyNotRun;
    m_reloading = reload && m_document.model();
    if (!reload) setProject(loaded.project, loaded.project ? path : QString());  // before the document: figures come from it
    if (loaded.project) {
        m_document.open(loaded.model, *loaded.state.first);
        m_document.restore(loaded.state);
    } else if (reload && m_document.model()) {
        m_document.replaceModel(outcome.value().model);
    } else {
        const Model& opened = *outcome.value().model;
        const Preset* preset = findPreset(!opened.graph.weightsOnly ? "int8" : opened.format == "gguf" || opened.format == "llama2c" ? "all-q8_0" : "int8-weights");  // of weights alone, what their formats hold
        Recipe recipe = preset ? preset->recipe : Recipe{};
        m_document.open(outcome.value().model, std::move(recipe));
    }
    watch(m_modelPath);
    remember(path);
    emit happened(tr("Opened %1: %2").arg(path, counted(std::int64_t(m_document.model()->layers.size()), tr("1 layer"), tr("%1 layers"))));
    emit opened();
    m_reloading = false;
    if (loaded.project) emit projectOpened(loaded.state, QString::fromStdString(loaded.note));
    if (!m_recipeAfterOpening.isEmpty()) loadRecipe(std::exchange(m_recipeAfterOpening, {}));
}

void Session::setProject(std::shared_ptr<OpenProject> project, const QString& path) {
    m_project.set(std::move(project));
    m_projectPath = path;
    emit projectChanged();
}

void Session::readLevels(const QString& path) {
    constexpr std::size_t kMostBytes = 1 << 20;  // 256 numbers and many remarks
    m_levels.start(
        [path](JobContext&) {
            const auto file = MappedFile::open(toPath(path));
            const auto bytes = file->bytes();
            if (bytes.size() > kMostBytes) throw Error(ErrorKind::Input, "'" + path.toStdString() + "' is larger than 1 MiB; a file of levels has at most 256 numbers");
            return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        },
        [this, path](Outcome<std::string> outcome) {
            if (const Error* error = outcome.error()) emit refused(path, QString::fromStdString(error->message()));
            else if (outcome.ok()) emit levelsRead(QString::fromStdString(outcome.value()), QFileInfo(path).fileName());
        });
}

void Session::loadRecipe(const QString& path) {
    if (opening()) {
        m_recipeAfterOpening = path;  // given together with the model
        return;
    }
    m_recipe.start(
        [path](JobContext&) {
            const auto file = MappedFile::open(toPath(path));
            const auto bytes = file->bytes();
            return recipeFromJson({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.toStdString());
        },
        [this, path](Outcome<Recipe> outcome) {
            if (const Error* error = outcome.error()) {
                emit happened(QString::fromStdString(error->message()));
                emit refused(path, QString::fromStdString(error->message()));
            } else if (outcome.ok()) {
                if (!m_document.model()) {
                    emit refused(path, tr("This is a recipe. Open a model first, then the recipe again."));
                    return;
                }
                m_document.edit(outcome.value(), tr("Recipe “%1”").arg(QFileInfo(path).fileName()));
                emit happened(tr("Loaded the recipe %1").arg(path));
            }
        },
        {}, 20);
}

void Session::saveRecipe(const QString& path) {
    m_save.start(
        [path, recipe = m_document.recipe()](JobContext&) {
            SaveFile file(toPath(path));
            file.write(std::string_view(toJson(recipe)));
            file.commit();
            return 0;
        },
        [this, path, saved = m_document.recipe()](Outcome<int> outcome) {
            if (const Error* error = outcome.error()) {
                emit refused(path, QString::fromStdString(error->message()));
            } else if (outcome.ok()) {
                if (saved == m_document.recipe()) m_document.markSaved(path);
                emit happened(tr("Saved the recipe %1").arg(path));
                emit this->saved(path);
            }
        },
        {}, 20);
}

QStringList Session::recentFiles() const { return QSettings().value(QStringLiteral("recentFiles")).toStringList(); }

void Session::forgetRecent() {
    QSettings().remove(QStringLiteral("recentFiles"));
    emit recentChanged();
}

void Session::remember(const QString& path) {
    QStringList recent = recentFiles();
    recent.removeAll(path);
    recent.prepend(path);
    while (recent.size() > 9) recent.removeLast();
    QSettings().setValue(QStringLiteral("recentFiles"), recent);
    emit recentChanged();
}

void Session::watch(const QString& path) {
    if (!m_watcher.files().isEmpty()) m_watcher.removePaths(m_watcher.files());
    m_watcher.addPath(path);
}

QString Session::demoFile(const QString& name) {
    const QDir program(QCoreApplication::applicationDirPath());
    for (const QString& folder : {program.filePath(QStringLiteral("../share/bitlathe/demo")), QStringLiteral(BITLATHE_DEMO_DIR)}) {
        const QFileInfo file(QDir(folder).filePath(name));
        if (file.exists()) return file.canonicalFilePath();
    }
    return {};
}

QString Session::demoModel() { return demoFile(QStringLiteral("glyphs.onnx")); }

}  // namespace bitlathe
