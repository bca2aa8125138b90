#include "core/formats/safetensors/quantized_layouts.h"

#include "core/base/mapped_file.h"
#include "core/base/plain_text.h"
#include "core/formats/safetensors/coded_weight.h"
#include "core/tensor/convert.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>

namespace bitlathe::safetensors {

namespace {

struct Parts {
    const Entry *codes = nullptr, *scales = nullptr, *zeros = nullptr, *order = nullptr, *shape = nullptr;
};

// What is made of the parts, or why nothing is.
struct Fitted {
    CodedWeight coded;
    std::string family;  // "GPTQ"
    int bits = 0;
    std::string tag;     // "gptq"
    std::string problem;
};

const Shape& shapeOf(const Entry& entry) { return entry.info.shape; }
bool isMatrix(const Entry* entry, ElementType type) { return entry && entry->info.type == type && shapeOf(*entry).rank() == 2; }
bool isFloatMatrix(const Entry* entry) { return entry && entry->info.type && isFloat(*entry->info.type) && bitsOf(*entry->info.type) >= 16 && shapeOf(*entry).rank() == 2; }

Fitted failed(std::string problem) {
    Fitted fitted;
    fitted.problem = std::move(problem);
    return fitted;
}

// int32 per column, each the number of a group. Taken over where it is another order than the plain one.
std::string fitOrder(CodedWeight& coded, const Entry& order) {
    const std::int64_t columns = coded.columns, groups = coded.groups;
    if (order.info.type != ElementType::I32 || shapeOf(order).count() != columns) return "g_idx is no list of " + std::to_string(columns) + " int32";
    const auto bytes = order.bytes();
    std::vector<std::int32_t> groupOf(static_cast<std::size_t>(columns));
    if (columns > 0) std::memcpy(groupOf.data(), bytes.data(), bytes.size());
    bool plain = coded.groupSize > 0;
    for (std::int64_t c = 0; c < columns; ++c) {
        const std::int32_t group = groupOf[static_cast<std::size_t>(c)];
        if (group < 0 || group >= groups) return "g_idx puts column " + std::to_string(c) + " into group " + std::to_string(group) + " of " + std::to_string(groups);
        plain = plain && group == c / coded.groupSize;
    }
    if (!plain) coded.order.emplace(ColumnOrder{std::move(groupOf)});
    return {};
}

// The size of groups that cut `columns` into `groups`: the configuration's where that fits.
std::int64_t groupSizeOf(std::int64_t columns, std::int64_t groups, std::int64_t said) {
    if (groups <= 0 || columns <= 0) return 0;
    if (said > 0 && (columns + said - 1) / said == groups) return said;
    const std::int64_t size = (columns + groups - 1) / groups;
    return (columns + size - 1) / size == groups ? size : 0;
}

WeightScheme schemeOf(const QuantizationConfig& config) { return config.schemes.empty() ? WeightScheme{} : config.schemes.front(); }

// qweight int32 [C·b/32, R] packed along columns, qzeros [G, R·b/32] packed along rows, scales [G, R].
Fitted gptq(const Parts& parts, const QuantizationConfig& config) {
    const std::int64_t words = shapeOf(*parts.codes)[0], rows = shapeOf(*parts.codes)[1], groups = shapeOf(*parts.scales)[0];
    const WeightScheme said = schemeOf(config);
    int bits = said.bits;
    if (parts.zeros && rows > 0) bits = static_cast<int>(std::min<std::int64_t>(shapeOf(*parts.zeros)[1] * 32 / rows, 9));
    if (bits != 2 && bits != 3 && bits != 4 && bits != 8) return failed("codes of " + std::to_string(bits) + " bits are not in GPTQ's layout");
    const std::int64_t columns = parts.order ? shapeOf(*parts.order).count() : words * 32 / bits;
    if (words != PlaneLayout::words(WordOrder::Stream, bits, columns)) return failed("qweight does not fit " + std::to_string(columns) + " columns");
    if (shapeOf(*parts.scales)[1] != rows) return failed("scales do not fit " + std::to_string(rows) + " outputs");
    if (parts.zeros && (shapeOf(*parts.zeros)[0] != groups || shapeOf(*parts.zeros)[1] != PlaneLayout::words(WordOrder::Stream, bits, rows))) return failed("qzeros do not fit the scales");
    Fitted fitted;
    fitted.family = "GPTQ", fitted.tag = "gptq", fitted.bits = bits;
    CodedWeight& coded = fitted.coded;
    coded.rows = rows, coded.columns = columns, coded.groups = groups;
    coded.plane = PlaneLayout{bits, WordOrder::Stream, rows, 1};
    coded.scales = {*parts.scales->info.type, parts.scales->bytes().data(), 1, rows, 1};
    coded.middle = 1 << (bits - 1);
    if (parts.zeros) {
        coded.zeroPlane = PlaneLayout{bits, WordOrder::Stream, 1, shapeOf(*parts.zeros)[1]};
        coded.zeroWords = parts.zeros->bytes().data();
        coded.zeroOffset = config.zeroMinusOne ? 1 : 0;
    }
    coded.groupSize = groupSizeOf(columns, groups, said.groupSize);
    if (coded.groupSize == 0 && !parts.order) return failed(std::to_string(groups) + " groups do not cut " + std::to_string(columns) + " columns evenly");
    return fitted;
}

// qweight int32 [C, R/8], qzeros [G, R/8], both packed along rows; scales [G, R].
Fitted awq(const Parts& parts, const QuantizationConfig& config) {
    const std::int64_t columns = shapeOf(*parts.codes)[0], rows = shapeOf(*parts.codes)[1] * 8, groups = shapeOf(*parts.scales)[0];
    if (shapeOf(*parts.scales)[1] != rows) return failed("scales do not fit " + std::to_string(rows) + " outputs");
    if (parts.zeros && (shapeOf(*parts.zeros)[0] != groups || shapeOf(*parts.zeros)[1] * 8 != rows)) return failed("qzeros do not fit the scales");
    Fitted fitted;
    fitted.family = "AWQ", fitted.tag = "awq", fitted.bits = 4;
    CodedWeight& coded = fitted.coded;
    coded.rows = rows, coded.columns = columns, coded.groups = groups;
    coded.plane = PlaneLayout{4, WordOrder::Awq, 1, rows / 8};
    coded.packedAlongRows = true;
    coded.scales = {*parts.scales->info.type, parts.scales->bytes().data(), 1, rows, 1};
    coded.middle = 8;
    if (parts.zeros) {
        coded.zeroPlane = PlaneLayout{4, WordOrder::Awq, 1, rows / 8};
        coded.zeroWords = parts.zeros->bytes().data();
    }
    coded.groupSize = groupSizeOf(columns, groups, schemeOf(config).groupSize);
    return coded.groupSize == 0 ? failed(std::to_string(groups) + " groups do not cut " + std::to_string(columns) + " columns evenly") : fitted;
}

// Scales of compressed-tensors: one, one a row, one per row and group, or one per block of rows and columns.
std::string fitScales(CodedWeight& coded, const Entry& scales, const WeightScheme& said) {
    const Shape& shape = shapeOf(scales);
    if (!scales.info.type || !isFloat(*scales.info.type) || bitsOf(*scales.info.type) < 16) return "weight_scale is of type " + scales.info.typeName;
    coded.scales = {*scales.info.type, scales.bytes().data(), 0, 0, 1};
    coded.groups = 1, coded.groupSize = std::max<std::int64_t>(coded.columns, 1);
    if (shape.count() == 1) return {};
    coded.scales.rowStep = shape.rank() == 2 ? shape[1] : 1;
    if (shape.count() == coded.rows && (shape.rank() == 1 || (shape.rank() == 2 && shape[1] == 1))) return {};
    if (shape.rank() != 2) return "weight_scale does not fit the weight";
    coded.groups = shape[1];
    coded.scales.groupStep = 1;
    coded.groupSize = groupSizeOf(coded.columns, coded.groups, said.blockColumns > 0 ? said.blockColumns : said.groupSize);
    if (shape[0] != coded.rows) {
        coded.scales.rows = groupSizeOf(coded.rows, shape[0], said.blockRows > 0 ? said.blockRows : 128);
        if (coded.scales.rows == 0) return "weight_scale does not fit the weight";
    }
    return coded.groupSize == 0 ? "weight_scale does not cut the columns evenly" : "";
}

std::string fitZeros(CodedWeight& coded, const Entry& zeros, int bits) {
    const Shape& shape = shapeOf(zeros);
    if (zeros.info.type == ElementType::I32 && coded.plane && shape.rank() == 2) {
        if (shape[1] != coded.groups || shape[0] != PlaneLayout::words(WordOrder::Whole, bits, coded.rows)) return "weight_zero_point does not fit the scales";
        coded.zeroPlane = PlaneLayout{bits, WordOrder::Whole, coded.groups, 1};
        coded.zeroWords = zeros.bytes().data();
        return {};
    }
    if (zeros.info.type != ElementType::I8) return "weight_zero_point is of type " + zeros.info.typeName;
    // One for all or one per row and group, whichever of the two the scales are.
    const bool one = shape.count() == 1;
    if (!one && coded.scales.rows != 1) return "weight_zero_point over blocks is not known";
    const bool each = shape.count() == coded.rows * coded.groups && (coded.groups == 1 || shape == Shape{coded.rows, coded.groups});
    if (!one && !each) return "weight_zero_point does not fit the scales";
    coded.zeroValues = GroupValues{ElementType::I8, zeros.bytes().data(), one ? 0 : coded.groups, one ? 0 : 1, 1};
    return "";
}

// weight_packed int32 [R, W]; weight_shape says R and C.
Fitted packQuantized(const Parts& parts, const QuantizationConfig& config) {
    const std::int64_t rows = shapeOf(*parts.codes)[0], words = shapeOf(*parts.codes)[1];
    if (!parts.shape || !parts.shape->info.type || !isInteger(*parts.shape->info.type) || shapeOf(*parts.shape).count() != 2) return failed("weight_shape is missing");
    const auto extent = [&](std::int64_t i) { return static_cast<std::int64_t>(elementAt(*parts.shape->info.type, parts.shape->bytes().data(), i)); };
    const std::int64_t columns = extent(1);
    if (extent(0) != rows || columns < 1 || columns > words * 32) return failed("weight_shape does not fit weight_packed");
    std::vector<WeightScheme> fitting, said = config.schemes;
    if (said.empty())
        for (const int bits : {2, 3, 4, 5, 6, 8}) said.push_back({.bits = bits});
    for (const WeightScheme& scheme : said)
        if (scheme.bits >= 2 && scheme.bits <= 8 && words == PlaneLayout::words(WordOrder::Whole, scheme.bits, columns)) fitting.push_back(scheme);
    if (fitting.empty()) return failed("no width that quantization_config names fits weight_packed");
    for (const WeightScheme& scheme : fitting)
        if (scheme.bits != fitting.front().bits) return failed("its width could be " + std::to_string(scheme.bits) + " or " + std::to_string(fitting.front().bits) + " bits");
    const int bits = fitting.front().bits;
    Fitted fitted;
    fitted.family = "compressed-tensors, packed", fitted.tag = "packed-int", fitted.bits = bits;
    fitted.coded.rows = rows, fitted.coded.columns = columns;
    fitted.coded.plane = PlaneLayout{bits, WordOrder::Whole, 1, words};
    fitted.coded.middle = 1 << (bits - 1);
    fitted.problem = fitScales(fitted.coded, *parts.scales, fitting.front());
    if (fitted.problem.empty() && parts.zeros) fitted.problem = fitZeros(fitted.coded, *parts.zeros, bits);
    return fitted;
}

// A plain int8 or 8-bit float weight beside its scales.
Fitted plainQuantized(const Parts& parts, const QuantizationConfig& config) {
    const ElementType type = *parts.codes->info.type;
    Fitted fitted;
    fitted.bits = 8;
    fitted.family = type == ElementType::I8 ? "compressed-tensors, int8" : "compressed-tensors, 8-bit float", fitted.tag = type == ElementType::I8 ? "int8" : std::string(nameOf(type));
    fitted.coded.rows = shapeOf(*parts.codes)[0], fitted.coded.columns = shapeOf(*parts.codes)[1];
    fitted.coded.setPlain(type);
    fitted.problem = fitScales(fitted.coded, *parts.scales, schemeOf(config));
    if (fitted.problem.empty() && parts.zeros) fitted.problem = fitZeros(fitted.coded, *parts.zeros, 8);
    return fitted;
}

Fitted fit(const Parts& parts, std::string_view ending, const QuantizationConfig& config) {
    Fitted fitted;
    if (ending == "qweight") {
        if (!isMatrix(parts.codes, ElementType::I32) || !isFloatMatrix(parts.scales) || (parts.zeros && !isMatrix(parts.zeros, ElementType::I32))) return failed("qweight, qzeros and scales are not the matrices that GPTQ and AWQ have");
        const bool wide = shapeOf(*parts.codes)[1] * 8 == shapeOf(*parts.scales)[1] && config.method != "gptq";
        fitted = wide ? awq(parts, config) : gptq(parts, config);
    } else if (ending == "weight_packed") {
        if (!isMatrix(parts.codes, ElementType::I32)) return failed("weight_packed is no int32 matrix");
        fitted = packQuantized(parts, config);
    } else {
        fitted = plainQuantized(parts, config);
    }
    fitted.coded.codes = parts.codes->bytes().data();
    if (fitted.problem.empty() && parts.order) fitted.problem = fitOrder(fitted.coded, *parts.order);
    if (fitted.problem.empty() && fitted.coded.groups < 1) fitted.problem = "it has no scales";
    return fitted;
}

std::string groupsText(const CodedWeight& coded) {
    if (coded.scales.rows > 1) return "blocks of " + std::to_string(coded.scales.rows) + " × " + std::to_string(coded.groupSize);
    if (coded.groups > 1) return "groups of " + std::to_string(coded.groupSize);
    return coded.scales.rowStep == 0 ? "one scale" : "one scale per output";
}

std::shared_ptr<const PackedTensor> packed(const Fitted& fitted, const Parts& parts) {
    auto tensor = std::make_shared<PackedTensor>();
    const CodedWeight& coded = fitted.coded;
    tensor->form = fitted.tag + (coded.plane ? "-" + std::to_string(fitted.bits) + "bit" : "") + (coded.groups > 1 ? " g" + std::to_string(coded.groupSize) : "");
    tensor->shape = Shape{coded.rows, coded.columns};
    std::vector<std::shared_ptr<const MappedFile>> files;
    for (const Entry* part : {parts.codes, parts.scales, parts.zeros, parts.order})
        if (part) {
            tensor->parts.push_back(part->bytes());
            files.push_back(part->file);
        }
    tensor->decode = [coded, files = std::move(files)](std::int64_t first, std::int64_t end, std::span<float> out) { coded.decode(first, end, out); };
    return tensor;
}

// "X.qweight" → "X." and "qweight"; of plain 8-bit weights "X." and "weight".
constexpr std::string_view kEndings[] = {"qweight", "weight_packed", "weight"};

}  // namespace

std::vector<QuantizedWeight> quantizedWeights(const Checkpoint& checkpoint, const QuantizationConfig& config, std::vector<std::string>& notes) {
    std::unordered_map<std::string_view, std::size_t> byName;
    for (std::size_t i = 0; i < checkpoint.tensors.size(); ++i) byName.emplace(checkpoint.tensors[i].info.name, i);
    std::vector<QuantizedWeight> weights;
    std::size_t misfits = 0;
    for (std::size_t i = 0; i < checkpoint.tensors.size(); ++i) {
        const Entry& entry = checkpoint.tensors[i];
        const std::string_view name = entry.info.name;
        const std::string_view ending = name.substr(name.rfind('.') == std::string_view::npos ? 0 : name.rfind('.') + 1);
        if (std::find(std::begin(kEndings), std::end(kEndings), ending) == std::end(kEndings)) continue;
        const std::string stem(name.substr(0, name.size() - ending.size()));
        QuantizedWeight weight{stem + "weight", {}, {i}, nullptr};
        Parts parts{.codes = &entry};
        const auto take = [&](std::string_view part, const Entry*& to) {
            const auto found = byName.find(stem + std::string(part));
            if (to || found == byName.end()) return;
            to = &checkpoint.tensors[found->second];
            weight.tensors.push_back(found->second);
        };
        if (ending == "qweight") {
            take("scales", parts.scales), take("qzeros", parts.zeros), take("g_idx", parts.order);
        } else {
            const bool plain = ending == "weight";
            if (plain && entry.info.type != ElementType::I8 && entry.info.type != ElementType::F8E4M3FN && entry.info.type != ElementType::F8E5M2) continue;
            if (plain && shapeOf(entry).rank() != 2) continue;
            take("weight_scale", parts.scales), take("weight_scale_inv", parts.scales), take("weight_zero_point", parts.zeros), take("weight_g_idx", parts.order);
            if (!plain) take("weight_shape", parts.shape);
            if (plain && !parts.scales) continue;
        }
        if (ending != "weight" && byName.contains(weight.name)) continue;
        Fitted fitted = parts.scales ? fit(parts, ending, config) : failed("it has no scales");
        if (!fitted.problem.empty()) {
            if (misfits++ < 3) notes.push_back("'" + plainText(stem) + std::string(ending) + "' is shown as it is stored: " + fitted.problem);
            continue;
        }
        weight.format = fitted.family + (fitted.coded.plane ? ", " + std::to_string(fitted.bits) + " bits" : "") + ", " + groupsText(fitted.coded) + (fitted.coded.order ? ", columns by g_idx" : "");
        weight.weight = packed(fitted, parts);
        weights.push_back(std::move(weight));
    }
    if (misfits > 3) notes.push_back(std::to_string(misfits - 3) + " more quantized weights are shown as they are stored");
    return weights;
}

}  // namespace bitlathe::safetensors
