#include "app/importance_control.h"

#include "app/post.h"
#include "app/tensor_layers.h"
#include "core/base/mapped_file.h"
#include "core/formats/gguf/imatrix.h"
#include "core/metrics/importance_figures.h"
#include "core/workflow/collect_importance.h"
#include "core/workflow/export.h"
#include "core/workflow/load_tokenizer.h"
#include "core/workflow/project_model.h"
#include "widgets/models/figures.h"
#include "widgets/panels/run_language_panel.h"

#include <QFileDialog>
#include <QFileInfo>
#include <algorithm>

namespace bitlathe {

namespace {

constexpr std::size_t kCurvePlaces = 36;

std::vector<ImportanceRow> rowsOf(const Importance& importance, const Model& model) {
    const TensorLayers layers(model);
    std::vector<ImportanceRow> rows;
    for (const auto& [name, columns] : importance.tensors) {
        const ImportanceFigures figures = importanceFigures(columns);
        rows.push_back({fromUtf8(layers.of(name)), qint64(columns.size()), figures.sum, figures.topShare, figures.evenness, figures.entropyBits, importanceCurve(columns, kCurvePlaces)});
    }
    return rows;
}

}  // namespace

ImportanceControl::ImportanceControl(Session& session, RunLanguagePanel& panel, QObject* parent)
    : QObject(parent), m_session(session), m_panel(panel), m_slot(session.resources().runner, postTo(this)), m_save(session.resources().runner, postTo(this)) {
    connect(&session, &Session::importanceChanged, this, &ImportanceControl::show);
    connect(&session, &Session::opened, this, [this] {
        m_slot.cancel();
        if (m_job) m_session.jobs().end(m_job);
        m_job = 0;
        show();
    });
    const QString files = tr("llama.cpp's imatrix (*.gguf *.dat *.imatrix);;All files (*)");
    const auto folder = [this] { return QFileInfo(m_session.modelPath()).path(); };
    connect(&panel, &RunLanguagePanel::collectClicked, this, [this, folder] {
        const QFileInfo model(m_session.modelPath());
        const QString usual = model.dir().filePath(QStringLiteral("language_calibration.txt"));
        if (const QString path = QFileDialog::getOpenFileName(&m_panel, tr("Text to collect importance from"), QFileInfo::exists(usual) ? usual : folder(), tr("Texts (*.txt *.raw *.md);;All files (*)")); !path.isEmpty()) collect(path);
    });
    connect(&panel, &RunLanguagePanel::stopCollectingClicked, this, &ImportanceControl::stop);
    connect(&panel, &RunLanguagePanel::importanceOpenClicked, this, [this, files, folder] {
        if (const QString path = QFileDialog::getOpenFileName(&m_panel, tr("Importance"), folder(), files); !path.isEmpty()) openFile(path);
    });
    connect(&panel, &RunLanguagePanel::importanceSaveClicked, this, [this, files, folder] {
        if (const QString path = QFileDialog::getSaveFileName(&m_panel, tr("Save the importance"), folder() + QStringLiteral("/imatrix.gguf"), files); !path.isEmpty()) saveFile(path);
    });
    connect(&panel, &RunLanguagePanel::importanceForgotten, this, &ImportanceControl::forget);
}

ImportanceControl::~ImportanceControl() {
    m_slot.cancel();
    m_save.cancel();
    if (m_job) m_session.jobs().end(m_job);
}

void ImportanceControl::run(const QString& title, std::function<std::shared_ptr<const KeptImportance>(JobContext&)> work) {
    m_job = m_session.jobs().begin(title, [this] { m_slot.cancel(false); });
    m_panel.setProblem({});
    show();
    m_slot.start(
        std::move(work),
        [this](Outcome<std::shared_ptr<const KeptImportance>> outcome) {
            m_session.jobs().end(m_job);
            m_job = 0;
            if (const Error* error = outcome.error()) {
                m_panel.setProblem(fromUtf8(error->message()));
                emit m_session.happened(fromUtf8(error->message()));
            } else if (outcome.ok()) {
                const KeptImportance& kept = *outcome.value();
                m_session.setImportance(std::make_shared<const ImportanceInUse>(kept));
                emit m_session.happened(tr("Importance of %1 from %2%3").arg(counted(std::int64_t(kept.importance->tensors.size()), tr("%1 weight"), tr("%1 weights")), QFileInfo(fromUtf8(kept.text)).fileName(), kept.partial ? tr(", part") : QString()));
            }
            show();
            emit finished();
        },
        m_session.jobs().reportFor(m_job), 9);
}

void ImportanceControl::collect(const QString& text) {
    const auto& model = m_session.document().model();
    if (!model || running()) return;
    run(tr("Collecting importance"), [model, path = text.toStdString(), machine = m_session.resources().machine, &workers = m_session.resources().workers](JobContext& job) {
        JobContext first = job.part(0, 0.05), second = job.part(0.05, 1);
        const Tokenizer tokenizer = loadTokenizer(model->source, first);
        const LanguageNetwork network = prepareLanguage(model, EngineMode::Float, machine);
        const auto file = MappedFile::open(path);
        WindowRule rule;
        if (network.spec.context > 0) rule.context = std::min(rule.context, network.spec.context);
        const auto windows = windowsOf({reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()}, tokenizer, rule, first);
        auto kept = std::make_shared<KeptImportance>();
        kept->model = lastingIdentity(*model);
        kept->text = path;
        kept->textSha256 = dataSha256(path, first);
        kept->windowsAsked = std::int64_t(windows.size());
        ImportanceOptions options;
        Importance made;
        options.stopped = [&](Importance sofar) { made = std::move(sofar), kept->partial = true; };
        try {
            made = collectImportance(network, windows, options, workers, second);
        } catch (const Cancelled&) {
            if (!kept->partial) throw;
        }
        made.dataset = QFileInfo(QString::fromStdString(path)).fileName().toStdString();
        kept->importance = std::make_shared<const Importance>(std::move(made));
        return std::shared_ptr<const KeptImportance>(std::move(kept));
    });
}

void ImportanceControl::openFile(const QString& path) {
    const auto& model = m_session.document().model();
    if (!model || running()) return;
    run(tr("Reading %1").arg(QFileInfo(path).fileName()), [model, path = path.toStdString()](JobContext& job) {
        auto kept = std::make_shared<KeptImportance>();
        kept->model = lastingIdentity(*model);
        kept->text = path;
        kept->textSha256 = dataSha256(path, job);
        kept->fromFile = true;
        auto read = std::make_shared<Importance>(gguf::readImportance(path, job));
        kept->windowsAsked = read->chunks;
        std::size_t fitting = 0;
        for (const Layer& layer : model->layers)
            if (layer.weight != kNoValue && std::int64_t(read->of(model->graph.value(layer.weight).name).size()) == layer.layout.inner && layer.layout.inner > 0) ++fitting;
        if (fitting == 0)
            throw Error(ErrorKind::Input, "'" + path + "': none of its " + std::to_string(read->tensors.size()) + " tensors is named and shaped as this model's are; take the importance of this very model");
        kept->importance = std::move(read);
        return std::shared_ptr<const KeptImportance>(std::move(kept));
    });
}

void ImportanceControl::saveFile(const QString& path) {
    const ImportancePtr importance = m_session.importance();
    if (!importance) return;
    m_save.start(
        [importance, path = path.toStdString()](JobContext&) {
            gguf::writeImportance(path, *importance->columns());
            return 0;
        },
        [this, path](Outcome<int> outcome) {
            if (const Error* error = outcome.error()) m_panel.setProblem(fromUtf8(error->message()));
            emit m_session.happened(outcome.error() ? fromUtf8(outcome.error()->message()) : tr("Saved %1").arg(path));
        });
}

void ImportanceControl::stop() {
    if (m_job) m_session.jobs().stop(m_job);
}

void ImportanceControl::forget() {
    m_session.setImportance(nullptr);
    emit finished();
}

void ImportanceControl::restore(KeptImportance kept) { m_session.setImportance(std::make_shared<const ImportanceInUse>(std::move(kept))); }

bool ImportanceControl::stale() const {
    const ImportancePtr importance = m_session.importance();
    const auto& model = m_session.document().model();
    return importance && model && importance->kept.model != lastingIdentity(*model);
}

void ImportanceControl::show() {
    ImportanceState state;
    state.collecting = running();
    if (const ImportancePtr importance = m_session.importance()) {
        const KeptImportance& kept = importance->kept;
        const QString name = QFileInfo(fromUtf8(kept.text)).fileName();
        state.there = true;
        state.warning = stale() || kept.partial;
        state.text = stale() ? tr("%1, of another model").arg(name) : kept.partial ? tr("%1, part").arg(name) : name;
        state.tooltip = (kept.fromFile ? tr("Read from %1") : tr("Collected from %1")).arg(fromUtf8(kept.text)) +
                        tr("\n%1 windows of %2 tokens%3\nSHA-256 %4").arg(exactCountText(kept.importance->chunks), exactCountText(kept.importance->chunkTokens),
                                                                         kept.partial ? tr(" of %1: it was stopped").arg(exactCountText(kept.windowsAsked)) : QString(), fromUtf8(kept.textSha256.substr(0, 16))) +
                        (stale() ? tr("\nThe model is not the one that it was collected from: collect it again.") : QString());
        state.rows = rowsOf(*kept.importance, *m_session.document().model());
    }
    if (running()) state.text = tr("collecting …");
    m_panel.setImportance(state);
}

}  // namespace bitlathe
