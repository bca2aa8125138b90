#include "core/language/network_block.h"

#include "core/base/error.h"
#include "core/language/rope.h"

#include <cmath>

namespace bitlathe {

namespace {

constexpr const char* kOwn = "bitlathe";  // the domain of operators that read weights as files hold them

Tensor integersTensor(const std::vector<std::int64_t>& values) { return Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values); }

std::string blockName(std::int64_t layer) { return "blk." + std::to_string(layer) + "."; }

}  // namespace

NetworkBuilder::NetworkBuilder(const LanguageSpec& spec, const TensorNames& names, const std::vector<std::string>& tensors, const WeightLookup& weights, const NetworkOptions& options)
    : m_spec(spec), m_names(names), m_weights(weights), m_options(options), m_edit(m_graph), m_tensors(tensors.begin(), tensors.end()) {
    for (const std::string_view prefix : names.prefixes) {
        m_prefix = prefix;
        if (spec.naming == TensorNaming::Gguf || exists("token_embd.weight")) break;
    }
}

Graph NetworkBuilder::take() {
    m_edit.finish();
    return std::move(m_graph);
}

std::vector<ValueId> NetworkBuilder::emitMany(std::string op, const std::string& name, std::vector<ValueId> inputs, std::size_t outputs, Attributes attributes, std::string domain) {
    Node node;
    node.name = name;
    node.op = std::move(op);
    node.domain = std::move(domain);
    node.inputs = std::move(inputs);
    for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(m_edit.addValue(outputs == 1 ? name : name + ":" + std::to_string(i)));
    node.attributes = std::move(attributes);
    auto made = node.outputs;
    m_edit.emit(std::move(node));
    return made;
}

ValueId NetworkBuilder::emit(std::string op, const std::string& name, std::vector<ValueId> inputs, Attributes attributes, std::string domain) {
    return emitMany(std::move(op), name, std::move(inputs), 1, std::move(attributes), std::move(domain))[0];
}

ValueId NetworkBuilder::scalar(const std::string& name, double value) { return m_edit.addConstant(name, Tensor::scalar(static_cast<float>(value))); }

std::vector<ValueId> NetworkBuilder::linear(const std::string& name, ValueId x, const std::vector<Projection>& projections) {
    std::vector<ValueId> inputs{x};
    for (const Projection& one : projections) {
        inputs.push_back(matrix(one.weight + ".weight", one.rows, one.columns));
        inputs.push_back(bias(one.weight + ".bias", one.rows));
    }
    Attributes attributes;
    if (m_options.integer) attributes["activations"] = std::string("int8");
    return emitMany("Linear", name, std::move(inputs), projections.size(), std::move(attributes), kOwn);
}

ValueId NetworkBuilder::norm(const std::string& name, ValueId x, const std::string& tensor, std::int64_t width) {
    Tensor scale = vector(tensor + ".weight", width);
    if (m_spec.normAddsOne) {
        std::vector<float> raised(scale.as<float>().begin(), scale.as<float>().end());
        for (float& value : raised) value += 1.0f;
        scale = Tensor::of(Shape{width}, raised);
    }
    std::vector<ValueId> inputs{x, m_edit.addConstant(fileName(tensor + ".weight"), std::move(scale))};
    const bool layer = m_spec.norm == NormKind::Layer;
    if (const ValueId shift = layer ? bias(tensor + ".bias", width) : kNoValue; shift != kNoValue) inputs.push_back(shift);
    return emit(layer ? "LayerNormalization" : "RMSNormalization", name, std::move(inputs), {{"axis", std::int64_t(-1)}, {"epsilon", static_cast<float>(m_spec.normEpsilon)}});
}

// Each head by itself.
ValueId NetworkBuilder::headNorm(const std::string& name, ValueId x, const std::string& tensor, std::int64_t heads) {
    const ValueId apart = emit("Reshape", name + ".heads", {x, m_edit.addConstant(name + ".shape", integersTensor({0, 0, heads, m_spec.headSize}))});
    const ValueId normed = norm(name, apart, tensor, m_spec.headSize);
    return emit("Reshape", name + ".joined", {normed, m_edit.addConstant(name + ".shape", integersTensor({0, 0, heads * m_spec.headSize}))});
}

ValueId NetworkBuilder::capped(const std::string& name, ValueId x, double cap) {
    const ValueId by = scalar(name + ".cap", cap);
    return emit("Mul", name + ".capped", {emit("Tanh", name + ".tanh", {emit("Div", name + ".scaled", {x, by})}), by});
}

void NetworkBuilder::embed() {
    const auto input = [&](const char* name, std::vector<Dim> shape) {
        const ValueId id = m_edit.addValue(name);
        m_graph.values[static_cast<std::size_t>(id)].type = ElementType::I64;
        m_graph.values[static_cast<std::size_t>(id)].shape = std::move(shape);
        m_graph.inputs.push_back(id);
        return id;
    };
    m_tokens = input("tokens", {{1, {}}, {-1, "T"}});
    m_positions = input("positions", {{1, {}}, {-1, "T"}});
    if (!m_spec.encoder) m_outputs = input("outputs", {{-1, "n"}});
    m_embedding = matrix("token_embd.weight", m_vocabulary, m_spec.width);
    m_stream = emit("GatherRows", "embedding", {m_embedding, m_tokens}, {}, kOwn);
    if (m_spec.embeddingScale != 1.0) m_stream = emit("Mul", "embedding.scaled", {m_stream, scalar("embedding.scale", m_spec.embeddingScale)});
    if (m_spec.learnedPositions) {
        const ValueId table = matrix("position_embd.weight", rowsOf("position_embd.weight", m_spec.width), m_spec.width);
        m_stream = emit("Add", "embedding.placed", {m_stream, emit("GatherRows", "positions.rows", {table, m_positions}, {}, kOwn)});
    }
    if (exists("token_types.weight")) {  // one kind of text: the first row for all tokens
        const ValueId table = matrix("token_types.weight", rowsOf("token_types.weight", m_spec.width), m_spec.width), first = m_edit.addConstant("token_types.first", integersTensor({0}));
        m_stream = emit("Add", "embedding.typed", {m_stream, emit("GatherRows", "token_types.row", {table, first}, {}, kOwn)});
    }
    if (exists("token_embd_norm.weight")) m_stream = norm("embedding.norm", m_stream, "token_embd_norm", m_spec.width);
}

void NetworkBuilder::prepareAngles() {
    if (m_spec.rope.dims == 0) return;
    RopeSpec rope = m_spec.rope;
    for (const char* table : {"rope_freqs.weight", "rope_factors_short.weight"}) {
        if (!exists(table)) continue;
        const auto divisors = vector(table, rope.dims / 2);
        rope.factors.assign(divisors.as<float>().begin(), divisors.as<float>().end());
    }
    const auto angles = [&](const std::string& name, const RopeSpec& of) {
        const auto frequencies = rotaryFrequencies(of);
        const auto made = emitMany("RotaryAngles", name, {m_positions, m_edit.addConstant(name + ".frequencies", Tensor::of(Shape{static_cast<std::int64_t>(frequencies.size())}, frequencies))}, 2,
                                   {{"scale", static_cast<float>(rotaryScale(of))}}, kOwn);
        return Angles{made[0], made[1]};
    };
    m_angles = angles("angles", rope);
    m_localAngles = m_spec.localRope.dims > 0 ? angles("angles.local", m_spec.localRope) : m_angles;
}

ValueId NetworkBuilder::attention(std::int64_t layer, ValueId x) {
    const std::string at = blockName(layer);
    const std::int64_t wideQ = m_spec.heads * m_spec.headSize, wideK = m_spec.kvHeads * m_spec.headSize, wideV = m_spec.kvHeads * m_spec.valueSize;
    std::vector<ValueId> qkv;
    if (exists(at + "attn_qkv.weight")) {  // in one weight, in this order
        const ValueId all = linear(at + "attn_qkv", x, {{at + "attn_qkv", wideQ + wideK + wideV, m_spec.width}})[0];
        qkv = emitMany("Split", at + "attn_split", {all, m_edit.addConstant(at + "attn_sizes", integersTensor({wideQ, wideK, wideV}))}, 3, {{"axis", std::int64_t(-1)}});
    } else {
        qkv = linear(at + "attn_qkv", x, {{at + "attn_q", wideQ, m_spec.width}, {at + "attn_k", wideK, m_spec.width}, {at + "attn_v", wideV, m_spec.width}});
    }
    if (m_spec.queryKeyNorm) {
        qkv[0] = headNorm(at + "attn_q_norm", qkv[0], at + "attn_q_norm", m_spec.heads);
        qkv[1] = headNorm(at + "attn_k_norm", qkv[1], at + "attn_k_norm", m_spec.kvHeads);
    }
    if (m_spec.rope.dims > 0) {
        const Angles& angles = m_spec.windowed(layer) ? m_localAngles : m_angles;
        const auto turned = [&](const std::string& name, ValueId heads, std::int64_t count) {
            return emit("RotaryEmbedding", name, {heads, angles.cosines, angles.sines},
                        {{"num_heads", count}, {"interleaved", std::int64_t(m_spec.rope.interleaved)}, {"rotary_embedding_dim", m_spec.rope.dims}});
        };
        qkv[0] = turned(at + "attn_q_turned", qkv[0], m_spec.heads);
        qkv[1] = turned(at + "attn_k_turned", qkv[1], m_spec.kvHeads);
    }
    Attributes attributes{{m_spec.encoder ? "q_num_heads" : "num_heads", m_spec.heads}, {"kv_num_heads", m_spec.kvHeads}};
    if (m_spec.attentionScale > 0) attributes["scale"] = static_cast<float>(m_spec.attentionScale);
    if (m_spec.attentionCap > 0) attributes["softcap"] = static_cast<float>(m_spec.attentionCap);
    if (!m_spec.encoder) attributes["layer"] = layer;
    if (m_spec.windowed(layer)) attributes["window"] = m_spec.window;
    const ValueId seen = emit(m_spec.encoder ? "Attention" : "CachedAttention", at + "attention", qkv, std::move(attributes), m_spec.encoder ? "" : kOwn);
    return linear(at + "attn_output", seen, {{at + "attn_output", m_spec.width, m_spec.heads * m_spec.valueSize}})[0];
}

ValueId NetworkBuilder::feedForward(std::int64_t layer, ValueId x) {
    const std::string at = blockName(layer);
    std::int64_t wide = rowsOf(at + "ffn_up.weight", m_spec.width);
    ValueId inner = kNoValue;
    if (m_spec.feedForward == FeedForward::Plain) {
        const ValueId up = linear(at + "ffn_up", x, {{at + "ffn_up", wide, m_spec.width}})[0];
        const bool relu = m_spec.activation == "relu";
        inner = emit(relu ? "Relu" : "Gelu", at + "ffn_active", {up}, relu ? Attributes{} : Attributes{{"approximate", std::string(m_spec.activation == "tanh_gelu" ? "tanh" : "none")}});
    } else {
        std::vector<ValueId> halves;
        if (exists(at + "ffn_gate.weight")) {
            halves = linear(at + "ffn_gate_up", x, {{at + "ffn_gate", wide, m_spec.width}, {at + "ffn_up", wide, m_spec.width}});
        } else {
            const ValueId both = linear(at + "ffn_up", x, {{at + "ffn_up", wide, m_spec.width}})[0];
            if (wide % 2 != 0) refuseInput("the tensor '" + at + "ffn_up.weight' has " + std::to_string(wide) + " rows, which hold no gate and values of equal length; fetch or convert the model again");
            wide /= 2;
            halves = emitMany("Split", at + "ffn_split", {both, m_edit.addConstant(at + "ffn_sizes", integersTensor({wide, wide}))}, 2, {{"axis", std::int64_t(-1)}});
        }
        inner = emit("Gated", at + "ffn_active", {halves[0], halves[1]}, {{"activation", m_spec.activation}}, kOwn);
    }
    return linear(at + "ffn_down", inner, {{at + "ffn_down", m_spec.width, wide}})[0];
}

void NetworkBuilder::decoderBlock(std::int64_t layer) {
    const std::string at = blockName(layer);
    const ValueId x = norm(at + "attn_norm", m_stream, at + "attn_norm", m_spec.width);
    ValueId seen = attention(layer, x);
    if (m_spec.postNorms) seen = norm(at + "post_attention_norm", seen, at + "post_attention_norm", m_spec.width);
    const ValueId joined = emit("Add", at + "attn_residual", {m_stream, seen});
    ValueId fed = feedForward(layer, m_spec.parallel ? x : norm(at + "ffn_norm", joined, at + "ffn_norm", m_spec.width));
    if (m_spec.postNorms) fed = norm(at + "post_ffw_norm", fed, at + "post_ffw_norm", m_spec.width);
    m_stream = emit("Add", "hidden." + std::to_string(layer), {joined, fed});
}

void NetworkBuilder::encoderBlock(std::int64_t layer) {
    const std::string at = blockName(layer);
    const ValueId joined = norm(at + "attn_output_norm", emit("Add", at + "attn_residual", {m_stream, attention(layer, m_stream)}), at + "attn_output_norm", m_spec.width);
    m_stream = norm("hidden." + std::to_string(layer), emit("Add", at + "ffn_residual", {joined, feedForward(layer, joined)}), at + "layer_output_norm", m_spec.width);
}

void NetworkBuilder::head() {
    if (m_spec.encoder) {
        m_graph.outputs.push_back(m_stream);
        return;
    }
    const ValueId wanted = emit("Gather", "outputs.rows", {m_stream, m_outputs}, {{"axis", std::int64_t(1)}});
    const ValueId x = norm("output_norm", wanted, "output_norm", m_spec.width);
    Attributes attributes;
    if (m_options.integer) attributes["activations"] = std::string("int8");
    const bool own = exists("output.weight") && !m_spec.tiedHead;
    if (!own && m_spec.ownHead) need("output.weight");
    const ValueId table = own ? matrix("output.weight", m_vocabulary, m_spec.width) : m_embedding;
    ValueId logits = emit("Linear", "logits", {x, table, bias("output.bias", m_vocabulary)}, std::move(attributes), kOwn);
    if (m_spec.logitCap > 0) logits = capped("logits", logits, m_spec.logitCap);
    m_graph.outputs.push_back(logits);
}

void NetworkBuilder::build() {
    readVocabulary();
    embed();
    prepareAngles();
    for (std::int64_t layer = 0; layer < m_spec.layers; ++layer) m_spec.encoder ? encoderBlock(layer) : decoderBlock(layer);
    head();
    refuseUnknownTensors();
}

}  // namespace bitlathe
