#include "app/export_control.h"

#include "app/post.h"
#include "core/formats/format.h"
#include "widgets/models/figures.h"
#include "widgets/panels/export_panel.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>

namespace bitlathe {

ExportControl::ExportControl(Session& session, RunControl& run, ExportPanel& panel, QObject* parent)
    : QObject(parent), m_session(session), m_run(run), m_panel(panel), m_planSlot(session.resources().runner, postTo(this)),
      m_writeSlot(session.resources().runner, postTo(this)) {
    m_soon.setSingleShot(true);
    m_soon.setInterval(400);
    // The hand comes first: a plan quantizes the whole model, so it waits until the figures on screen are exact.
    connect(&m_soon, &QTimer::timeout, this, [this] {
        if (m_session.analysis().complete()) plan();
        else m_soon.start();
    });
    connect(&session.document(), &Document::modelChanged, this, [this] {
        const auto& model = m_session.document().model();
        std::vector<ExportPanel::Target> targets;
        if (model)
            for (const Target* target : targetsFor(*model)) targets.push_back({fromUtf8(target->name), fromUtf8(target->label), fromUtf8(target->about)});
        m_panel.setTargets(targets);
        const QFileInfo file(model ? QString::fromStdString(model->source.string()) : QString());
        m_panel.setPath(file.dir().filePath(file.completeBaseName() + QStringLiteral(".quantized") + extension()));
        m_panel.setProblem({});
    });
    connect(&session.document(), &Document::recipeChanged, this, &ExportControl::planSoon);
    connect(&session, &Session::importanceChanged, this, &ExportControl::planSoon);
    connect(&panel, &ExportPanel::settingsChanged, this, &ExportControl::followTarget);
    connect(&panel, &ExportPanel::settingsChanged, this, &ExportControl::planSoon);
    connect(&panel, &ExportPanel::exportClicked, this, &ExportControl::start);
    connect(&panel, &ExportPanel::stopClicked, this, [this] { if (m_job) m_session.jobs().stop(m_job); });
    connect(&panel, &ExportPanel::browseClicked, this, [this] {
        const QString path = QFileDialog::getSaveFileName(&m_panel, tr("Export to"), m_panel.path(), tr("Models (*%1)").arg(extension()));
        if (!path.isEmpty()) m_panel.setPath(path);
    });
}

ExportControl::~ExportControl() {
    m_planSlot.cancel();
    m_writeSlot.cancel();
}

QString ExportControl::extension() const {
    const Target* target = findTarget(m_panel.target().toStdString());
    if (target && target->folder) return {};
    const Format* format = target ? findFormat(target->format) : nullptr;
    return format ? fromUtf8(format->extensions.front()) : QStringLiteral(".onnx");
}

// A path that ends as another target's files do gets the ending of this one's, once it is chosen.
void ExportControl::followTarget() {
    if (m_panel.target() == m_lastTarget) return;
    m_lastTarget = m_panel.target();
    const Target* target = findTarget(m_lastTarget.toStdString());
    const QString path = m_panel.path();
    for (const Format& format : formats()) {
        if (!target || format.name == target->format) continue;
        for (const std::string_view ending : format.extensions)
            if (path.endsWith(fromUtf8(ending), Qt::CaseInsensitive)) return m_panel.setPath(path.chopped(qsizetype(ending.size())) + extension());
    }
}

QString ExportControl::path() const { return m_panel.path(); }
void ExportControl::setPath(const QString& path) { m_panel.setPath(path); }
QString ExportControl::target() const { return m_panel.target(); }
void ExportControl::setTarget(const QString& name) { m_panel.setTarget(name); }

void ExportControl::openPanel() {
    m_panel.focusStart();
    plan();
}

void ExportControl::planSoon() {
    // What the target gets shows in the layer table too; but a large model is not quantized as a whole for
    // a panel that nobody looks at.
    m_planSlot.cancel();  // of a recipe that is no more
    const auto& model = m_session.document().model();
    std::int64_t weights = 0;
    if (model)
        for (const Layer& layer : model->layers) weights += layer.parameters;
    const bool data = !m_run.calibrationWanted() || !m_run.calibrationChoice().data.empty();
    if (m_panel.isVisible() || (weights < 20'000'000 && data)) m_soon.start();
}

ExportRequest ExportControl::request() const {
    ExportRequest request;
    request.model = m_session.document().model();
    request.recipe = m_session.document().recipe();
    request.target = m_panel.target().toStdString();
    request.path = m_panel.path().toStdString();
    if (const ImportancePtr importance = m_session.importance(); importance && request.model && request.model->graph.weightsOnly) request.importance = importance->kept.importance;
    return request;
}

void ExportControl::plan() {
    if (!m_session.document().model()) return;
    m_panel.setPlanning(true);
    m_planSlot.start(
        [request = request(), choice = m_run.calibrationChoice(), last = m_run.lastCalibration(), project = m_session.project(), machine = m_session.resources().machine,
         &workers = m_session.resources().workers](JobContext& job) mutable {
            Planned planned;
            JobContext first = job.part(0, 0.7), second = job.part(0.7, 1);
            if (takesRanges(request)) {
                planned.calibration = RunControl::calibrated(request.model, request.recipe, choice, last, project, machine, workers, first);
                request.ranges = planned.calibration->ranges;
            }
            planned.plan = planExport(request, workers, second);
            return planned;
        },
        [this](Outcome<Planned> outcome) {
            if (const Error* error = outcome.error()) {
                m_panel.setPlan({{Issue::Level::Error, {}, error->message(), {}}}, {}, false);
            } else if (outcome.ok()) {
                const ExportPlan& plan = outcome.value().plan;
                if (outcome.value().calibration) m_run.keepCalibration(outcome.value().calibration);
                const double ratio = plan.bytesAfter > 0 ? double(plan.bytesBefore) / double(plan.bytesAfter) : 1;
                m_panel.setPlan(plan.issues, tr("%1 → %2 (%3), %4 bits/weight").arg(bytesText(plan.bytesBefore), bytesText(plan.bytesAfter), ratioText(ratio), bitsPerWeightText(plan.bitsPerWeight)),
                                plan.quantized != nullptr);
                if (plan.quantized) emit planned(plan.quantized);
            }
        },
        {}, 6);
}

void ExportControl::start() {
    if (!m_session.document().model() || running()) return;
    m_panel.setProblem({});
    m_panel.setRunning(true);
    m_job = m_session.jobs().begin(tr("Exporting %1").arg(QFileInfo(m_panel.path()).fileName()), [this] { m_writeSlot.cancel(false); });
    m_writeSlot.start(
        [request = request(), choice = m_run.calibrationChoice(), last = m_run.lastCalibration(), project = m_session.project(), machine = m_session.resources().machine,
         &workers = m_session.resources().workers](JobContext& job) mutable {
            Written written;
            JobContext first = job.part(0, 0.4), second = job.part(0.4, 0.45), third = job.part(0.45, 1);
            if (takesRanges(request)) {
                written.calibration = RunControl::calibrated(request.model, request.recipe, choice, last, project, machine, workers, first);
                request.ranges = written.calibration->ranges;
            }
            if (!request.ranges.empty()) request.calibrationSha256 = dataSha256(choice.data, second);
            written.result = exportModel(request, workers, third);
            return written;
        },
        [this, path = m_panel.path()](Outcome<Written> outcome) {
            m_session.jobs().end(m_job);
            m_job = 0;
            m_panel.setRunning(false);
            if (const Error* error = outcome.error()) {
                const QString message = QString::fromStdString(error->message());
                m_panel.setProblem(message);
                emit m_session.happened(message);
                emit failed(message);
            } else if (outcome.ok()) {
                if (outcome.value().calibration) m_run.keepCalibration(outcome.value().calibration);
                const QString text = tr("Wrote %1: %2. It was read again and compared with what was meant.").arg(path, bytesText(outcome.value().result.fileBytes));
                m_panel.setDone(text);
                emit m_session.happened(text);
                emit exported(path, outcome.value().result.fileBytes);
            }
        },
        m_session.jobs().reportFor(m_job), 15);
}

}  // namespace bitlathe
