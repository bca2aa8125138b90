#include "app/weight_focus.h"

#include "app/post.h"
#include "core/workflow/value_patch.h"
#include "core/workflow/weight_part.h"
#include "core/workflow/weight_point.h"

#include <limits>

namespace bitlathe {
namespace {

constexpr std::int64_t coarseWeights = 1 << 18;  // a few milliseconds for any format but the slowest searches
constexpr int priority = 12;                     // before the measuring of layers

// Parameters of the whole layer, kept for the next question.
std::shared_ptr<const QuantizedTensor> parametersOf(LayerWeights& weights, const QuantSpec& spec, Isa isa, Workers& workers, JobContext& job) {
    if (auto known = weights.parameters(spec)) return known;
    auto made = fitWeight(weights.source(), spec, isa, workers, job);
    weights.keep(made);
    return made;
}

ValuePatch exactPatch(LayerWeights& weights, const std::optional<QuantSpec>& spec, const PatchRequest& request, Isa isa, Workers& workers, JobContext& job) {
    const WeightSource& source = weights.source();
    if (!spec || request.what == PatchWhat::Float) return valuePatch(source, nullptr, request, isa, workers, job);
    // A small rectangle whose groups stand alone does not need the rest of the layer.
    const ElementSpan span = wholeGroups(source.layout, &*spec, {request.element, request.element + request.elements});
    const bool small = groupsStandAlone(source.layout, *spec) && 3 * span.count() * request.channels < source.values.count();
    if (small && !weights.parameters(*spec)) return coarsePatch(source, &*spec, request, std::numeric_limits<std::int64_t>::max(), isa, workers, job);
    JobContext fitting = job.part(0, 0.5), coding = job.part(0.5, 1);
    const auto parameters = parametersOf(weights, *spec, isa, workers, fitting);
    return valuePatch(source, parameters.get(), request, isa, workers, coding);
}

}  // namespace

WeightFocus::WeightFocus(JobRunner& runner, Workers& workers, Isa isa, QObject* parent)
    : QObject(parent), m_workers(workers), m_isa(isa), m_post(postTo(this)), m_patchSlot(runner, m_post), m_channelSlot(runner, m_post), m_pointSlot(runner, m_post) {}

WeightFocus::~WeightFocus() {
    m_patchSlot.cancel();
    m_channelSlot.cancel();
    m_pointSlot.cancel();
}

void WeightFocus::setModel(std::shared_ptr<const Model> model) {
    setLayer(std::nullopt, std::nullopt);
    m_importance.reset();
    m_model = std::move(model);
}

void WeightFocus::setImportance(ImportancePtr importance) {
    const auto layer = m_layer;
    const auto spec = m_spec;
    setLayer(std::nullopt, std::nullopt);
    m_importance = std::move(importance);
    setLayer(layer, spec);
}

void WeightFocus::setLayer(std::optional<std::size_t> layer, const std::optional<QuantSpec>& spec) {
    if (layer && (!m_model || *layer >= m_model->layers.size() || !m_model->layers[*layer].quantizable)) layer.reset();
    const bool sameLayer = layer == m_layer, sameSpec = spec == m_spec;
    if (sameLayer && sameSpec) return;
    m_spec = spec;
    if (!sameLayer) {
        m_layer = layer;
        m_patchSlot.cancel();
        ++m_ticket;
        m_request.reset();
        m_report.reset();
        m_weights = layer ? std::make_shared<LayerWeights>(m_model, *layer, m_importance) : nullptr;
        clear();
        return;
    }
    askPatch();
    askPoint();
}

void WeightFocus::setReport(std::shared_ptr<const LayerReport> report) {
    if (!report || report->layer != m_layer) return;
    const bool sameAxis = m_report && m_report->weights.lo == report->weights.lo && m_report->weights.hi == report->weights.hi && m_report->weights.counts.size() == report->weights.counts.size();
    m_report = std::move(report);
    if (!sameAxis) askChannel();
}

void WeightFocus::selectBin(const WeightInterval& interval) {
    if (m_selection.interval == interval) m_selection.interval.reset();
    else m_selection.interval = interval;
    emit selectionChanged();
}

void WeightFocus::selectChannel(std::int64_t channel) {
    if (m_selection.channel == channel && !m_selection.weight) m_selection.channel.reset();
    else m_selection.channel = channel;
    m_selection.weight.reset();
    emit selectionChanged();
    askChannel();
    askPoint();
}

void WeightFocus::selectWeight(WeightAddress weight) {
    if (m_selection.weight == weight) {
        m_selection.weight.reset();
    } else {
        m_selection.weight = weight;
        m_selection.channel = weight.channel;
    }
    emit selectionChanged();
    askChannel();
    askPoint();
}

void WeightFocus::select(const WeightSelection& selection) {
    const bool same = m_selection == selection;
    m_selection = selection;
    if (!same) emit selectionChanged();
    askChannel();
    askPoint();
}

void WeightFocus::showPatch(const PatchRequest& request) {
    if (request.layer != m_layer) return;
    m_request = request;
    askPatch();
}

void WeightFocus::askPatch() {
    m_patchSlot.cancel();
    const std::uint64_t ticket = ++m_ticket;
    if (!m_weights || !m_request || (!m_spec && m_request->what != PatchWhat::Float)) return;
    const auto deliver = [this, ticket](const PatchPtr& patch) {
        if (ticket == m_ticket) emit patchArrived(patch);
    };
    m_patchSlot.start(
        [weights = m_weights, spec = m_spec, request = *m_request, isa = m_isa, &workers = m_workers, post = m_post, deliver](JobContext& job) -> PatchPtr {
            const bool quick = spec && weights->parameters(*spec) && request.channels * request.elements <= coarseWeights;
            if (!quick) {
                JobContext first = job.part(0, 0.2);
                const auto coarse = std::make_shared<const ValuePatch>(coarsePatch(weights->source(), spec ? &*spec : nullptr, request, coarseWeights, isa, workers, first));
                if (coarse->exact()) return coarse;
                post([deliver, coarse] { deliver(coarse); });
            }
            JobContext second = job.part(0.2, 1);
            return std::make_shared<const ValuePatch>(exactPatch(*weights, spec, request, isa, workers, second));
        },
        [deliver](Outcome<PatchPtr> outcome) {
            if (outcome.ok()) deliver(outcome.value());
        },
        {}, priority);
}

void WeightFocus::askChannel() {
    const auto& wanted = m_selection.channel;
    if (!wanted || !m_weights || !m_report || *wanted < 0 || *wanted >= m_model->layers[*m_layer].layout.channels) {
        m_channelSlot.cancel();
        if (m_channel) {
            m_channel.reset();
            emit answered();
        }
        return;
    }
    if (m_channel && m_channel->channel == *wanted && m_channel->weights.lo == m_report->weights.lo && m_channel->weights.counts.size() == m_report->weights.counts.size()) return;
    m_channelSlot.start(
        [weights = m_weights, channel = *wanted, report = m_report](JobContext& job) {
            return std::make_shared<const ChannelView>(channelView(weights->source(), channel, report->weights, job));
        },
        [this](Outcome<std::shared_ptr<const ChannelView>> outcome) {
            if (!outcome.ok()) return;
            m_channel = outcome.value();
            emit answered();
        },
        {}, priority);
}

void WeightFocus::askPoint() {
    const auto& wanted = m_selection.weight;
    if (!wanted || !m_weights) {
        m_pointSlot.cancel();
        if (m_point) {
            m_point.reset();
            emit answered();
        }
        return;
    }
    const ChannelLayout& layout = m_model->layers[*m_layer].layout;
    if (wanted->channel < 0 || wanted->channel >= layout.channels || wanted->element < 0 || wanted->element >= layout.perChannel()) return;
    m_pointSlot.start(
        [weights = m_weights, spec = m_spec, at = *wanted, isa = m_isa, &workers = m_workers](JobContext& job) {
            const WeightSource& source = weights->source();
            std::shared_ptr<const QuantizedTensor> parameters;
            if (spec) parameters = groupsStandAlone(source.layout, *spec) ? weights->parameters(*spec) : parametersOf(*weights, *spec, isa, workers, job);
            return std::make_shared<const WeightPoint>(weightPoint(source, spec ? &*spec : nullptr, parameters.get(), at.channel, at.element, isa, workers, job));
        },
        [this](Outcome<std::shared_ptr<const WeightPoint>> outcome) {
            if (!outcome.ok()) return;
            m_point = outcome.value();
            emit answered();
        },
        {}, priority);
}

}  // namespace bitlathe
