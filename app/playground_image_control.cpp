#include "app/playground_image_control.h"

#include "app/post.h"
#include "app/run_control.h"
#include "core/data/image.h"
#include "core/workflow/model_presets.h"
#include "core/workflow/sample_answer.h"
#include "widgets/models/figures.h"
#include "widgets/panels/playground_image.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <algorithm>

namespace bitlathe {
namespace {

constexpr int kWaitMs = 120;
constexpr std::size_t kMost = 5;

// A picture of one stored sample: bytes as they are, other numbers from lowest to highest.
QImage pictureOf(const Tensor& sample) {
    const Shape& shape = sample.shape();
    std::vector<std::int64_t> e;
    for (int axis = 0; axis < int(shape.rank()); ++axis)
        if (!(shape.rank() > 3 && shape[axis] == 1)) e.push_back(shape[axis]);
    std::int64_t h = 0, w = 0, channels = 1;
    bool last = true;
    if (e.size() == 2) h = e[0], w = e[1];
    else if (e.size() == 3 && (e[2] == 1 || e[2] == 3 || e[2] == 4)) h = e[0], w = e[1], channels = e[2];
    else if (e.size() == 3 && (e[0] == 1 || e[0] == 3 || e[0] == 4)) channels = e[0], h = e[1], w = e[2], last = false;
    if (h < 1 || w < 1 || h > 8192 || w > 8192) return {};
    const Tensor floats = toFloat32(sample);
    const auto values = floats.as<float>();
    float low = 0, high = 255;
    if (sample.type() != ElementType::U8) {
        low = *std::min_element(values.begin(), values.end());
        high = std::max(low + 1e-6f, *std::max_element(values.begin(), values.end()));
    }
    QImage image(int(w), int(h), QImage::Format_RGB32);
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x) {
            int rgb[3];
            for (int c = 0; c < 3; ++c) {
                const std::int64_t from = channels >= 3 ? c : 0;
                const float v = values[std::size_t(last ? (y * w + x) * channels + from : (from * h + y) * w + x)];
                rgb[c] = std::clamp(int((v - low) / (high - low) * 255 + 0.5f), 0, 255);
            }
            image.setPixel(x, y, qRgb(rgb[0], rgb[1], rgb[2]));
        }
    return image;
}

// The values of one channel, where the network wants one and a colour picture was opened (ITU-R BT.601).
Tensor inGrey(const Tensor& picture) {
    const auto from = picture.as<std::uint8_t>();
    std::vector<std::uint8_t> grey(from.size() / 3);
    for (std::size_t i = 0; i < grey.size(); ++i) grey[i] = std::uint8_t(0.299 * from[3 * i] + 0.587 * from[3 * i + 1] + 0.114 * from[3 * i + 2] + 0.5);
    return Tensor::of<std::uint8_t>(Shape{picture.shape()[0], picture.shape()[1], 1}, grey);
}

bool wantsOneChannel(const Model& model) {
    const auto& shape = model.graph.value(model.graph.inputs.front()).shape;
    if (!shape || shape->size() != 4) return false;
    return (*shape)[1].extent == 1 || (*shape)[3].extent == 1;
}

Dataset oneImage(const std::string& path, const Model& model) {
    Tensor picture = readImage(path);
    if (wantsOneChannel(model)) picture = inGrey(picture);
    Dataset data;
    data.path = path;
    data.format = "image";
    data.arrays.push_back({"image", picture.type(), picture.shape(), 1, [picture](std::int64_t) { return picture; }});
    return data;
}

// The model's own class names: a JSON array under bitlathe.labels.
std::vector<std::string> namesIn(const Model& model) {
    std::vector<std::string> names;
    for (const auto& [key, value] : model.metadata)
        if (key == "bitlathe.labels")
            for (const QJsonValue& name : QJsonDocument::fromJson(QByteArray::fromStdString(value)).array()) names.push_back(name.toString().toStdString());
    return names;
}

}  // namespace

struct PlaygroundImageControl::Ready {
    std::shared_ptr<const Model> model;
    std::shared_ptr<const Executable> reference;
    Recipe recipe;
    std::shared_ptr<const Calibration> calibration;
    Network network;
};

struct PlaygroundImageControl::Answer {
    std::shared_ptr<const Ready> ready;
    SampleAnswer answer;
    QImage picture;
    std::vector<std::string> names;
    std::int64_t samples = 0;
};

PlaygroundImageControl::PlaygroundImageControl(Session& session, RunControl& run, PlaygroundImage& page, QObject* parent)
    : QObject(parent), m_session(session), m_run(run), m_page(page), m_slot(session.resources().runner, postTo(this)) {
    m_wait.setSingleShot(true);
    m_wait.setInterval(kWaitMs);
    connect(&m_wait, &QTimer::timeout, this, &PlaygroundImageControl::start);
    connect(&session.document(), &Document::modelChanged, this, &PlaygroundImageControl::modelChanged);
    connect(&session.document(), &Document::recipeChanged, this, &PlaygroundImageControl::changed);
    connect(&page, &PlaygroundImage::sampleChanged, this, [this] {
        m_image.clear();
        changed();
    });
    connect(&page, &PlaygroundImage::openClicked, this, &PlaygroundImageControl::chooseImage);
    connect(&page, &PlaygroundImage::datasetClicked, this, [this] {
        m_image.clear();
        m_run.chooseDataset();
        changed();
    });
}

PlaygroundImageControl::~PlaygroundImageControl() { m_slot.cancel(); }

bool PlaygroundImageControl::fits(const Model& model) {
    if (model.graph.weightsOnly || model.graph.inputs.empty()) return false;
    std::size_t free = 0;
    for (const ValueId input : model.graph.inputs) free += !model.graph.value(input).constant;
    return free == 1;
}

void PlaygroundImageControl::setActive(bool active) {
    m_active = active;
    if (active && (m_dirty || m_run.dataset() != m_dataset)) start();
}

void PlaygroundImageControl::modelChanged() {
    m_slot.cancel();
    m_ready.reset();
    m_image.clear();
    m_page.setProblem({});
    m_page.setImage({});
    m_page.setAnswer(nullptr);
    m_page.setSource({}, 0);
    m_page.setSample(0);
    changed();
}

void PlaygroundImageControl::changed() {
    m_dirty = true;
    if (m_active) m_wait.start();
}

void PlaygroundImageControl::openImage(const QString& path) {
    m_image = path;
    m_dirty = true;
    start();
}

void PlaygroundImageControl::chooseImage() {
    const QString path = QFileDialog::getOpenFileName(&m_page, tr("Image"), QFileInfo(m_session.modelPath()).path(), tr("Images (*.png *.jpg *.jpeg);;All files (*)"));
    if (!path.isEmpty()) openImage(path);
}

void PlaygroundImageControl::start() {
    const auto& model = m_session.document().model();
    if (!model || !fits(*model)) return;
    m_dataset = m_run.dataset();
    if (m_image.isEmpty() && m_dataset.isEmpty()) return m_page.setAnswer(nullptr);
    m_dirty = false;
    m_page.setBusy(true);
    m_slot.start(
        [model, recipe = m_session.document().recipe(), data = m_dataset.toStdString(), image = m_image.toStdString(), sample = m_page.sample(), ready = m_ready,
         choice = m_run.calibrationChoice(), last = m_run.lastCalibration(), project = m_session.project(), machine = m_session.resources().machine,
         &workers = m_session.resources().workers](JobContext& job) {
            auto fresh = std::make_shared<Ready>();
            fresh->model = model;
            fresh->recipe = recipe;
            fresh->reference = ready && ready->model == model ? ready->reference : Executable::compile(model, {.machine = machine});
            job.checkpoint(0.1, "preparing the network");
            fresh->calibration = RunControl::calibrated(model, recipe, choice, last, project, machine, workers, job);
            if (ready && ready->model == model && ready->recipe == recipe && ready->calibration == fresh->calibration) fresh->network = ready->network;
            else fresh->network = prepareNetwork(model, &recipe, fresh->calibration->ranges, EngineMode::Integer, true, machine, workers, job);
            Dataset source = image.empty() ? openDataset(data) : oneImage(image, *model);
            auto answer = std::make_shared<Answer>();
            answer->ready = fresh;
            answer->names = source.classNames.empty() ? namesIn(*model) : source.classNames;
            answer->samples = image.empty() ? source.count() : 0;
            const std::int64_t index = std::clamp<std::int64_t>(image.empty() ? sample : 0, 0, std::max<std::int64_t>(0, source.count() - 1));
            answer->picture = pictureOf(source.arrays.front().read(index));
            answer->answer = answerSample(*fresh->reference, fresh->network, SampleFeed(*model, source, recipe.preprocessing), index, kMost, workers, job);
            return std::shared_ptr<const Answer>(answer);
        },
        [this](Outcome<std::shared_ptr<const Answer>> outcome) {
            m_page.setBusy(false);
            m_page.setProblem(outcome.error() ? fromUtf8(outcome.error()->message()) : QString());
            if (outcome.ok()) put(*outcome.value());
            emit answered();
        },
        {}, 12);
}

void PlaygroundImageControl::put(const Answer& answer) {
    m_ready = answer.ready;
    const auto named = [&](std::int64_t index) {
        return index >= 0 && std::size_t(index) < answer.names.size() ? fromUtf8(answer.names[std::size_t(index)]) : tr("class %1").arg(index);
    };
    const auto shown = [&](const std::vector<ClassAnswer>& list) {
        std::vector<ClassShare> made;
        for (const ClassAnswer& c : list) made.push_back({int(c.index), named(c.index), c.probability});
        return made;
    };
    m_page.setSource(QFileInfo(m_image.isEmpty() ? m_dataset : m_image).fileName(), answer.samples);
    m_page.setImage(answer.picture);
    const Recipe& recipe = answer.ready->recipe;
    const auto& model = m_session.document().model();
    m_page.setRecipe(model ? fromUtf8(recipeTitle(recipe, *model)) : fromUtf8(recipe.name));
    const ImageAnswer image{shown(answer.answer.real), shown(answer.answer.quantized), answer.answer.label >= 0 ? named(answer.answer.label) : QString(), answer.answer.outputSqnrDb};
    m_page.setAnswer(&image);
}

}  // namespace bitlathe
