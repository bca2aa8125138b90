// What is picked out of the layer that is looked at (a bin, a channel, a weight), what is known about it, and
// the cells of the value map. One selection for every picture. Knows no widgets; all counting is done by jobs.
#pragma once

#include "app/layer_weights.h"
#include "core/base/job_runner.h"
#include "core/kernels/isa.h"
#include "core/metrics/layer_report.h"
#include "core/metrics/value_patch.h"

#include <QObject>
#include <memory>
#include <optional>

namespace bitlathe {

class Workers;

class WeightFocus : public QObject {
    Q_OBJECT
public:
    WeightFocus(JobRunner& runner, Workers& workers, Isa isa, QObject* parent = nullptr);
    ~WeightFocus() override;

    void setImportance(ImportancePtr importance);
    void setModel(std::shared_ptr<const Model> model);
    // Another layer lets everything go; another scheme of the same one is answered anew. spec: none for float.
    void setLayer(std::optional<std::size_t> layer, const std::optional<QuantSpec>& spec);
    // Its histogram is the axis on which channels are counted.
    void setReport(std::shared_ptr<const LayerReport> report);

    const WeightSelection& selection() const { return m_selection; }
    // Picking the same again lets it go.
    void selectBin(const WeightInterval& interval);
    void selectChannel(std::int64_t channel);
    void selectWeight(WeightAddress weight);  // and its channel
    void select(const WeightSelection& selection);
    void clear() { select({}); }

    // Null while there is nothing selected, or the answer is on its way.
    const std::shared_ptr<const ChannelView>& channel() const { return m_channel; }
    const std::shared_ptr<const WeightPoint>& point() const { return m_point; }

    // The cells wanted now; a request for another layer is dropped. Answered by patchArrived(), first with a
    // coarse patch, last with an exact one; a newer request replaces the older one.
    void showPatch(const PatchRequest& request);
    bool busy() const { return m_patchSlot.running() || m_channelSlot.running() || m_pointSlot.running(); }

signals:
    void selectionChanged();
    void answered();  // channel() or point()
    void patchArrived(const std::shared_ptr<const bitlathe::ValuePatch>& patch);

private:
    using PatchPtr = std::shared_ptr<const ValuePatch>;
    void askChannel();
    void askPoint();
    void askPatch();

    Workers& m_workers;
    Isa m_isa;
    Post m_post;
    ImportancePtr m_importance;
    std::shared_ptr<const Model> m_model;
    std::shared_ptr<LayerWeights> m_weights;
    std::optional<std::size_t> m_layer;
    std::optional<QuantSpec> m_spec;
    std::shared_ptr<const LayerReport> m_report;
    WeightSelection m_selection;
    std::shared_ptr<const ChannelView> m_channel;
    std::shared_ptr<const WeightPoint> m_point;
    std::optional<PatchRequest> m_request;
    std::uint64_t m_ticket = 0;  // of the newest patch asked for
    JobSlot<PatchPtr> m_patchSlot;
    JobSlot<std::shared_ptr<const ChannelView>> m_channelSlot;
    JobSlot<std::shared_ptr<const WeightPoint>> m_pointSlot;
};

}  // namespace bitlathe
