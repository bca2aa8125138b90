// Edits of a model that has no project yet: kept in the user's data folder, and found again after a crash.
#include "app/project_control.h"
#include "app/run_control.h"
#include "app/session.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QDir>
#include <QStandardPaths>
#include <filesystem>
#include <utility>

namespace bitlathe {

namespace fs = std::filesystem;

// One file per model and process: two windows may have the same model open.
QString ProjectControl::recoveryStem() const {
    const QByteArray model = QCryptographicHash::hash(m_session.modelPath().toUtf8(), QCryptographicHash::Sha256).toHex().left(16);
    return QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation) + QStringLiteral("/unsaved/") + QString::fromLatin1(model) + QLatin1Char('-');
}

void ProjectControl::keepForRecovery() {
    if (m_keep.running()) return m_soon.start();
    ProjectContents contents = capture();
    contents.reports.clear();
    contents.evaluations.clear();
    const fs::path path = (recoveryStem() + QString::number(QCoreApplication::applicationPid()) + QStringLiteral(".bitlathe")).toStdString();
    m_keep.start(
        [contents = std::move(contents), path, recovery = m_recovery](JobContext&) {
            const std::lock_guard lock(recovery->mutex);
            if (recovery->dropped) return 0;
            if (!recovery->project) {
                fs::create_directories(path.parent_path());
                recovery->project = std::make_shared<OpenProject>(ProjectStore::create(path), ModelReference{});
            }
            recovery->project->put(contents);
            recovery->project->store().flush();
            return 0;
        },
        [this, taken = m_taken](Outcome<int> outcome) {
            if (outcome.ok() && taken && taken == m_taken) removeProject(*std::exchange(m_taken, nullptr));
            // Where nothing can be kept, the edits are still there as long as the program runs.
            if (const Error* error = outcome.error()) emit m_session.happened(QString::fromStdString(error->message()));
        },
        {}, 5);
}

void ProjectControl::removeProject(const ProjectStore& store) {
    const fs::path path = store.path();
    std::error_code none;
    fs::remove(path.string() + "-journal", none);
    fs::remove(path, none);  // while the lock is still held
}

void ProjectControl::dropRecovery() {
    m_keep.cancel();
    m_recovered.reset();
    if (m_taken) removeProject(*std::exchange(m_taken, nullptr));
    const auto old = std::exchange(m_recovery, std::make_shared<Recovery>());
    const std::lock_guard lock(old->mutex);
    old->dropped = true;
    if (old->project) removeProject(old->project->store());
    old->project.reset();
}

void ProjectControl::lookForRecovered() {
    if (isOpen()) return;
    m_lookForRecovered.start(
        [stem = recoveryStem()](JobContext& job) -> std::optional<Recovered> {
            const QFileInfo pattern(stem);
            for (const QFileInfo& file : pattern.dir().entryInfoList({pattern.fileName() + QStringLiteral("*.bitlathe")}, QDir::Files, QDir::Time)) {
                job.checkpoint(0);
                try {
                    std::shared_ptr<ProjectStore> store = ProjectStore::open(file.filePath().toStdString(), ProjectStore::Access::Edit);
                    if (store->readOnly()) continue;  // of a window that is open
                    return Recovered{store, stateOf(*store)};
                } catch (const Error&) {  // nothing that could be offered
                }
            }
            return std::nullopt;
        },
        [this](Outcome<std::optional<Recovered>> outcome) {
            if (!outcome.ok() || !outcome.value() || isOpen()) return;
            m_recovered = std::move(outcome.value());
            if (*m_recovered->state.recipe() == m_session.document().recipe() && m_recovered->state.snapshots.empty()) return forgetRecovered();
            emit recoverable(int(m_recovered->state.steps.size()));
        },
        {}, 4);
}

void ProjectControl::takeRecovered() {
    if (!m_recovered) return;
    const Recovered found = std::move(*m_recovered);
    m_recovered.reset();
    m_session.document().restore(found.state);
    m_session.document().history().resetClean();  // edits that are not saved
    m_run.setDataset(QString::fromStdString(found.state.evaluationData));
    m_run.setCalibration(QString::fromStdString(found.state.calibrationData));
    m_run.setSplit(found.state.calibrationSamples, found.state.splitSeed);
    m_taken = found.store;
    keepForRecovery();
}

void ProjectControl::forgetRecovered() {
    if (m_recovered) removeProject(*m_recovered->store);
    m_recovered.reset();
}

}  // namespace bitlathe
