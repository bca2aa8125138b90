// What a Keras file says about its network: classes, settings and links, as plain values. Reads the JSON of
// `model_config` (legacy whole-model files of Keras 1, 2 and 3). Knows no weights and no operators.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe::keras {

// The settings of one layer. Copies share the JSON. A key may be given with the name that Keras 1 had for it
// behind a bar: "strides|subsample". Settings of another type than asked for throw Error(Input) naming the key.
class Settings {
public:
    Settings();
    explicit Settings(std::shared_ptr<const nlohmann::json> json, std::string where);

    bool has(std::string_view key) const;  // there, and not null
    std::int64_t integer(std::string_view key, std::int64_t absent) const;
    double real(std::string_view key, double absent) const;
    bool flag(std::string_view key, bool absent) const;
    // A text, or the class name of an object that stands there: {"class_name": "ReLU", …}.
    std::string text(std::string_view key, std::string_view absent) const;
    // A list of integers; a single one is a list of one; null entries are -1.
    std::vector<std::int64_t> integers(std::string_view key, std::vector<std::int64_t> absent = {}) const;
    // A list of lists, or pairs: ((1, 2), (3, 4)) → 1 2 3 4; (1, 2) → 1 1 2 2; 3 → 3 3 for every one of `pairs`.
    std::vector<std::int64_t> pairs(std::string_view key, std::size_t pairs, std::int64_t absent) const;
    std::vector<double> reals(std::string_view key) const;
    std::vector<std::string> texts(std::string_view key) const;
    // The object under a key; empty settings when there is none.
    Settings at(std::string_view key) const;

    const std::string& where() const noexcept { return m_where; }  // "layer 'conv2d' (Conv2D)"
    const nlohmann::json& json() const noexcept { return *m_json; }

private:
    const nlohmann::json* find(std::string_view key) const;
    [[noreturn]] void refuse(std::string_view key, std::string_view wanted) const;
    std::shared_ptr<const nlohmann::json> m_json;
    std::string m_where;
};

// One output of one call of a layer.
struct TensorRef {
    std::string layer;
    std::int64_t call = 0, output = 0;
    bool operator==(const TensorRef&) const = default;
};
// What one call of a layer gets: its inputs, and those that go by name ("value", "initial_state").
struct Call {
    std::vector<TensorRef> inputs;
    std::vector<std::pair<std::string, std::vector<TensorRef>>> named;
};

struct Network;

struct LayerConfig {
    std::string name, className;
    Settings settings;
    std::vector<Call> calls;  // Functional; a Sequential has none
    std::shared_ptr<const Network> network;  // of a model that is used as a layer
    std::shared_ptr<const LayerConfig> inner, backward;  // of wrappers: Bidirectional, TimeDistributed
};

struct Network {
    std::string name;
    bool sequential = false;
    std::vector<LayerConfig> layers;
    std::vector<TensorRef> inputs, outputs;  // Functional
};

// text: `model_config`; fileName for messages. Throws Error(Input) with the layer and what is wrong.
Network parseNetwork(const std::string& text, const std::string& fileName);

}  // namespace bitlathe::keras
