#include "core/formats/keras/places.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace bitlathe::keras {

namespace {

class Search {
public:
    Search(const Model& model, const Model& asRead, const std::vector<WeightOrigin>& origins) : m_model(model), m_raw(asRead), m_uses(asRead.graph) {
        for (std::size_t i = 0; i < model.graph.nodes.size(); ++i) m_folded[model.graph.nodes[i].name] = static_cast<NodeId>(i);
        for (std::size_t i = 0; i < asRead.graph.nodes.size(); ++i) m_rawNodes[asRead.graph.nodes[i].name] = static_cast<NodeId>(i);
        for (const WeightOrigin& origin : origins) m_origins[origin.constant] = &origin;
        for (std::size_t n = 0; n < asRead.graph.nodes.size(); ++n)
            for (std::size_t i = 0; i < asRead.graph.nodes[n].inputs.size(); ++i)
                if (const WeightOrigin* origin = originOf(asRead.graph.nodes[n].inputs[i])) m_readers[origin->path].push_back({static_cast<NodeId>(n), i});
    }

    LayerPlace placeOf(const Layer& layer) const {
        LayerPlace place;
        if (layer.node < 0) return refused("no operator reads it");
        const Node& node = m_model.graph.nodes[static_cast<std::size_t>(layer.node)];
        const auto found = m_rawNodes.find(node.name);
        if (found == m_rawNodes.end()) return refused("its operator is not in the file");
        const Node& raw = rawNode(found->second);
        const WeightOrigin* origin = originOf(raw.input(static_cast<std::size_t>(layer.weightInput)));
        if (!origin || !origin->whole) return refused("its weights are put together from several arrays of the file");
        place.weight = *origin;
        // Whoever else reads the array must have got the same weights.
        for (const Reader& reader : m_readers.at(origin->path)) {
            const auto other = m_folded.find(rawNode(reader.node).name);
            if (other == m_folded.end() || m_model.graph.nodes[static_cast<std::size_t>(other->second)].input(reader.input) != layer.weight)
                return refused("its weights stand once in the file, but the network has several layers of them, with different normalisations folded in");
        }
        place.norms = normsBehind(found->second);
        if (place.norms.empty()) return place;
        for (const FoldedNorm& norm : place.norms) {
            if (norm.mean.empty() || norm.variance.empty()) return refused("the means and variances of '" + norm.name + "' behind it are not in the file");
            if (!(norm.epsilon > 0 && norm.epsilon < 1)) return refused("the epsilon of '" + norm.name + "' behind it leaves no variance that makes it pass values on");
            for (const std::string& path : {norm.gamma, norm.beta, norm.mean, norm.variance})
                if (!path.empty() && m_readers.at(path).size() != 1) return refused("'" + norm.name + "', which was folded into it, stands in other places of the network too");
        }
        if (const WeightOrigin* bias = originOf(raw.input(2))) {
            if (m_readers.at(bias->path).size() != 1) return refused("its bias is shared with other layers");
            place.bias = bias->path;
        }
        place.foldedBias = node.input(2);
        if (!m_model.graph.constant(place.foldedBias)) return refused("its folded bias is no constant");
        return place;
    }

private:
    struct Reader {
        NodeId node;
        std::size_t input;
    };

    static LayerPlace refused(std::string reason) {
        LayerPlace place;
        place.reason = std::move(reason);
        return place;
    }
    const Node& rawNode(NodeId id) const { return m_raw.graph.nodes[static_cast<std::size_t>(id)]; }
    const WeightOrigin* originOf(ValueId value) const {
        if (!m_raw.graph.constant(value)) return nullptr;
        const auto found = m_origins.find(m_raw.graph.value(value).name);
        return found == m_origins.end() ? nullptr : found->second;
    }

    // Those between the layer and the next node that the folded model still has.
    std::vector<FoldedNorm> normsBehind(NodeId layer) const {
        std::vector<FoldedNorm> norms;
        for (NodeId at = layer;;) {
            const auto& readers = m_uses.consumers[static_cast<std::size_t>(rawNode(at).output(0))];
            if (readers.size() != 1) return norms;
            at = readers[0];
            const Node& node = rawNode(at);
            if (node.op != "BatchNormalization" || m_folded.contains(node.name)) return norms;
            const auto path = [&](std::size_t input) {
                const WeightOrigin* origin = originOf(node.input(input));
                return origin ? origin->path : std::string();
            };
            const Tensor* mean = m_raw.graph.constant(node.input(3));
            norms.push_back({node.name, path(1), path(2), path(3), path(4), node.real("epsilon", 1e-5f), mean ? mean->count() : 0});
        }
    }

    const Model &m_model, &m_raw;
    Uses m_uses;
    std::unordered_map<std::string, NodeId> m_folded, m_rawNodes;
    std::unordered_map<std::string, const WeightOrigin*> m_origins;
    std::map<std::string, std::vector<Reader>> m_readers;  // of the file's arrays
};

}  // namespace

std::vector<LayerPlace> findPlaces(const Model& model, const Model& asRead, const std::vector<WeightOrigin>& origins) {
    const Search search(model, asRead, origins);
    std::vector<LayerPlace> places;
    for (const Layer& layer : model.layers) places.push_back(search.placeOf(layer));
    return places;
}

}  // namespace bitlathe::keras
