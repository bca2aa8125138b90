// The nodes of one network, put together part by part. Private to buildLanguage().
#pragma once

#include "core/language/network.h"
#include "core/language/tensor_names.h"
#include "core/model/graph_edit.h"

#include <set>
#include <string>
#include <vector>

namespace bitlathe {

class NetworkBuilder {
public:
    NetworkBuilder(const LanguageSpec& spec, const TensorNames& names, const std::vector<std::string>& tensors, const WeightLookup& weights, const NetworkOptions& options);

    void build();
    Graph take();

private:
    struct Projection {
        std::string weight;                // "blk.0.attn_q"
        std::int64_t rows = 0, columns = 0;
    };

    // Tensors, by GGUF's names with ".weight" or ".bias".
    bool exists(const std::string& name) const;
    std::string fileName(const std::string& name) const;
    std::optional<Value> find(const std::string& name);
    Value need(const std::string& name);
    Tensor vector(const std::string& name, std::int64_t count);
    ValueId matrix(const std::string& name, std::int64_t rows, std::int64_t columns);
    ValueId bias(const std::string& name, std::int64_t count);
    std::int64_t rowsOf(const std::string& name, std::int64_t columns);

    // Nodes.
    ValueId emit(std::string op, const std::string& name, std::vector<ValueId> inputs, Attributes attributes = {}, std::string domain = {});
    std::vector<ValueId> emitMany(std::string op, const std::string& name, std::vector<ValueId> inputs, std::size_t outputs, Attributes attributes = {}, std::string domain = {});
    ValueId scalar(const std::string& name, double value);
    std::vector<ValueId> linear(const std::string& name, ValueId x, const std::vector<Projection>& projections);
    ValueId norm(const std::string& name, ValueId x, const std::string& tensor, std::int64_t width);
    ValueId headNorm(const std::string& name, ValueId x, const std::string& tensor, std::int64_t heads);
    ValueId capped(const std::string& name, ValueId x, double cap);

    void readVocabulary();
    void embed();
    void prepareAngles();
    ValueId attention(std::int64_t layer, ValueId x);
    ValueId feedForward(std::int64_t layer, ValueId x);
    void decoderBlock(std::int64_t layer);
    void encoderBlock(std::int64_t layer);
    void head();
    void refuseUnknownTensors() const;

    const LanguageSpec& m_spec;
    const TensorNames& m_names;
    const WeightLookup& m_weights;
    const NetworkOptions m_options;
    Graph m_graph;
    GraphEdit m_edit;
    std::string m_prefix;                 // of Hugging Face's names in this file
    std::set<std::string, std::less<>> m_tensors, m_used;
    std::int64_t m_vocabulary = 0;
    ValueId m_tokens = kNoValue, m_positions = kNoValue, m_outputs = kNoValue, m_stream = kNoValue, m_embedding = kNoValue;
    struct Angles {
        ValueId cosines = kNoValue, sines = kNoValue;
    };
    Angles m_angles, m_localAngles;
};

}  // namespace bitlathe
