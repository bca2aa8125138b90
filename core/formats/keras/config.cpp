#include "core/formats/keras/config.h"

#include "core/base/error.h"

#include <nlohmann/json.hpp>

namespace bitlathe::keras {

using Json = nlohmann::json;

namespace {

constexpr int kDeepest = 16;  // models within models
constexpr std::size_t kMostLayers = 20000;  // and calls of them
constexpr std::int64_t kMostNumber = std::int64_t(1) << 32;  // of any setting: an extent, a count

const Json& emptyObject() {
    static const Json object = Json::object();
    return object;
}

const Json* member(const Json& json, std::string_view key) {
    if (!json.is_object()) return nullptr;
    const auto at = json.find(std::string(key));
    return at == json.end() ? nullptr : &*at;
}

// Nothing in a network is as large as kMostNumber, so that sums and products of a few settings stay exact.
bool isWhole(const Json& json) {
    if (json.is_number_unsigned()) return json.get<std::uint64_t>() < std::uint64_t(kMostNumber);
    return json.is_number_integer() && json.get<std::int64_t>() > -kMostNumber;
}

std::string textOf(const Json& json, std::string_view key) {
    const Json* at = member(json, key);
    return at && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<TensorRef> reference(const Json& layer, const Json& call, const Json& output) {
    const auto small = [](const Json& json) { return json.get<std::int64_t>() >= 0 && json.get<std::int64_t>() < kMostNumber; };
    if (!small(call) || !small(output)) return std::nullopt;
    return TensorRef{layer.get<std::string>(), call.get<std::int64_t>(), output.get<std::int64_t>()};
}

std::optional<TensorRef> historyOf(const Json& json) {  // Keras 3: {"class_name": "__keras_tensor__", "config": {"keras_history": […]}}
    if (textOf(json, "class_name") != "__keras_tensor__") return std::nullopt;
    const Json* config = member(json, "config");
    const Json* history = config ? member(*config, "keras_history") : nullptr;
    if (!history || !history->is_array() || history->size() != 3 || !(*history)[0].is_string()) return std::nullopt;
    if (!(*history)[1].is_number_integer() || !(*history)[2].is_number_integer()) return std::nullopt;
    return reference((*history)[0], (*history)[1], (*history)[2]);
}

std::optional<TensorRef> tripleOf(const Json& json) {  // Keras 2: ["layer", 0, 0] or ["layer", 0, 0, {…}]
    if (!json.is_array() || json.size() < 3 || !json[0].is_string() || !json[1].is_number_integer() || !json[2].is_number_integer()) return std::nullopt;
    return reference(json[0], json[1], json[2]);
}

// Every tensor in a value, in order, however it is nested.
void collectTensors(const Json& json, std::vector<TensorRef>& out, int depth) {
    if (depth > kDeepest) return;
    if (const auto history = historyOf(json)) {
        out.push_back(*history);
    } else if (const auto triple = tripleOf(json)) {
        out.push_back(*triple);
    } else if (json.is_array()) {
        for (const Json& entry : json) collectTensors(entry, out, depth + 1);
    }
}

void collectNamed(const Json& json, Call& call) {
    if (!json.is_object()) return;
    for (const auto& [key, value] : json.items()) {
        std::vector<TensorRef> tensors;
        collectTensors(value, tensors, 0);
        if (!tensors.empty()) call.named.emplace_back(key, std::move(tensors));
    }
}

Call callOf(const Json& node) {
    Call call;
    if (node.is_object()) {  // Keras 3
        if (const Json* args = member(node, "args")) collectTensors(*args, call.inputs, 0);
        if (const Json* named = member(node, "kwargs")) collectNamed(*named, call);
        return call;
    }
    if (const auto single = tripleOf(node)) {  // one input that is not in a list
        call.inputs.push_back(*single);
        if (node.size() > 3) collectNamed(node[3], call);
        return call;
    }
    if (node.is_array())
        for (const Json& entry : node) {
            if (const auto tensor = tripleOf(entry)) call.inputs.push_back(*tensor);
            if (entry.is_array() && entry.size() > 3) collectNamed(entry[3], call);
        }
    return call;
}

class Parser {
public:
    explicit Parser(const std::string& fileName) : m_fileName(fileName) {}

    Network network(const Json& json, int depth) {
        if (depth > kDeepest) refuse("models stand within models more than " + std::to_string(kDeepest) + " deep");
        const std::string className = textOf(json, "class_name");
        const Json* config = member(json, "config");
        if (!config) refuse("the model has no 'config'");
        Network network;
        network.sequential = className == "Sequential";
        if (!network.sequential && className != "Functional" && className != "Model" && !member(*config, "layers"))
            refuse("the model is of class '" + className + "', whose structure is not in the file; save a Sequential or Functional model");
        network.name = textOf(*config, "name");
        const Json* layers = config->is_array() ? config : member(*config, "layers");  // before Keras 2.2.3 a Sequential was a plain list
        if (!layers || !layers->is_array()) refuse("the model has no list of layers");
        if (m_layers += layers->size(); m_layers > kMostLayers) refuse("the model has more than " + std::to_string(kMostLayers) + " layers");
        for (const Json& entry : *layers) network.layers.push_back(layer(entry, depth));
        if (!network.sequential) {
            if (const Json* at = member(*config, "input_layers")) collectTensors(*at, network.inputs, 0);
            if (const Json* at = member(*config, "output_layers")) collectTensors(*at, network.outputs, 0);
        }
        return network;
    }

private:
    LayerConfig layer(const Json& json, int depth) {
        if (depth > kDeepest) refuse("layers stand within layers more than " + std::to_string(kDeepest) + " deep");
        LayerConfig layer;
        layer.className = textOf(json, "class_name");
        const Json* config = member(json, "config");
        if (layer.className.empty() || !config) refuse("a layer has no 'class_name' or no 'config'");
        layer.name = textOf(json, "name");
        if (layer.name.empty()) layer.name = textOf(*config, "name");
        if (layer.name.empty()) layer.name = layer.className;
        const std::string where = "'" + m_fileName + "': layer '" + layer.name + "' (" + layer.className + ")";
        layer.settings = Settings(std::make_shared<const Json>(config->is_object() ? *config : emptyObject()), where);
        if (const Json* nodes = member(json, "inbound_nodes"); nodes && nodes->is_array())
            for (const Json& node : *nodes) {
                if (++m_layers > kMostLayers) refuse("the model has more than " + std::to_string(kMostLayers) + " layers and calls");
                layer.calls.push_back(callOf(node));
            }
        if (layer.className == "Sequential" || layer.className == "Functional" || layer.className == "Model")
            layer.network = std::make_shared<const Network>(network(json, depth + 1));
        if (const Json* inner = member(*config, "layer"); inner && inner->is_object()) layer.inner = std::make_shared<const LayerConfig>(this->layer(*inner, depth + 1));
        if (const Json* backward = member(*config, "backward_layer"); backward && backward->is_object())
            layer.backward = std::make_shared<const LayerConfig>(this->layer(*backward, depth + 1));
        return layer;
    }

    [[noreturn]] void refuse(const std::string& what) const { refuseInput("'" + m_fileName + "': " + what); }

    std::string m_fileName;
    std::size_t m_layers = 0;
};

}  // namespace

Settings::Settings() : m_json(std::make_shared<const Json>(Json::object())) {}
Settings::Settings(std::shared_ptr<const Json> json, std::string where) : m_json(std::move(json)), m_where(std::move(where)) {}

const Json* Settings::find(std::string_view keys) const {
    for (;;) {
        const std::size_t bar = keys.find('|');
        if (const Json* at = member(*m_json, keys.substr(0, bar)); at && !at->is_null()) return at;
        if (bar == std::string_view::npos) return nullptr;
        keys.remove_prefix(bar + 1);
    }
}

void Settings::refuse(std::string_view key, std::string_view wanted) const {
    refuseInput(m_where + ": '" + std::string(key.substr(0, key.find('|'))) + "' is not " + std::string(wanted) + "; the file is damaged or of a Keras that is not known here");
}

bool Settings::has(std::string_view key) const { return find(key) != nullptr; }

std::int64_t Settings::integer(std::string_view key, std::int64_t absent) const {
    const Json* at = find(key);
    if (!at) return absent;
    if (!isWhole(*at)) refuse(key, "a whole number");
    return at->get<std::int64_t>();
}

double Settings::real(std::string_view key, double absent) const {
    const Json* at = find(key);
    if (!at) return absent;
    if (!at->is_number()) refuse(key, "a number");
    return at->get<double>();
}

bool Settings::flag(std::string_view key, bool absent) const {
    const Json* at = find(key);
    if (!at) return absent;
    if (at->is_number_integer()) return at->get<std::int64_t>() != 0;
    if (!at->is_boolean()) refuse(key, "true or false");
    return at->get<bool>();
}

std::string Settings::text(std::string_view key, std::string_view absent) const {
    const Json* at = find(key);
    if (!at) return std::string(absent);
    if (at->is_object()) {
        if (const std::string registered = textOf(*at, "config"); !registered.empty()) return registered;  // a function: {"class_name": "function", "config": "relu"}
        return textOf(*at, "class_name");
    }
    if (!at->is_string()) refuse(key, "a text");
    return at->get<std::string>();
}

std::vector<std::int64_t> Settings::integers(std::string_view key, std::vector<std::int64_t> absent) const {
    const Json* at = find(key);
    if (!at) return absent;
    if (isWhole(*at)) return {at->get<std::int64_t>()};
    if (!at->is_array() || at->size() > 64) refuse(key, "a short list of whole numbers");
    std::vector<std::int64_t> result;
    for (const Json& entry : *at) {
        if (!entry.is_null() && !isWhole(entry)) refuse(key, "a list of whole numbers");
        result.push_back(entry.is_null() ? -1 : entry.get<std::int64_t>());
    }
    return result;
}

std::vector<std::int64_t> Settings::pairs(std::string_view key, std::size_t pairs, std::int64_t absent) const {
    const Json* at = find(key);
    std::vector<std::int64_t> result;
    const auto whole = [&](const Json& json) {
        if (!isWhole(json)) refuse(key, "made of whole numbers");
        return json.get<std::int64_t>();
    };
    if (!at || at->is_number_integer()) {
        result.assign(2 * pairs, at ? whole(*at) : absent);
    } else if (at->is_array() && at->size() == pairs && !(*at).empty() && (*at)[0].is_array()) {
        for (const Json& pair : *at) {
            if (!pair.is_array() || pair.size() != 2) refuse(key, "a list of pairs");
            result.push_back(whole(pair[0]));
            result.push_back(whole(pair[1]));
        }
    } else if (at->is_array() && pairs == 1 && at->size() == 2) {
        result = {whole((*at)[0]), whole((*at)[1])};
    } else if (at->is_array() && at->size() == pairs) {
        for (const Json& entry : *at) result.insert(result.end(), 2, whole(entry));
    } else {
        refuse(key, "a list of pairs, one for each axis");
    }
    return result;
}

std::vector<double> Settings::reals(std::string_view key) const {
    const Json* at = find(key);
    if (!at) return {};
    std::vector<double> result;
    const auto take = [&](const auto& self, const Json& json, int depth) -> void {
        if (json.is_number()) result.push_back(json.template get<double>());
        else if (json.is_array() && depth < kDeepest) for (const Json& entry : json) self(self, entry, depth + 1);
        else refuse(key, "a list of numbers");
    };
    take(take, *at, 0);
    return result;
}

std::vector<std::string> Settings::texts(std::string_view key) const {
    const Json* at = find(key);
    if (!at || !at->is_array()) return {};
    std::vector<std::string> result;
    for (const Json& entry : *at)
        if (entry.is_string()) result.push_back(entry.get<std::string>());
    return result;
}

Settings Settings::at(std::string_view key) const {
    const Json* at = find(key);
    return Settings(std::make_shared<const Json>(at && at->is_object() ? *at : emptyObject()), m_where);
}

Network parseNetwork(const std::string& text, const std::string& fileName) {
    constexpr int kDeepestJson = 200;
    const auto shallow = [&](int depth, Json::parse_event_t, Json&) {
        if (depth > kDeepestJson) refuseInput("'" + fileName + "': 'model_config' is nested more than " + std::to_string(kDeepestJson) + " deep; the file is damaged");
        return true;
    };
    const Json json = Json::parse(text, shallow, /*allow_exceptions=*/false);
    if (!json.is_object()) refuseInput("'" + fileName + "': 'model_config' is not JSON; the file is damaged, save the model again");
    return Parser(fileName).network(json, 0);
}

}  // namespace bitlathe::keras
