#include "core/formats/keras/codes.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/recipe_json.h"
#include "core/quant/user_table.h"

#include <algorithm>

namespace bitlathe::keras {

namespace {

// How codes lie in the file: numbers of `bits` from `lowest` on; whole: as they are, in 8 or 16 bits.
struct Form {
    int bits = 8;
    std::int32_t lowest = 0;
    bool whole = false;
    bool isSigned = false;
};

template <class F>
decltype(auto) withCodes(const Tensor& codes, F&& use) {
    switch (codes.type()) {
    case ElementType::I8: return use(codes.as<std::int8_t>());
    case ElementType::I16: return use(codes.as<std::int16_t>());
    case ElementType::U16: return use(codes.as<std::uint16_t>());
    default: return use(codes.as<std::uint8_t>());
    }
}

// By the specification; wider only where a format has codes outside (the signs of 1 bit).
Form formOf(const QuantSpec& spec) noexcept {
    Form form{spec.bits, 0, false, isSigned(codecOf(spec).codeType(spec))};
    if (form.isSigned) form.bits = std::max(form.bits, 2);
    if (form.bits > 8) form.bits = 16;
    form.whole = form.bits == 8 || form.bits == 16;
    if (form.isSigned && !form.whole) form.lowest = -(1 << (form.bits - 1));
    return form;
}

Form formFor(const QuantizedTensor& weights) {
    Form form = formOf(weights.spec);
    if (form.whole) return form;
    std::int32_t least = 0, most = 0;
    withCodes(weights.codes, [&](auto codes) {
        for (const auto code : codes) least = std::min<std::int32_t>(least, code), most = std::max<std::int32_t>(most, code);
    });
    if (least >= form.lowest && most < form.lowest + (1 << form.bits)) return form;
    return {8, 0, true, form.isSigned};
}

std::int64_t rowBytes(std::int64_t perChannel, int bits) noexcept { return (perChannel * bits + 7) / 8; }

ElementType elementOf(const Form& form) noexcept {
    if (!form.whole) return ElementType::U8;
    if (form.bits == 8) return form.isSigned ? ElementType::I8 : ElementType::U8;
    return form.isSigned ? ElementType::I16 : ElementType::U16;
}

// The place in the weight's own order of element e of channel c.
std::size_t placeOf(const ChannelLayout& layout, std::int64_t c, std::int64_t e) noexcept {
    return static_cast<std::size_t>((e / layout.inner * layout.channels + c) * layout.inner + e % layout.inner);
}

Tensor rowsOf(const QuantizedTensor& weights, const Form& form) {
    const ChannelLayout& layout = weights.layout;
    const std::int64_t count = layout.perChannel(), row = form.whole ? count : rowBytes(count, form.bits);
    std::byte* bytes = nullptr;
    Tensor rows = Tensor::allocate(elementOf(form), Shape{layout.channels, row}, bytes);
    std::fill_n(bytes, rows.bytes().size(), std::byte(0));
    withCodes(weights.codes, [&](auto codes) {
        for (std::int64_t c = 0; c < layout.channels; ++c)
            for (std::int64_t e = 0; e < count; ++e) {
                const auto code = codes[placeOf(layout, c, e)];
                if (form.whole) {
                    std::byte* at = bytes + (c * count + e) * (form.bits / 8);
                    const auto value = static_cast<std::uint16_t>(code);
                    at[0] = static_cast<std::byte>(value & 255);
                    if (form.bits == 16) at[1] = static_cast<std::byte>(value >> 8);
                    continue;
                }
                const auto value = static_cast<std::uint32_t>(static_cast<std::int32_t>(code) - form.lowest);
                for (int b = 0; b < form.bits; ++b) {
                    const std::int64_t bit = e * form.bits + b;
                    if (value >> b & 1u) bytes[c * row + bit / 8] |= static_cast<std::byte>(1u << (bit % 8));
                }
            }
    });
    return rows;
}

Tensor integers(const std::vector<std::int64_t>& values) { return Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values); }

// What a group says, checked piece by piece.
class Reading {
public:
    Reading(const Hdf5Node& node, const std::string& source) : m_node(node), m_source(source) {}

    Tensor array() {
        QuantizedTensor weights;
        weights.spec = spec();
        weights.layout = {integer("outer"), integer("channels"), integer("inner")};
        WeightOrigin origin{{}, {}, list("axes", kMostAxes), true, list("array_shape", kMostAxes), list("gates", 8)};
        const std::vector<std::int64_t> sizes = {weights.layout.outer, weights.layout.channels, weights.layout.inner};
        const auto count = checkedCount(sizes), stored = checkedCount(origin.shape);
        if (!count || !stored || *count != *stored || *count > kMostWeights) refuse("its sizes do not fit");
        checkOrder(origin);
        const GroupGrid grid = groupGrid(weights.layout, weights.spec);
        weights.codes = codes(weights);
        const Tensor scales = tensor("scales", ElementType::F32, grid.groups);
        weights.scales.assign(scales.as<float>().begin(), scales.as<float>().end());
        weights.zeroPoints.assign(static_cast<std::size_t>(grid.groups), 0);
        if (m_node.find("zero_points")) {
            const Tensor points = tensor("zero_points", ElementType::I32, grid.groups);
            weights.zeroPoints.assign(points.as<std::int32_t>().begin(), points.as<std::int32_t>().end());
        }
        if (const int each = codecOf(weights.spec).innerBytes(weights.spec); each > 0) {
            const Tensor inner = tensor("inner_bytes", ElementType::U8, grid.groups * each);
            weights.inner.assign(inner.bytes().begin(), inner.bytes().end());
        }
        Workers alone(1);
        return inFileOrder(origin, dequantize(weights, alone));
    }

private:
    static constexpr std::size_t kMostAxes = 16;
    static constexpr std::int64_t kMostWeights = std::int64_t(1) << 40;

    [[noreturn]] void refuse(const std::string& what) const { refuseInput(m_source + ": " + what + "; the file is damaged, export the network again"); }

    std::int64_t integer(const char* name) const {
        const auto* value = m_node.get<std::int64_t>(name);
        if (!value || *value < 1) refuse(std::string("'") + name + "' is missing or no number above 0");
        return *value;
    }
    std::vector<std::int64_t> list(const char* name, std::size_t most) const {
        if (!m_node.find(name)) return {};
        const auto* value = m_node.get<Tensor>(name);
        if (!value || value->type() != ElementType::I64 || value->shape().rank() != 1 || value->count() > static_cast<std::int64_t>(most)) refuse(std::string("'") + name + "' is no short list of numbers");
        return {value->as<std::int64_t>().begin(), value->as<std::int64_t>().end()};
    }
    Tensor tensor(const char* name, ElementType type, std::int64_t count) const {
        const auto* value = m_node.get<Tensor>(name);
        if (!value || value->type() != type || value->count() != count) refuse(std::string("'") + name + "' is missing or does not fit");
        return *value;
    }

    QuantSpec spec() const {
        const auto* text = m_node.get<std::string>("scheme");
        if (!text) refuse("'scheme' is missing");
        Recipe recipe;
        try {
            recipe = recipeFromJson(*text, m_source);
        } catch (const Error& error) {
            refuse("its scheme is not known: " + error.message());
        }
        const auto& spec = recipe.defaults.weights;
        const Codec* codec = spec ? findCodec(spec->codec) : nullptr;
        if (!codec || spec->bits < codec->minBits || spec->bits > codec->maxBits) refuse("its number format is not known here");
        const auto* group = std::get_if<PerGroup>(&spec->granularity);
        if ((group && group->size < 1) || (codec->takesTable && !tableProblem(spec->table, spec->bits).empty())) refuse("its number format does not fit");
        return *spec;
    }

    // Axes and gates are permutations.
    void checkOrder(const WeightOrigin& origin) const {
        const auto permutes = [](std::vector<std::int64_t> order) {
            std::sort(order.begin(), order.end());
            for (std::size_t i = 0; i < order.size(); ++i)
                if (order[i] != static_cast<std::int64_t>(i)) return false;
            return true;
        };
        if (!permutes(origin.axes) || (!origin.axes.empty() && origin.axes.size() != origin.shape.size())) refuse("'axes' is no order of its axes");
        if (!permutes(origin.gates) || (!origin.gates.empty() && (origin.shape.empty() || origin.shape.back() % static_cast<std::int64_t>(origin.gates.size()) != 0))) refuse("'gates' does not fit");
    }

    // Into the weight's own order.
    Tensor codes(const QuantizedTensor& weights) const {
        const ChannelLayout& layout = weights.layout;
        const Codec& codec = codecOf(weights.spec);
        const ElementType type = codec.codeType(weights.spec);
        Form form = formOf(weights.spec);
        if (!form.whole && integer("code_bits") == 8) form = {8, 0, true, form.isSigned};
        const std::int64_t count = layout.perChannel(), row = form.whole ? count : rowBytes(count, form.bits);
        const Tensor rows = tensor("codes", elementOf(form), layout.channels * row);
        const auto from = rows.bytes();
        const std::size_t width = bitsOf(type) / 8;
        std::byte* to = nullptr;
        Tensor result = Tensor::allocate(type, Shape{layout.channels * count}, to);
        for (std::int64_t c = 0; c < layout.channels; ++c)
            for (std::int64_t e = 0; e < count; ++e) {
                std::uint32_t value = 0;
                if (form.whole) {
                    const std::size_t at = static_cast<std::size_t>(c * count + e) * static_cast<std::size_t>(form.bits / 8);
                    value = std::to_integer<std::uint32_t>(from[at]) | (form.bits == 16 ? std::to_integer<std::uint32_t>(from[at + 1]) << 8 : 0u);
                } else {
                    for (int b = 0; b < form.bits; ++b) {
                        const std::int64_t bit = e * form.bits + b;
                        value |= (std::to_integer<std::uint32_t>(from[static_cast<std::size_t>(c * row + bit / 8)]) >> (bit % 8) & 1u) << b;
                    }
                    value = static_cast<std::uint32_t>(static_cast<std::int32_t>(value) + form.lowest);
                }
                // Codes are places in tables: one beyond the end must not get there.
                if (!form.isSigned && value >> weights.spec.bits != 0) refuse("a code lies outside its format");
                std::byte* at = to + placeOf(layout, c, e) * width;
                at[0] = static_cast<std::byte>(value & 255);
                if (width == 2) at[1] = static_cast<std::byte>(value >> 8 & 255);
            }
        return result;
    }

    const Hdf5Node& m_node;
    const std::string& m_source;
};

}  // namespace

const char* const kOrder =
    "codes: one row for each channel, its weights in order; where code_bits is not 8 or 16, rows are bits, lowest bit first, filled up to whole bytes. "
    "weight = scale of its group * (code + lowest_code - zero_point), for formats that decode so. array = weights as outer x channels x inner, reshaped, axes turned back, gates put back";

Hdf5Node codesNode(const QuantizedTensor& weights, const WeightOrigin& origin, const std::string& layer) {
    const Form form = formFor(weights);
    const GroupGrid grid = weights.grid();
    Recipe scheme;
    scheme.defaults.weights = weights.spec;
    Hdf5Node node;
    node.add("layer", layer);
    node.add("array", origin.path);
    node.add("format", formatName(weights.spec));
    node.add("scheme", toJson(scheme));
    node.add("outer", weights.layout.outer);
    node.add("channels", weights.layout.channels);
    node.add("inner", weights.layout.inner);
    node.add("group_size", grid.perChannel == 0 ? weights.layout.perChannel() * weights.layout.channels : grid.size, "weights");
    node.add("groups_per_channel", grid.perChannel);
    node.add("code_bits", std::int64_t(form.bits), "bits");
    node.add("lowest_code", std::int64_t(form.lowest));
    node.add("array_shape", integers(origin.shape), {}, "of the array in Keras's order");
    if (!origin.axes.empty()) node.add("axes", integers(origin.axes), {}, "the weight's axes are these axes of the array");
    if (!origin.gates.empty()) node.add("gates", integers(origin.gates), {}, "block g of the weight is block gates[g] of the array's last axis");
    node.add("codes", rowsOf(weights, form), "code", "a row for each channel");
    node.add("scales", Tensor::of(grid.perChannel > 0 ? Shape{weights.layout.channels, grid.perChannel} : Shape{grid.groups}, weights.scales), "weight units per step",
             grid.perChannel > 0 ? "a row for each channel, one for each of its groups" : "one for all weights");
    if (std::any_of(weights.zeroPoints.begin(), weights.zeroPoints.end(), [](std::int32_t z) { return z != 0; }))
        node.add("zero_points", Tensor::of(grid.perChannel > 0 ? Shape{weights.layout.channels, grid.perChannel} : Shape{grid.groups}, weights.zeroPoints), "code", "as the scales");
    if (!weights.inner.empty()) {
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(weights.inner.data());
        node.add("inner_bytes", Tensor::of(Shape{grid.groups, static_cast<std::int64_t>(weights.inner.size()) / grid.groups}, std::vector<std::uint8_t>(bytes, bytes + weights.inner.size())), "bytes",
                 "what the format keeps of each group beside its scale");
    }
    return node;
}

Tensor decodedArray(const Hdf5Node& node, const std::string& source) { return Reading(node, source).array(); }

std::int64_t codesBytes(const ChannelLayout& layout, const QuantSpec& spec) noexcept {
    const Form form = formOf(spec);
    const std::int64_t row = form.whole ? layout.perChannel() * (form.bits / 8) : rowBytes(layout.perChannel(), form.bits);
    const Codec& codec = codecOf(spec);
    const bool points = codec.decodesAffine && !spec.symmetric;
    return layout.channels * row + groupGrid(layout, spec).groups * (4 + (points ? 4 : 0) + codec.innerBytes(spec));
}

}  // namespace bitlathe::keras
