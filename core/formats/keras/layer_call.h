// One call of one Keras layer while the network is built: its settings, inputs and weights, and the means to
// emit operators. Knows no particular layer.
//
// Keras keeps channels last, ONNX's image operators channels first. A Flow therefore says how its value lies:
// `moved` values are N C … while their shape is still told as Keras tells it, N … C. Layers that do not
// mind pass moved values on, so that a convolutional network turns once at its beginning and once at its end.
#pragma once

#include "core/formats/keras/config.h"
#include "core/formats/keras/weight_origin.h"
#include "core/formats/keras/weights.h"
#include "core/model/graph_edit.h"

#include <map>
#include <set>
#include <span>
#include <utility>

namespace bitlathe::keras {

struct Flow {
    ValueId value = kNoValue;
    std::vector<std::int64_t> shape;  // as Keras has it; -1: not known
    bool known = true;                // false: not even the rank is known, behind a layer that we do not know
    bool moved = false;
    ValueId mask = kNoValue;          // batch × time, 1 or 0 as float: steps that Keras skips are 0; see masking.h

    std::size_t rank() const noexcept { return shape.size(); }
    std::int64_t channels() const noexcept { return shape.empty() ? -1 : shape.back(); }
};

// What all calls share.
struct Build {
    GraphEdit& edit;
    const Weights& weights;
    std::vector<std::string>& notes;
    std::string fileName;
    int kerasVersion = 2;
    std::vector<WeightOrigin> origins;
    std::map<std::string, ValueId> constants;                 // by path and use
    std::map<std::pair<ValueId, bool>, ValueId> turned;       // value, moved → the other way round
    std::set<std::string> unknown;                            // classes that were said to be unknown
};

// Thrown by LayerCall::cannot(): the file is sound, but no operators say what the layer does.
struct Inexpressible {
    std::string what;
};

class LayerCall {
public:
    // group: the top-level layer whose weights these are; path: as Weights::find() wants it; name: unique, of the nodes.
    LayerCall(Build& build, const LayerConfig& layer, std::string name, std::string group, std::vector<std::string> path, std::vector<Flow> inputs);

    const LayerConfig& layer() const noexcept { return m_layer; }
    const Settings& settings() const noexcept { return m_layer.settings; }
    const std::string& name() const noexcept { return m_name; }
    Build& build() const noexcept { return m_build; }
    std::size_t inputCount() const noexcept { return m_inputs.size(); }
    const Flow& input(std::size_t i = 0) const;  // refuses when there are fewer
    const std::vector<Flow>& inputs() const noexcept { return m_inputs; }
    // Inputs that went by name; empty when there were none.
    std::vector<Flow> named(std::string_view key) const;
    void setNamed(std::vector<std::pair<std::string, std::vector<Flow>>> named) { m_named = std::move(named); }
    // The same call for the layer inside a wrapper.
    LayerCall inside(const LayerConfig& inner, std::string name, std::string step, std::vector<Flow> inputs) const;

    // A node with one output; its name is the layer's, with `part` behind where the layer needs several.
    ValueId emit(std::string op, std::vector<ValueId> inputs, Attributes attributes = {}, std::string_view part = {}) const;
    // A node with several outputs.
    std::vector<ValueId> emitMany(std::string op, std::vector<ValueId> inputs, std::size_t outputs, Attributes attributes = {}, std::string_view part = {}) const;
    ValueId constant(std::string_view part, Tensor tensor) const;
    ValueId integers(std::string_view part, std::span<const std::int64_t> values) const;
    ValueId scalar(std::string_view part, float value) const;

    bool hasWeight(std::string_view parameter, std::string_view step = {}) const { return find(parameter, step) != nullptr; }
    // The stored values; refuses when the file has none, or none of this rank (-1: any). step: "query" of "query/kernel".
    Tensor weight(std::string_view parameter, int rank = -1, std::string_view step = {}) const;
    // The same as a constant of the graph, transposed by axes (empty: as it is), then with another shape (empty: none).
    ValueId weightConstant(std::string_view parameter, int rank, const std::vector<std::int64_t>& axes = {}, const std::vector<std::int64_t>& shape = {}, std::string_view step = {}) const;
    // A constant made from a weight in another way; the writer leaves the array as it is, unless gates say how the blocks
    // of the array's last axis were put in order before it was turned.
    ValueId derivedConstant(std::string_view parameter, std::string_view use, Tensor tensor, std::vector<std::int64_t> gates = {}) const;

    // The layer as a node of its own, which can be looked at but not run; notes say why, unless that is empty.
    std::vector<Flow> opaqueNode(const std::string& why) const;

    // N C … and N … C of a value with at least three axes; others are as they are.
    Flow first(const Flow& flow) const;
    Flow last(const Flow& flow) const;
    // Whether the layer's data format is channels_first: Keras's own shapes are then N C ….
    bool channelsFirst() const;

    // A Keras activation by name; settings may hold its arguments.
    Flow activation(const Flow& flow, const std::string& activation, std::string_view part = "activation") const;
    Flow activated(const Flow& flow) const { return activation(flow, settings().text("activation", "linear")); }

    [[noreturn]] void refuse(const std::string& what) const;  // the file: Error(Input)
    [[noreturn]] void cannot(const std::string& what) const;  // the layer alone: Inexpressible

private:
    const StoredWeight* find(std::string_view parameter, std::string_view step) const;

    Build& m_build;
    const LayerConfig& m_layer;
    std::string m_name, m_group;
    std::vector<std::string> m_path;
    std::vector<Flow> m_inputs;
    std::vector<std::pair<std::string, std::vector<Flow>>> m_named;
};

}  // namespace bitlathe::keras
