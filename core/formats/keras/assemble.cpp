#include "core/formats/keras/assemble.h"

#include "core/base/error.h"
#include "core/base/job.h"
#include "core/formats/keras/layers.h"

#include <algorithm>

namespace bitlathe::keras {

namespace {

// Where a network stands: prefix of its nodes' names; the top layer of the file whose weights are its own (empty at
// the top); the names on the way down.
struct Place {
    std::string prefix, group;
    std::vector<std::string> path;
};

class Assembly {
public:
    Assembly(Build& build, JobContext& context) : m_build(build), m_context(context) {}

    void run(const Network& network) {
        Graph& graph = m_build.edit.graph();
        graph.name = network.name;
        std::vector<Flow> inputs;
        if (network.sequential) {
            inputs.push_back(graphInput(firstSettings(network), network.layers.empty() ? "input" : inputName(network.layers.front())));
        } else {
            for (const TensorRef& ref : network.inputs) inputs.push_back(graphInput(find(network, ref.layer).settings, ref.layer));
            if (inputs.empty()) refuse("the model names no inputs");
        }
        const std::vector<Flow> outputs = build(network, {}, inputs);
        if (outputs.empty()) refuse("the model names no outputs");
        for (const Flow& flow : outputs) output(flow);
    }

private:
    std::vector<Flow> build(const Network& network, const Place& place, const std::vector<Flow>& inputs) {
        return network.sequential ? sequence(network, place, inputs) : functional(network, place, inputs);
    }

    std::vector<Flow> sequence(const Network& network, const Place& place, std::vector<Flow> flows) {
        for (const LayerConfig& layer : network.layers) {
            if (layer.className == "InputLayer") continue;
            flows = one(layer, place, flows, {}, 0);
        }
        return flows;
    }

    std::vector<Flow> functional(const Network& network, const Place& place, const std::vector<Flow>& inputs) {
        std::map<std::pair<std::string, std::int64_t>, std::vector<Flow>> made;
        if (network.inputs.size() != inputs.size())
            refuse("model '" + network.name + "' gets " + std::to_string(inputs.size()) + " inputs where it has " + std::to_string(network.inputs.size()));
        for (std::size_t i = 0; i < inputs.size(); ++i) made[{network.inputs[i].layer, network.inputs[i].call}] = {inputs[i]};
        const std::map<std::string, std::int64_t> firstCall = firstCalls(network);
        const auto lookUp = [&](const TensorRef& ref) -> const Flow* {
            const auto at = made.find({ref.layer, ref.call});
            if (at == made.end()) return nullptr;
            if (ref.output < 0 || ref.output >= static_cast<std::int64_t>(at->second.size()))
                refuse("output " + std::to_string(ref.output) + " of layer '" + ref.layer + "' is asked for, which has " + std::to_string(at->second.size()));
            return &at->second[static_cast<std::size_t>(ref.output)];
        };
        const auto lookUpAll = [&](const std::vector<TensorRef>& refs) -> std::optional<std::vector<Flow>> {
            std::vector<Flow> flows;
            for (const TensorRef& ref : refs) {
                const Flow* flow = lookUp(ref);
                if (!flow) return std::nullopt;
                flows.push_back(*flow);
            }
            return flows;
        };
        std::vector<std::pair<const LayerConfig*, std::size_t>> waiting;
        for (const LayerConfig& layer : network.layers)
            for (std::size_t call = 0; call < layer.calls.size(); ++call)
                if (!made.contains({layer.name, firstCall.at(layer.name) + static_cast<std::int64_t>(call)})) waiting.emplace_back(&layer, call);
        while (!waiting.empty()) {
            std::vector<std::pair<const LayerConfig*, std::size_t>> later;
            for (const auto& [layer, call] : waiting) {
                const auto flows = lookUpAll(layer->calls[call].inputs);
                std::vector<std::pair<std::string, std::vector<Flow>>> named;
                bool ready = flows.has_value();
                for (const auto& [key, refs] : layer->calls[call].named) {
                    const auto values = lookUpAll(refs);
                    ready = ready && values.has_value();
                    if (values) named.emplace_back(key, *values);
                }
                if (ready) made[{layer->name, firstCall.at(layer->name) + static_cast<std::int64_t>(call)}] = one(*layer, place, *flows, named, call);
                else later.emplace_back(layer, call);
            }
            if (later.size() == waiting.size()) refuse("layer '" + later.front().first->name + "' reads a layer that is not in the model, or itself");
            waiting = std::move(later);
        }
        const auto outputs = lookUpAll(network.outputs);
        if (!outputs) refuse("model '" + network.name + "' has an output that no layer makes");
        return *outputs;
    }

    // The number by which links know a layer's first call: 0, but more for a model that was called on inputs of its own
    // before, where the writer did not count anew.
    static std::map<std::string, std::int64_t> firstCalls(const Network& network) {
        std::map<std::string, std::int64_t> first;
        for (const LayerConfig& layer : network.layers) first[layer.name] = 0;
        std::map<std::string, std::int64_t> highest;
        const auto see = [&](const std::vector<TensorRef>& refs) {
            for (const TensorRef& ref : refs) highest[ref.layer] = std::max(highest[ref.layer], ref.call);
        };
        for (const LayerConfig& layer : network.layers)
            for (const Call& call : layer.calls) {
                see(call.inputs);
                for (const auto& [key, refs] : call.named) see(refs);
            }
        see(network.outputs);
        for (const LayerConfig& layer : network.layers)
            if (layer.network) first[layer.name] = std::max<std::int64_t>(highest[layer.name] + 1 - static_cast<std::int64_t>(layer.calls.size()), 0);
        return first;
    }

    std::vector<Flow> one(const LayerConfig& layer, const Place& place, const std::vector<Flow>& inputs, const std::vector<std::pair<std::string, std::vector<Flow>>>& named, std::size_t call) {
        m_context.checkpoint(std::min(0.99, double(m_done) / double(m_done + 50)), "reading layers");
        constexpr int kMostCalls = 100000;  // models within models that are called several times multiply
        if (++m_done > kMostCalls) refuse("its models within models come to more than " + std::to_string(kMostCalls) + " layers");
        const std::string name = place.prefix + layer.name + (call ? "_call" + std::to_string(call) : "");
        const bool top = place.group.empty();
        Place inside{name + "/", top ? layer.name : place.group, place.path};
        if (!top) inside.path.push_back(layer.name);
        if (layer.network) return build(*layer.network, inside, inputs);
        LayerCall here(m_build, layer, name, inside.group, inside.path, inputs);
        here.setNamed(named);
        const BuildLayer build = findLayerClass(layer.className);
        if (!build) return here.opaqueNode("layers of this class are not known here");
        try {
            return build(here);
        } catch (const Inexpressible& cause) {
            return here.opaqueNode(cause.what);
        }
    }

    const LayerConfig& find(const Network& network, const std::string& name) const {
        for (const LayerConfig& layer : network.layers)
            if (layer.name == name) return layer;
        refuse("the model's input '" + name + "' is not among its layers");
    }

    // The settings that tell the shape of a Sequential's input.
    const Settings& firstSettings(const Network& network) const {
        static const Settings none;
        if (network.layers.empty()) return none;
        const LayerConfig& first = network.layers.front();
        return first.network ? firstSettings(*first.network) : first.settings;
    }

    static std::string inputName(const LayerConfig& first) { return first.className == "InputLayer" ? first.name : first.name + "_input"; }

    Flow graphInput(const Settings& settings, const std::string& name) {
        Graph& graph = m_build.edit.graph();
        Flow flow;
        flow.value = m_build.edit.addValue(name);
        Value& value = graph.values[static_cast<std::size_t>(flow.value)];
        const std::string type = settings.text("dtype", "float32");
        value.type = type == "int32" ? ElementType::I32 : type == "int64" ? ElementType::I64 : type == "uint8" ? ElementType::U8 : type == "bool" ? ElementType::Bool : ElementType::F32;
        flow.shape = settings.integers("batch_shape|batch_input_shape");
        if (flow.shape.empty() && settings.has("input_shape")) {
            flow.shape = settings.integers("input_shape");
            flow.shape.insert(flow.shape.begin(), -1);
        }
        if (flow.shape.empty() && settings.has("input_dim")) flow.shape = {-1, settings.integer("input_dim", -1)};
        flow.known = !flow.shape.empty();
        if (flow.known) value.shape = dims(flow.shape);
        graph.inputs.push_back(flow.value);
        return flow;
    }

    static std::vector<Dim> dims(const std::vector<std::int64_t>& shape) {
        std::vector<Dim> result;
        for (std::size_t i = 0; i < shape.size(); ++i) result.push_back(shape[i] > 0 ? Dim{shape[i], {}} : Dim{-1, i == 0 ? "batch" : ""});
        return result;
    }

    void output(const Flow& flow) {
        Graph& graph = m_build.edit.graph();
        LayerConfig end;
        LayerCall call(m_build, end, graph.value(flow.value).name, {}, {}, {});
        Flow last = call.last(flow);
        const bool taken = std::find(graph.inputs.begin(), graph.inputs.end(), last.value) != graph.inputs.end() ||
                           std::find(graph.outputs.begin(), graph.outputs.end(), last.value) != graph.outputs.end();
        if (taken) last.value = call.emit("Identity", {last.value}, {}, "output");
        Value& value = graph.values[static_cast<std::size_t>(last.value)];
        if (last.known) {
            value.type = ElementType::F32;
            value.shape = dims(last.shape);
        }
        graph.outputs.push_back(last.value);
    }

    [[noreturn]] void refuse(const std::string& what) const { refuseInput("'" + m_build.fileName + "': " + what + "; the file is damaged, save the model again"); }

    Build& m_build;
    JobContext& m_context;
    int m_done = 0;
};

}  // namespace

void assemble(Build& build, const Network& network, JobContext& context) { Assembly(build, context).run(network); }

void assembleWeights(Build& build, JobContext& context) {
    for (const std::string& group : build.weights.groups()) {
        context.checkpoint(0.0, "reading weights");
        if (build.weights.of(group).empty()) continue;
        LayerConfig layer;
        layer.name = group;
        layer.className = "Weights";
        const std::vector<Flow> out = LayerCall(build, layer, group, group, {}, {}).opaqueNode({});
        build.edit.graph().outputs.push_back(out.front().value);
    }
}

}  // namespace bitlathe::keras
