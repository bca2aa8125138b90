#include "core/quant/worked_example.h"

#include "core/base/job.h"
#include "core/base/number_text.h"
#include "core/quant/codec.h"
#include "core/quant/codec_gguf.h"
#include "core/quant/group_fit.h"
#include "core/quant/soft_clip.h"
#include "core/quant/worked_group.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bitlathe {

namespace {

std::string num(double v, int digits = 4) { return valueText(v, digits); }

// A scale as it is: powers of two by name.
std::string scaleText(double scale) {
    int exponent = 0;
    if (scale > 0 && std::frexp(scale, &exponent) == 0.5 && std::abs(exponent - 1) > 1) return powerText(2, exponent - 1);
    return num(scale);
}

std::string bitsText(std::int32_t code, int bits) {
    std::string text;
    for (int i = bits - 1; i >= 0; --i) text += (static_cast<std::uint32_t>(code) >> i) & 1u ? '1' : '0';
    return text;
}

// "{−1, 0, 1}", "{−6, −4, −3 … 3, 4, 6}".
std::string levelsText(std::vector<float> levels, double scale, int digits) {
    if (scale < 0) std::reverse(levels.begin(), levels.end());
    std::string text = "{";
    const std::size_t n = levels.size();
    for (std::size_t i = 0; i < n; ++i) {
        if (n > 8 && i == 3) {
            text += " \u2026 ";
            i = n - 3;
        } else if (i > 0) {
            text += ", ";
        }
        text += num(double(levels[i]) / scale, digits);
        while (text.find('.') != std::string::npos && text.ends_with('0') && text.rfind('.') > text.rfind(' ') + 1 && text.rfind('.') != std::string::npos) text.pop_back();
        if (text.ends_with('.')) text.pop_back();
    }
    return text + "}";
}

// x̂ = step · (code − zero) + offset, where the codec is of that form; else levels in units of the scale.
struct Form {
    enum class Kind { Sign, Affine, Units, Table } kind = Kind::Units;
    double step = 1, offset = 0, zero = 0;
};

Form formOf(const WorkedGroup& g) {
    const QuantSpec& spec = g.q.spec;
    const Codec& codec = codecOf(spec);
    const GroupParameters p = groupParameters(g.q, g.local);
    if (const GgufForm* gguf = ggufFormOf(spec.codec)) {
        const GgufPart part = ggufPart(*gguf, ggufParametersOf(*gguf, p.inner), std::max(g.curve.part, 0));
        return {gguf->table ? Form::Kind::Units : Form::Kind::Affine, double(part.scale), -double(part.min), gguf->table ? 0.0 : double(gguf->zero)};
    }
    if (codec.affine && spec.symmetric && spec.bits == 1) return {Form::Kind::Sign, double(p.scale), 0, 0};
    if (codec.decodesAffine) return {Form::Kind::Affine, double(p.scale), 0, double(p.zeroPoint)};
    if (codec.innerBytes(spec) > 0) return {Form::Kind::Table, 1, 0, 0};
    return {Form::Kind::Units, double(p.scale), 0, 0};
}

std::string codesText(const TransferCurve& curve) {
    const auto [lo, hi] = std::minmax_element(curve.codes.begin(), curve.codes.end());
    return "code " + fixedText(*lo, 0) + " \u2026 " + fixedText(*hi, 0);
}

// Where the levels of a format change over, when it has a rule of its own.
std::string thresholdsText(const WorkedGroup& g) {
    if (codecOf(g.q.spec).takesNearest || g.curve.sampled || g.curve.levels.size() != 3 || g.curve.in.size() < 5) return "";
    return "; 0 from " + num(double(g.curve.in[2]), 3) + " to " + num(double(g.curve.in[3]), 3);
}

std::string formulaLine(const WorkedGroup& g, const Form& form) {
    const std::vector<float>& levels = g.curve.levels;
    switch (form.kind) {
    case Form::Kind::Sign: return "x\u0302 = \u00B1" + num(form.step) + ", by the sign of x; " + num(form.step) + " is the mean |x| of the group";
    case Form::Kind::Table: return "x\u0302 = the nearest of " + countText(levels.size()) + (levels.size() == 1 ? " level" : " levels") + " that were made from these weights: " + levelsText(levels, 1, 3);
    case Form::Kind::Units:
        if (form.step == 0) return "x\u0302 = 0: the scale of this group is 0";
        return "x\u0302 = " + scaleText(form.step) + " \u00B7 u, u the nearest of " + countText(levels.size()) + " in " + levelsText(levels, form.step, 3);
    case Form::Kind::Affine: break;
    }
    std::string text = "x\u0302 = " + scaleText(form.step) + " \u00B7 ";
    if (form.zero == 0) text += "code";
    else text += "(code " + std::string(form.zero < 0 ? "+ " : "\u2212 ") + fixedText(std::abs(form.zero), 0) + ")";
    if (form.offset != 0) text += (form.offset < 0 ? " \u2212 " : " + ") + num(std::abs(form.offset));
    return text + ", " + codesText(g.curve) + thresholdsText(g);
}

std::string weightLine(const WorkedGroup& g, const Form& form, const WorkedExample& e) {
    const double w = double(e.weight), back = double(e.back);
    std::string text = "w[" + countText(std::uint64_t(e.channel)) + ", " + countText(std::uint64_t(e.element)) + "] = " + num(w);
    if (!std::isfinite(w)) return text + " is coded as " + (std::isnan(w) ? "0" : "the nearest end") + ": code " + fixedText(e.code, 0) + ", x\u0302 = " + num(back);
    double x = w;
    if (isSoft(g.q.spec)) {
        x = double(shaped(e.weight, codecOf(g.q.spec).representable(g.q.spec, groupParameters(g.q, g.local)), g.q.spec.knee));
        if (x != w) text += ", bent by the knee to " + num(x);
    }
    if (form.kind == Form::Kind::Affine || form.kind == Form::Kind::Units) {
        if (form.step == 0) return text + "; all steps are 0 \u2192 code " + fixedText(e.code, 0) + " \u2192 x\u0302 = " + num(back) + "; error x \u2212 x\u0302 = " + valueText(w - back, 3, true);
        text += form.offset == 0 ? "; w" : (form.offset < 0 ? "; (w + " : "; (w \u2212 ") + num(std::abs(form.offset)) + ")";
        text += " / " + scaleText(form.step);
        if (form.zero != 0) text += (form.zero < 0 ? " \u2212 " : " + ") + fixedText(std::abs(form.zero), 0);
        text += " = " + num((x - form.offset) / form.step + form.zero);
    }
    const double last = g.curve.levels.size() > 1 ? double(g.curve.levels.back()) - double(g.curve.levels[g.curve.levels.size() - 2]) : 0;
    const bool cut = x > double(g.curve.levels.back()) + last / 2 || x < double(g.curve.levels.front()) - last / 2;
    if (form.kind == Form::Kind::Units) text += ", nearest u " + num((back - form.offset) / form.step);
    text += cut ? ", beyond the end: code " : " \u2192 code ";
    text += fixedText(e.code, 0);
    if (form.kind == Form::Kind::Units && e.code >= 0 && g.q.spec.bits <= 8) text += " (" + bitsText(e.code, g.q.spec.bits) + ")";
    text += " \u2192 x\u0302 = " + num(back) + "; ";
    return text + (w == back ? "exact" : "error x \u2212 x\u0302 = " + valueText(w - back, 3, true));
}

std::string storedScaleText(const WorkedGroup& g) {
    const ScaleType type = scaleTypeOf(g.q.spec);
    if (!isShared(type) || g.q.shared.codes.empty()) return "";
    const auto at = static_cast<std::size_t>(g.local);
    const double outer = double(g.q.shared.outer[type == ScaleType::E4M3 ? 0 : at / std::size_t(kSharingGroups)]);
    return " The file holds the scale as code " + std::to_string(g.q.shared.codes[at]) + " (" + std::string(nameOf(type)) + ") of a shared " + num(outer, 3) + ".";
}

std::string blockText(const WorkedGroup& g) {
    const GgufForm* form = ggufFormOf(g.q.spec.codec);
    if (!form || form->parts() == 1) return "";
    const GgufParameters block = ggufParametersOf(*form, groupParameters(g.q, g.local).inner);
    const auto p = static_cast<std::size_t>(std::max(g.curve.part, 0));
    std::string text = " Part " + std::to_string(p + 1) + " of " + std::to_string(form->parts()) + " in its block of " + std::to_string(form->values) + ": d = " + num(double(block.scale), 3) + ", s = " + fixedText(block.scales[p], 0);
    if (form->hasMin) text += "; m = " + num(double(block.min), 3) + ", t = " + fixedText(block.mins[p], 0);
    return text + ".";
}

std::string groupLine(const WorkedGroup& g) {
    std::string whose = whoseText(g.curve);
    whose[0] = char(std::toupper(whose[0]));
    std::string text = whose + ": " + weightsText(std::uint64_t(g.curve.length)) + " from " + num(double(g.lo), 3) + " to " + num(double(g.hi), 3) + ", deviation " + num(g.deviation, 3) + ".";
    if (g.count == 0) return whose + ": no finite weight.";
    const std::vector<float>& levels = g.curve.levels;
    if (levels.size() == 1) return text + " One level: " + num(double(levels[0]), 3) + ".";
    text += " " + countText(levels.size()) + " levels from " + num(double(levels.front()), 3) + " to " + num(double(levels.back()), 3) + "; ";
    text += (g.sampled ? "at least " : "") + countText(std::uint64_t(g.used)) + (g.used == 1 ? " is in use." : " are in use.");
    return text + blockText(g) + storedScaleText(g);
}

std::string bytesLine(const WorkedGroup& g, const ChannelLayout& layout) {
    const QuantSpec& spec = g.q.spec;
    const Codec& codec = codecOf(spec);
    const GroupGrid grid = g.q.grid();
    const std::int64_t size = grid.perChannel == 0 ? layout.channels * layout.perChannel() : std::min(grid.size, layout.perChannel());
    std::string text;
    if (codec.blockBytes > 0) {
        text = "A block of " + std::to_string(codec.blockSize) + " weights is " + std::to_string(codec.blockBytes) + " bytes: codes of " + std::to_string(spec.bits) + " bits and all scales.";
    } else {
        const int parameters = codec.parameterBits(spec);
        const bool levels = codec.innerBytes(spec) > 0 && codec.takesNearest;
        text = countText(std::uint64_t(size)) + (size == 1 ? " code of " : " codes of ") + std::to_string(spec.bits) + (spec.bits == 1 ? " bit" : " bits");
        if (parameters == 0) text += " and no scale";
        else text += " and " + countText(std::uint64_t(parameters)) + " bits for " + (levels ? "the levels" : codec.affine && !spec.symmetric ? "scale and zero point" : "the scale");
        text += ": " + bytesText((size * spec.bits + parameters + 7) / 8) + " a group.";
    }
    const std::int64_t stored = storedBytes(layout, spec), plain = layout.channels * layout.perChannel() * 4;
    return text + " The layer: " + fixedText(bitsPerWeight(layout, spec), 2) + " bits/weight, " + bytesText(stored) + " where float32 takes " + bytesText(plain) + ".";
}

// What the group suffers from now.
std::string sufferingText(const WorkedGroup& g) {
    const std::size_t levels = g.curve.levels.size();
    const std::string reach = "the middle 99 % of the weights reach over " + countText(std::uint64_t(g.usedInside)) + " of " + countText(levels) + " levels";
    std::string text;
    if ((levels > 3 && g.toZero >= 0.2) || (levels <= 4 && g.toZero > 0)) text += percentText(g.toZero) + " of the weights become 0";
    if (g.clipped > 0)
        text += (text.empty() ? "" : ", and ") + percentText(g.clipped) + (text.empty() ? " of the weights" : "") + " lie beyond the outermost levels and make " + percentText(g.clippedError) + " of the squared error";
    if (text.empty() && levels > 4 && g.farthest >= 5) text = "the farthest weight, at " + fixedText(g.farthest, 1) + " \u03C3, stretches the range: " + reach;
    if (text.empty()) text = "no weight stands out, the farthest is at " + fixedText(g.farthest, 1) + " \u03C3" + (levels > 4 ? ", and " + reach : "");
    return text;
}

// What the row says of itself: its last line.
std::string lastLine(std::string_view explanation) {
    const auto at = explanation.rfind('\n');
    return std::string(explanation.substr(at == std::string_view::npos ? 0 : at + 1));
}

std::string breakLine(const WorkedGroup& g, Workers& workers, JobContext& job) {
    std::string text = lastLine(codecOf(g.q.spec).explanation);
    if (g.count == 0 || g.lo == g.hi) return text + " Here nothing: all weights of the group are alike.";
    text += " Here " + sufferingText(g) + "; the group's SQNR is " + (std::isfinite(g.sqnrDb) ? decibelText(g.sqnrDb) : "infinite") + ".";
    if (const auto trial = outlierTrial(g, workers, job)) {
        const double lost = trial->before - trial->after;
        if (lost >= 1) text += " Were its largest weight ten times as large, the others would fall from " + decibelText(trial->before) + " to " + decibelText(trial->after) + ".";
        else text += " Even were its largest weight ten times as large, the others would lose only " + fixedText(std::max(lost, 0.0), 1) + " dB.";
    }
    return text;
}

// The position in x of the weight to show.
std::size_t representative(const WorkedGroup& g) {
    std::vector<std::size_t> order(g.x.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto error = [&](std::size_t i) { return std::isfinite(g.x[i]) ? std::fabs(g.x[i] - g.back[i]) : 0.0f; };
    std::erase_if(order, [&](std::size_t i) { return error(i) == 0; });
    const bool exact = order.empty();
    if (exact) {
        order.resize(g.x.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
    }
    const auto key = [&](std::size_t i) { return exact ? std::fabs(g.x[i]) : error(i); };
    const auto middle = order.begin() + std::ptrdiff_t(order.size() / 2);
    std::nth_element(order.begin(), middle, order.end(), [&](std::size_t a, std::size_t b) { return key(a) != key(b) ? key(a) < key(b) : a < b; });
    return *middle;
}

}  // namespace

WorkedExample workedExample(std::span<const float> values, const ChannelLayout& layout, const QuantSpec& spec, std::optional<std::int64_t> index,
                            std::optional<std::int64_t> group, Workers& workers, JobContext& job) {
    JobContext fitting = job.part(0, 0.9), trying = job.part(0.9, 1);
    const WorkedGroup g = workedGroup(values, layout, spec, index, group, workers, fitting);
    WorkedExample e;
    e.group = g.curve.group;
    if (!index) {
        const std::size_t at = representative(g);
        if (g.curve.channel < 0) {
            const std::size_t step = (values.size() + g.x.size() - 1) / g.x.size();
            index = static_cast<std::int64_t>(at * step);
        } else {
            const std::int64_t element = g.curve.element + static_cast<std::int64_t>(at) * ((g.curve.length + std::int64_t(g.x.size()) - 1) / std::int64_t(g.x.size()));
            index = (element / layout.inner * layout.channels + g.curve.channel) * layout.inner + element % layout.inner;
        }
    }
    e.index = *index;
    e.channel = e.index / layout.inner % layout.channels;
    e.element = e.index / (layout.inner * layout.channels) * layout.inner + e.index % layout.inner;
    e.weight = values[static_cast<std::size_t>(e.index)];
    roundTrip(g.q, g.local, std::max(g.curve.part, 0), std::span(&e.weight, 1), std::span(&e.back, 1), std::span(&e.code, 1));
    if (codecOf(spec).coupled > 0) {  // its neighbours have a say
        const std::int64_t inChannel = e.element - g.curve.element;
        e.back = g.back[static_cast<std::size_t>(inChannel)];
        e.code = g.codes[static_cast<std::size_t>(inChannel)];
    }
    const Form form = formOf(g);
    e.lines = {{{"Formula", formulaLine(g, form)},
                {"This weight", weightLine(g, form, e)},
                {"Its group", groupLine(g)},
                {"Bytes", bytesLine(g, layout)},
                {"What breaks it", breakLine(g, workers, trying)}}};
    return e;
}

}  // namespace bitlathe
