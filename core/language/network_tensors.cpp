// Weights of the file: found by name, checked against the numbers, made constants of the graph.
#include "core/base/error.h"
#include "core/language/network_block.h"
#include "core/tensor/packed_tensor.h"

namespace bitlathe {

namespace {

const Shape& shapeOf(const Value& value) { return value.blocks ? value.blocks->shape : value.packed ? value.packed->shape : value.constant->shape(); }

Tensor floatsOf(const Value& value) { return value.blocks ? toFloat32(*value.blocks) : value.packed ? toFloat32(*value.packed) : toFloat32(*value.constant); }

Tensor transposed(const Tensor& matrix) {
    const std::int64_t rows = matrix.shape()[0], columns = matrix.shape()[1];
    std::byte* bytes = nullptr;
    Tensor turned = Tensor::allocate(ElementType::F32, Shape{columns, rows}, bytes);
    auto* to = reinterpret_cast<float*>(bytes);
    const float* from = matrix.as<float>().data();
    for (std::int64_t c = 0; c < columns; ++c)
        for (std::int64_t r = 0; r < rows; ++r) to[c * rows + r] = from[r * columns + c];
    return turned;
}

}  // namespace

std::string NetworkBuilder::fileName(const std::string& name) const {
    if (m_spec.naming == TensorNaming::Gguf) return name;
    const std::string found = huggingFaceName(m_names, name, m_prefix).value_or(std::string());
    if (const std::string wrapped = "language_model." + found; name.starts_with("output.") && m_tensors.contains(wrapped)) return wrapped;
    return found;
}

bool NetworkBuilder::exists(const std::string& name) const {
    const std::string file = fileName(name);
    return !file.empty() && m_tensors.contains(file);
}

std::optional<Value> NetworkBuilder::find(const std::string& name) {
    const std::string file = fileName(name);
    if (file.empty() || !m_tensors.contains(file)) return std::nullopt;
    m_used.insert(file);
    return m_weights(file);
}

Value NetworkBuilder::need(const std::string& name) {
    auto value = find(name);
    if (!value) {
        const std::string file = fileName(name);
        refuseInput("the tensor '" + (file.empty() ? name : file) + "' is missing, without which this " + m_spec.label + " network cannot be built; fetch or convert the model again");
    }
    return std::move(*value);
}

Tensor NetworkBuilder::vector(const std::string& name, std::int64_t count) {
    const Value value = need(name);
    const Shape& shape = shapeOf(value);
    if (shape.count() != count) refuseInput("the tensor '" + value.name + "' has " + std::to_string(shape.count()) + " numbers, but the file's keys ask for " + std::to_string(count) + "; fetch or convert the model again");
    return floatsOf(value).reshaped(Shape{count});
}

// A constant of the graph: rows × columns, whichever way the file has it.
ValueId NetworkBuilder::matrix(const std::string& name, std::int64_t rows, std::int64_t columns) {
    Value value = need(name);
    const Shape shape = shapeOf(value);
    const bool turned = name.starts_with("blk.") && liesInputsFirst(m_spec, value);
    const Shape expected = turned ? Shape{columns, rows} : Shape{rows, columns};
    if (shape != expected)
        refuseInput("the tensor '" + value.name + "' is " + toText(shape) + ", but the file's keys ask for " + toText(expected) + "; fetch or convert the model again");
    if (turned) return m_edit.addConstant(value.name, transposed(floatsOf(value)));
    if (value.constant) return m_edit.addConstant(value.name, *value.constant);
    const ValueId id = m_edit.addValue(value.name);
    m_graph.values[static_cast<std::size_t>(id)].blocks = std::move(value.blocks);
    m_graph.values[static_cast<std::size_t>(id)].packed = std::move(value.packed);
    return id;
}

ValueId NetworkBuilder::bias(const std::string& name, std::int64_t count) {
    return exists(name) ? m_edit.addConstant(fileName(name), vector(name, count)) : kNoValue;
}

// Outputs of a weight that reads `columns` numbers, as the file has it.
std::int64_t NetworkBuilder::rowsOf(const std::string& name, std::int64_t columns) {
    const Value value = need(name);
    const Shape& shape = shapeOf(value);
    if (shape.rank() != 2) refuseInput("the tensor '" + value.name + "' is " + toText(shape) + ", but must be a matrix of " + std::to_string(columns) + " columns; fetch or convert the model again");
    const bool turned = name.starts_with("blk.") && liesInputsFirst(m_spec, value);
    return shape[turned ? 1 : 0];
}

void NetworkBuilder::readVocabulary() {
    m_vocabulary = rowsOf("token_embd.weight", m_spec.width);
    if (m_vocabulary < 1) refuseInput("the model has no tokens; fetch or convert it again");
}

// A tensor that nobody reads is a part that this description does not know: the network would compute something else.
void NetworkBuilder::refuseUnknownTensors() const {
    for (const std::string& name : m_tensors) {
        if (m_used.contains(name)) continue;
        if (isHarmless(m_spec, name) || name == "rope_freqs.weight" || name == "lm_head.weight" || name == "output.weight" || name.starts_with("rope_factors_")) continue;
        throw Error(ErrorKind::Unsupported, "the tensor '" + name + "' has no place in a " + m_spec.label + " network as it is known here, so the model is not run; it can be looked at, quantized and exported");
    }
}

bool isHarmless(const LanguageSpec& spec, std::string_view name) {
    for (const std::string_view part : {"rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", "position_ids", "attn_rot_embd", "attention.bias"})
        if (name.find(part) != std::string_view::npos) return true;
    for (const std::string_view part : {"vision_tower.", "vision_model.", "multi_modal_projector.", "visual."})  // what reads pictures, beside a model for texts
        if (name.starts_with(part) || name.starts_with("model." + std::string(part))) return true;
    if (!spec.encoder) return false;
    for (const std::string_view head : {"cls", "pooler", "bert.pooler", "classifier", "qa_outputs"})
        if (name.starts_with(head)) return true;
    return false;
}

bool liesInputsFirst(const LanguageSpec& spec, const Value& matrix) noexcept {
    return spec.inputsFirst && spec.naming == TensorNaming::HuggingFace && shapeOf(matrix).rank() == 2 && !(matrix.packed && matrix.packed->parts.size() > 1);
}

WeightLookup weightsOf(std::shared_ptr<const Model> model) {
    auto places = std::make_shared<std::map<std::string, std::size_t, std::less<>>>();
    for (std::size_t i = 0; i < model->graph.values.size(); ++i) (*places)[model->graph.values[i].name] = i;
    return [model = std::move(model), places](std::string_view name) -> std::optional<Value> {
        const auto at = places->find(name);
        if (at == places->end()) return std::nullopt;
        const Value& value = model->graph.values[at->second];
        if (!value.constant && !value.blocks && !value.packed) return std::nullopt;
        return value;
    };
}

std::vector<std::string> tensorNamesOf(const Model& model) {
    std::vector<std::string> names;
    for (const Value& value : model.graph.values)
        if (value.constant || value.blocks || value.packed) names.push_back(value.name);
    return names;
}

}  // namespace bitlathe
