#include "core/data/preprocessing.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

namespace bitlathe {

using Json = nlohmann::json;

namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
    refuseInput(where + ": the preprocessing is not understood: " + why +
                "; expected e.g. {\"scale\": 0.00392, \"mean\": [0.5], \"std\": [0.5], \"layout\": \"NCHW\"}");
}

std::array<int, 2> sizeFrom(const Json& value, const std::string& where, const std::string& key) {
    if (!value.is_array() || value.size() != 2 || !value[0].is_number_integer() || !value[1].is_number_integer()) refuse(where, "'" + key + "' is not [height, width]");
    const auto h = value[0].get<std::int64_t>(), w = value[1].get<std::int64_t>();
    if (h < 1 || w < 1 || h > 16384 || w > 16384) refuse(where, "'" + key + "' must lie between 1 and 16384");
    return {static_cast<int>(h), static_cast<int>(w)};
}

std::vector<float> numbersFrom(const Json& value, const std::string& where, const std::string& key) {
    std::vector<float> numbers;
    const Json list = value.is_number() ? Json::array({value}) : value;
    if (!list.is_array() || list.empty()) refuse(where, "'" + key + "' is not a list of numbers");
    for (const Json& item : list) {
        if (!item.is_number() || !std::isfinite(item.get<double>())) refuse(where, "'" + key + "' is not a list of numbers");
        numbers.push_back(item.get<float>());
        if (!std::isfinite(numbers.back())) refuse(where, "'" + key + "' holds a number that is too large");
    }
    return numbers;
}

// A picture as planes of float: channels × height × width.
struct Planes {
    std::int64_t channels = 1, height = 1, width = 1;
    std::vector<float> values;
};

bool isChannelCount(std::int64_t n) { return n == 1 || n == 3 || n == 4; }

// Nothing when the sample is no picture.
std::optional<Planes> toPlanes(const Tensor& sample) {
    const Shape& s = sample.shape();
    if (s.rank() != 2 && s.rank() != 3) return std::nullopt;
    const bool last = s.rank() == 3 && isChannelCount(s[2]);
    if (s.rank() == 3 && !last && !isChannelCount(s[0])) return std::nullopt;
    const Tensor values = toFloat32(sample);
    Planes planes;
    const auto x = values.as<float>();
    if (!last) {
        planes.channels = s.rank() == 3 ? s[0] : 1;
        planes.height = s[s.rank() - 2], planes.width = s[s.rank() - 1];
        planes.values.assign(x.begin(), x.end());
        return planes;
    }
    planes.height = s[0], planes.width = s[1], planes.channels = s[2];
    planes.values.resize(x.size());
    const std::int64_t pixels = planes.height * planes.width;
    for (std::int64_t p = 0; p < pixels; ++p)
        for (std::int64_t c = 0; c < planes.channels; ++c)
            planes.values[static_cast<std::size_t>(c * pixels + p)] = x[static_cast<std::size_t>(p * planes.channels + c)];
    return planes;
}

Planes resized(const Planes& from, std::array<int, 2> size) {
    Planes to{from.channels, size[0], size[1], std::vector<float>(static_cast<std::size_t>(from.channels * size[0] * size[1]))};
    const auto tap = [](std::int64_t i, std::int64_t n, std::int64_t m) {  // source position of target i of m
        const double at = std::clamp((static_cast<double>(i) + 0.5) * static_cast<double>(n) / static_cast<double>(m) - 0.5, 0.0, static_cast<double>(n - 1));
        const auto low = static_cast<std::int64_t>(at);
        return std::tuple(low, std::min(low + 1, n - 1), at - static_cast<double>(low));
    };
    for (std::int64_t c = 0; c < to.channels; ++c) {
        const float* plane = from.values.data() + c * from.height * from.width;
        float* out = to.values.data() + c * to.height * to.width;
        for (std::int64_t y = 0; y < to.height; ++y) {
            const auto [y0, y1, fy] = tap(y, from.height, to.height);
            for (std::int64_t x = 0; x < to.width; ++x) {
                const auto [x0, x1, fx] = tap(x, from.width, to.width);
                const double top = plane[y0 * from.width + x0] * (1 - fx) + plane[y0 * from.width + x1] * fx;
                const double bottom = plane[y1 * from.width + x0] * (1 - fx) + plane[y1 * from.width + x1] * fx;
                out[y * to.width + x] = static_cast<float>(top * (1 - fy) + bottom * fy);
            }
        }
    }
    return to;
}

Planes cropped(const Planes& from, std::array<int, 2> size) {
    if (size[0] > from.height || size[1] > from.width)
        refuseInput("a crop of " + std::to_string(size[0]) + " × " + std::to_string(size[1]) + " does not fit a picture of " + std::to_string(from.height) +
                    " × " + std::to_string(from.width) + "; resize it first or crop less");
    Planes to{from.channels, size[0], size[1], {}};
    const std::int64_t top = (from.height - size[0]) / 2, left = (from.width - size[1]) / 2;
    for (std::int64_t c = 0; c < from.channels; ++c)
        for (std::int64_t y = 0; y < to.height; ++y) {
            const auto row = from.values.begin() + (c * from.height + top + y) * from.width + left;
            to.values.insert(to.values.end(), row, row + to.width);
        }
    return to;
}

float at(const std::vector<float>& values, std::int64_t channel, float absent) {
    return values.empty() ? absent : values.size() == 1 ? values[0] : values[static_cast<std::size_t>(channel)];
}

bool fits(const std::vector<std::int64_t>& wanted, const Shape& shape) {
    if (static_cast<int>(wanted.size()) != shape.rank()) return false;
    for (int axis = 0; axis < shape.rank(); ++axis)
        if (wanted[static_cast<std::size_t>(axis)] >= 0 && wanted[static_cast<std::size_t>(axis)] != shape[axis]) return false;
    return true;
}

Tensor interleaved(const Planes& planes) {
    std::vector<float> values(planes.values.size());
    const std::int64_t pixels = planes.height * planes.width;
    for (std::int64_t c = 0; c < planes.channels; ++c)
        for (std::int64_t p = 0; p < pixels; ++p)
            values[static_cast<std::size_t>(p * planes.channels + c)] = planes.values[static_cast<std::size_t>(c * pixels + p)];
    return Tensor::of<float>({planes.height, planes.width, planes.channels}, values);
}

[[noreturn]] void refuseShape(const Tensor& sample, const std::vector<std::int64_t>& wanted) {
    std::string text;
    for (const auto extent : wanted) text += (text.empty() ? "" : " × ") + (extent < 0 ? std::string("?") : std::to_string(extent));
    refuseInput("samples of " + toText(sample.shape()) + " do not fit the model's input of " + text + "; give a preprocessing with resize, crop or layout, or other data");
}

}  // namespace

Preprocessing parsePreprocessing(const std::string& text, const std::string& where) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) refuse(where, "it is not a JSON object");
    Preprocessing result;
    for (const auto& [key, value] : json.items()) {
        if (key == "resize") result.resize = sizeFrom(value, where, key);
        else if (key == "crop") result.crop = sizeFrom(value, where, key);
        else if (key == "mean") result.mean = numbersFrom(value, where, key);
        else if (key == "std") result.deviation = numbersFrom(value, where, key);
        else if (key == "scale") {
            if (!value.is_number() || !std::isfinite(value.get<double>())) refuse(where, "'scale' is not a number");
            result.scale = value.get<double>();
        } else if (key == "channels") {
            if (value != "RGB" && value != "BGR") refuse(where, "'channels' is neither \"RGB\" nor \"BGR\"");
            result.channels = value.get<std::string>();
        } else if (key == "layout") {
            if (value != "NCHW" && value != "NHWC") refuse(where, "'layout' is neither \"NCHW\" nor \"NHWC\"");
            result.layout = value.get<std::string>();
        } else {
            refuse(where, "there is no key '" + key + "'");
        }
    }
    if (std::find(result.deviation.begin(), result.deviation.end(), 0.0f) != result.deviation.end()) refuse(where, "'std' must not be 0");
    return result;
}

std::string toJson(const Preprocessing& p) {
    Json json = Json::object();
    if (p.resize) json["resize"] = *p.resize;
    if (p.crop) json["crop"] = *p.crop;
    if (p.channels != "RGB") json["channels"] = p.channels;
    if (p.scale != 1.0) json["scale"] = p.scale;
    if (!p.mean.empty()) json["mean"] = p.mean;
    if (!p.deviation.empty()) json["std"] = p.deviation;
    if (!p.layout.empty()) json["layout"] = p.layout;
    return json.dump();
}

Tensor prepare(const Tensor& sample, const Preprocessing& p, const std::vector<std::int64_t>& wanted) {
    auto planes = toPlanes(sample);
    if (!planes) {  // no picture: scale, one mean and one deviation are all that has a meaning
        if (p.resize || p.crop || p.mean.size() > 1 || p.deviation.size() > 1)
            refuseInput("samples of " + toText(sample.shape()) + " are no pictures: resize, crop and figures per channel have no meaning; leave them out");
        const Tensor values = toFloat32(sample);
        std::vector<float> out(values.as<float>().begin(), values.as<float>().end());
        for (float& x : out) x = static_cast<float>((static_cast<double>(x) * p.scale - at(p.mean, 0, 0)) / at(p.deviation, 0, 1));
        Tensor result = Tensor::of<float>(values.shape(), out);
        if (wanted.empty() || fits(wanted, result.shape())) return result;
        std::int64_t product = 1;
        for (const auto extent : wanted) product *= std::max<std::int64_t>(extent, 1);
        if (product == result.count()) return result.reshaped(Shape([&] { auto d = wanted; for (auto& e : d) e = std::max<std::int64_t>(e, 1); return d; }()));
        refuseShape(sample, wanted);
    }
    if (p.resize) planes = resized(*planes, *p.resize);
    if (p.crop) planes = cropped(*planes, *p.crop);
    for (const auto* list : {&p.mean, &p.deviation})
        if (list->size() > 1 && static_cast<std::int64_t>(list->size()) != planes->channels)
            refuseInput("the preprocessing has " + std::to_string(list->size()) + " figures per channel, but the samples have " + std::to_string(planes->channels) + " channels; give one for each, or one for all");
    const std::int64_t pixels = planes->height * planes->width;
    if (p.channels == "BGR" && planes->channels >= 3)
        std::swap_ranges(planes->values.begin(), planes->values.begin() + pixels, planes->values.begin() + 2 * pixels);
    for (std::int64_t c = 0; c < planes->channels; ++c)
        for (std::int64_t i = c * pixels; i < (c + 1) * pixels; ++i) {
            float& x = planes->values[static_cast<std::size_t>(i)];
            x = static_cast<float>((static_cast<double>(x) * p.scale - at(p.mean, c, 0)) / at(p.deviation, c, 1));
        }
    const Shape first{planes->channels, planes->height, planes->width}, last{planes->height, planes->width, planes->channels};
    if (p.layout != "NHWC" && (wanted.empty() || fits(wanted, first))) return Tensor::of<float>(first, planes->values);
    if (p.layout != "NCHW" && (wanted.empty() || fits(wanted, last))) return interleaved(*planes);
    // A picture without a channel axis, or a sequence of feature rows.
    if (const Shape plain{planes->height, planes->width}; planes->channels == 1 && fits(wanted, plain)) return Tensor::of<float>(plain, planes->values);
    // A flat input.
    std::int64_t product = 1;
    for (const auto extent : wanted) product *= std::max<std::int64_t>(extent, 1);
    if (product != first.count()) refuseShape(sample, wanted);
    std::vector<std::int64_t> dims = wanted;
    for (auto& extent : dims) extent = std::max<std::int64_t>(extent, 1);
    return (p.layout == "NHWC" ? interleaved(*planes) : Tensor::of<float>(first, planes->values)).reshaped(Shape(dims));
}

}  // namespace bitlathe
