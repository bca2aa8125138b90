#include "core/quant/codec_float.h"

#include "core/quant/codec_small_float.h"

namespace bitlathe {

namespace {

template <SmallFloat F>
constexpr Codec row(std::string_view name, std::string_view label, std::string_view formula, std::string_view explanation) {
    Codec codec = SmallFloatRow<F>::row(false);
    codec.name = name;
    codec.label = label;
    codec.formula = formula;
    codec.explanation = explanation;
    return codec;
}

}  // namespace

constinit const Codec kSmallFloatCodecs[7] = {
    row<kE4M3FN>("fp8e4m3", "FP8 E4M3", "x̂ = scale · ±1.mmm · 2^e, e = −6 … 8, largest 448; to nearest, ties to even, saturated",
                 "A float of 8 bits: sign, 4 bits of exponent, 3 of mantissa; values up to 448, no infinity.\n"
                 "scale = largest |w| / 448. With scale 0.001 the weight 0.131 is 131 units, rounds to 128 and reads back as 0.128.\n"
                 "The steps grow with the value: the error is at most 1/16 of a weight, however small it is, down to 2^−6 units.\n"
                 "That suits weights of many magnitudes and outliers, which would stretch the even steps of an integer.\n"
                 "It breaks where nearly all weights have the largest magnitude: there int8 has steps 8 times as fine."),
    row<kE5M2>("fp8e5m2", "FP8 E5M2", "x̂ = scale · ±1.mm · 2^e, e = −14 … 15, largest 57344; to nearest, ties to even, saturated",
               "A float of 8 bits: sign, 5 bits of exponent, 2 of mantissa: half precision without its last 8 bits.\n"
               "scale = largest |w| / 57344. With scale 0.00001 the weight 0.131 is 13100 units, rounds to 12288 and reads back as 0.123.\n"
               "It reaches over 32 powers of two, so that even weights a billion times smaller than the largest survive.\n"
               "That suits gradients; for weights E4M3 spends its bits better.\n"
               "It breaks on precision: the error is up to 1/8 of every weight."),
    row<kE4M3FNUZ>("fp8e4m3fnuz", "FP8 E4M3 FNUZ", "x̂ = scale · ±1.mmm · 2^e, e = −7 … 7, largest 240, one zero; to nearest, ties to even, saturated",
                   "E4M3 as AMD's and Graphcore's chips have it: one exponent lower, one zero, one NaN.\n"
                   "scale = largest |w| / 240. With scale 0.001 the weight 0.131 is 131 units, rounds to 128 and reads back as 0.128.\n"
                   "The error is at most 1/16 of a weight, down to 2^−7 units.\n"
                   "It is as good as E4M3; choose what the chip multiplies.\n"
                   "It breaks when the codes are read as plain E4M3: all values come out twice as large."),
    row<kE5M2FNUZ>("fp8e5m2fnuz", "FP8 E5M2 FNUZ", "x̂ = scale · ±1.mm · 2^e, e = −15 … 15, largest 57344, one zero; to nearest, ties to even, saturated",
                   "E5M2 as AMD's and Graphcore's chips have it: no infinity, one zero, one NaN.\n"
                   "scale = largest |w| / 57344. With scale 0.00001 the weight 0.131 is 13100 units, rounds to 12288 and reads back as 0.123.\n"
                   "It reaches over 33 powers of two.\n"
                   "It is as good as E5M2; choose what the chip multiplies.\n"
                   "It breaks on precision, and when the codes are read as plain E5M2."),
    row<kE3M2>("fp6e3m2", "FP6 E3M2", "x̂ = scale · ±1.mm · 2^e, e = −2 … 4, largest 28; to nearest, ties to even, saturated",
               "A float of 6 bits: sign, 3 bits of exponent, 2 of mantissa; values up to 28, no infinity and no NaN.\n"
               "scale = largest |w| / 28. With scale 0.01 the weight 0.131 is 13.1 units, rounds to 14 and reads back as 0.14.\n"
               "The error is at most 1/8 of a weight, down to a quarter of a unit.\n"
               "Take it instead of E2M3 when a group holds outliers.\n"
               "It breaks in groups of even magnitudes, where int6 and E2M3 have finer steps."),
    row<kE2M3>("fp6e2m3", "FP6 E2M3", "x̂ = scale · ±1.mmm · 2^e, e = 0 … 2, largest 7.5; to nearest, ties to even, saturated",
               "A float of 6 bits: sign, 2 bits of exponent, 3 of mantissa; values up to 7.5, no infinity and no NaN.\n"
               "scale = largest |w| / 7.5. With scale 0.04 the weight 0.131 is 3.275 units, rounds to 3.25 and reads back as 0.13.\n"
               "Near 0 the steps are an eighth of a unit, at the top half a unit: a comb with a little more care for small weights.\n"
               "On bell-shaped weights in small groups it is the better of the two 6-bit floats.\n"
               "It breaks on outliers: below an eighth of a unit everything is 0 or the first step."),
    row<kE2M1>("fp4e2m1", "FP4 E2M1", "x̂ = scale · {0, ½, 1, 1½, 2, 3, 4, 6}, ±; to nearest, ties to even, saturated",
               "A float of 4 bits: sign, 2 bits of exponent, 1 of mantissa: 0, ½, 1, 1½, 2, 3, 4, 6 and their negatives.\n"
               "scale = largest |w| / 6. With scale 0.05 the weight 0.131 is 2.62 units, rounds to 3 and reads back as 0.15.\n"
               "Half of its levels lie below 2 units, where most weights of a bell shape are.\n"
               "In groups of 16 or 32 it beats int4 on bell-shaped weights; new chips multiply it directly.\n"
               "It breaks with one scale for a whole tensor: weights below a quarter of a unit vanish."),
};

}  // namespace bitlathe
