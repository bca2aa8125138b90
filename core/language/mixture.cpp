#include "core/language/mixture.h"

#include "core/language/architecture.h"
#include "core/language/hyperparameters.h"
#include "core/model/model.h"
#include "core/quant/codec.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

namespace bitlathe {

namespace {

using enum TensorShare;
using enum ByImportance;

constexpr Mixture kMixtures[] = {
    {.name = "Q8_0", .label = "GGUF mixture Q8_0", .description = "every weight in Q8_0: hard to tell from float",
     .fileType = 7, .base = "q8_0", .head = "q8_0"},
    {.name = "Q6_K", .label = "GGUF mixture Q6_K", .description = "every weight in Q6_K",
     .fileType = 18, .base = "q6_k"},
    {.name = "Q5_K_M", .label = "GGUF mixture Q5_K_M", .description = "Q5_K; half of attn_v and ffn_down in Q6_K",
     .fileType = 17, .base = "q5_k", .values = {{"q6_k", UseMore}}, .down = {{"q6_k", UseMore}}, .fused = {"q6_k", All}},
    {.name = "Q5_K_S", .label = "GGUF mixture Q5_K_S", .description = "Q5_K; the head in Q6_K",
     .fileType = 16, .base = "q5_k"},
    {.name = "Q4_K_M", .label = "GGUF mixture Q4_K_M", .description = "Q4_K; half of attn_v and ffn_down, and the head, in Q6_K: what most people run",
     .fileType = 15, .base = "q4_k", .values = {{"q6_k", UseMore}}, .down = {{"q6_k", UseMore}}, .fused = {"q5_k", All}, .expertOutput = true},
    {.name = "Q4_K_S", .label = "GGUF mixture Q4_K_S", .description = "Q4_K; the first layers of attn_v and ffn_down in Q5_K",
     .fileType = 14, .base = "q4_k", .values = {{"q5_k", First4}}, .down = {{"q5_k", FirstEighth}}, .expertOutput = true},
    {.name = "Q3_K_L", .label = "GGUF mixture Q3_K_L", .description = "Q3_K; attn_v, attn_output and ffn_down in Q5_K",
     .fileType = 13, .base = "q3_k", .values = {{"q5_k", All}}, .down = {{"q5_k", All}}, .output = {"q5_k", All}, .fused = {"q4_k", All}},
    {.name = "Q3_K_M", .label = "GGUF mixture Q3_K_M", .description = "Q3_K; attn_v and ffn_down in Q4_K, the first in Q5_K",
     .fileType = 12, .base = "q3_k", .values = {{"q5_k", First2}, {"q4_k", All}}, .down = {{"q5_k", FirstSixteenth}, {"q4_k", All}}, .output = {"q4_k", All}, .fused = {"q4_k", All}, .expertOutput = true},
    {.name = "Q3_K_S", .label = "GGUF mixture Q3_K_S", .description = "Q3_K; the head in Q6_K",
     .fileType = 11, .base = "q3_k", .expertOutput = true},
    {.name = "Q2_K", .label = "GGUF mixture Q2_K", .description = "Q2_K; attn_v, attn_output and ffn_down in Q3_K or Q4_K",
     .fileType = 10, .base = "q2_k", .values = {{"q4_k", Grouped4}, {"q3_k", All}}, .down = {{"q3_k", All}}, .output = {"q3_k", All}, .expertOutput = true},
    {.name = "Q2_K_S", .label = "GGUF mixture Q2_K_S", .description = "Q2_K; the first layers of ffn_down in Q4_K",
     .fileType = 21, .base = "q2_k", .values = {{"q4_k", Grouped4}}, .down = {{"q4_k", FirstEighth}}},
    {.name = "IQ4_XS", .label = "GGUF mixture IQ4_XS", .description = "IQ4_XS; without importance the first layers of ffn_down in Q5_K",
     .fileType = 30, .base = "iq4_xs", .values = {{"q5_k", Grouped4}}, .down = {{"q5_k", FirstEighth, Without}}, .expertOutput = true},
    {.name = "IQ4_NL", .label = "GGUF mixture IQ4_NL", .description = "IQ4_NL; without importance the first layers of ffn_down in Q5_K",
     .fileType = 25, .base = "iq4_nl", .values = {{"q5_k", Grouped4}}, .down = {{"q5_k", FirstEighth, Without}}, .expertOutput = true},
    {.name = "IQ3_M", .label = "GGUF mixture IQ3_M", .description = "IQ3_S; attn_v, attn_output and the first layers of ffn_down in Q4_K",
     .fileType = 27, .base = "iq3_s", .values = {{"q4_k", All}}, .down = {{"q4_k", FirstEighth}}, .output = {"q4_k", All}, .fused = {"q4_k", All}, .expertOutput = true},
    {.name = "IQ3_S", .label = "GGUF mixture IQ3_S", .description = "IQ3_S; the head in Q6_K",
     .fileType = 26, .base = "iq3_s", .values = {{"q4_k", Grouped4}}, .expertOutput = true},
    {.name = "IQ3_XS", .label = "GGUF mixture IQ3_XS", .description = "IQ3_S; queries, keys and the middle of ffn_gate and ffn_up in IQ3_XXS",
     .fileType = 22, .base = "iq3_s", .values = {{"q4_k", Grouped4}}, .queries = {"iq3_xxs", All}, .keys = {"iq3_xxs", All}, .gates = {"iq3_xxs", Middle}, .expertOutput = true},
    {.name = "IQ3_XXS", .label = "GGUF mixture IQ3_XXS", .description = "IQ3_XXS; queries and keys in IQ2_S, attn_output in IQ3_S; give it importance",
     .fileType = 23, .base = "iq3_xxs", .values = {{"q4_k", Grouped4}, {"iq3_s", All, Without}}, .down = {{"q4_k", FirstEighth, Without}, {"q3_k", All, Without}}, .output = {"iq3_s", All}, .embedding = "iq3_s", .queries = {"iq2_s", All}, .keys = {"iq2_s", All}, .head = "q5_k", .expertOutput = true},
    {.name = "IQ2_M", .label = "GGUF mixture IQ2_M", .description = "IQ2_S; attn_v, attn_output and the first layers of ffn_down in IQ3_S; give it importance",
     .fileType = 29, .base = "iq2_s", .values = {{"q4_k", Grouped4}, {"iq3_s", All}}, .down = {{"iq3_s", FirstEighth}}, .output = {"iq3_s", All}, .embedding = "iq3_s", .head = "q5_k", .lowest = true},
    {.name = "IQ2_S", .label = "GGUF mixture IQ2_S", .description = "IQ2_XS; attn_v, attn_output and the first layers of ffn_down in IQ3_S; give it importance",
     .fileType = 28, .base = "iq2_xs", .values = {{"q4_k", Grouped4}, {"iq3_s", All}}, .down = {{"iq3_s", FirstEighth}}, .output = {"iq3_s", All}, .embedding = "iq3_s", .head = "q5_k", .lowest = true},
    {.name = "IQ2_XS", .label = "GGUF mixture IQ2_XS", .description = "IQ2_XS; attn_v and the first layers of ffn_down in Q2_K; give it importance",
     .fileType = 20, .base = "iq2_xs", .values = {{"q4_k", Grouped4}, {"q2_k", All}}, .down = {{"q2_k", FirstEighth}}, .embedding = "q2_k", .head = "q5_k", .lowest = true},
    {.name = "IQ2_XXS", .label = "GGUF mixture IQ2_XXS", .description = "IQ2_XXS; attn_v and the first layers of ffn_down in Q2_K; give it importance",
     .fileType = 19, .base = "iq2_xxs", .values = {{"q4_k", Grouped4}, {"q2_k", All}}, .down = {{"q2_k", FirstEighth}}, .embedding = "q2_k", .head = "q5_k", .lowest = true},
    {.name = "IQ1_M", .label = "GGUF mixture IQ1_M", .description = "IQ1_M; attn_output in IQ2_XXS, attn_v and the first layers of ffn_down in Q2_K; give it importance",
     .fileType = 31, .base = "iq1_m", .values = {{"q4_k", Grouped4}, {"q2_k", All}}, .down = {{"q2_k", FirstEighth}}, .output = {"iq2_xxs", All}, .embedding = "q2_k", .head = "q5_k", .lowest = true},
    {.name = "IQ1_S", .label = "GGUF mixture IQ1_S", .description = "IQ1_S; attn_output in IQ2_XXS, attn_v and the first layers of ffn_down in Q2_K; give it importance",
     .fileType = 24, .base = "iq1_s", .values = {{"q4_k", Grouped4}, {"q2_k", All}}, .down = {{"q2_k", FirstEighth}}, .output = {"iq2_xxs", All}, .embedding = "q2_k", .head = "q5_k", .lowest = true},
    {.name = "Q5_1", .label = "GGUF mixture Q5_1", .description = "every weight in Q5_1, the head in Q6_K",
     .fileType = 9, .base = "q5_1"},
    {.name = "Q5_0", .label = "GGUF mixture Q5_0", .description = "every weight in Q5_0, the head in Q6_K; with importance the first layers of ffn_down in Q5_1",
     .fileType = 8, .base = "q5_0", .down = {{"q5_1", FirstEighth, With}}},
    {.name = "Q4_1", .label = "GGUF mixture Q4_1", .description = "every weight in Q4_1, the head in Q6_K",
     .fileType = 3, .base = "q4_1"},
    {.name = "Q4_0", .label = "GGUF mixture Q4_0", .description = "every weight in Q4_0, the head in Q6_K; with importance the first layers of ffn_down in Q4_1",
     .fileType = 2, .base = "q4_0", .down = {{"q4_1", FirstEighth, With}}},
    {.name = "TQ2_0", .label = "GGUF mixture TQ2_0", .description = "ternary weights; the embedding in Q4_K",
     .fileType = 37, .base = "tq2_0", .embedding = "q4_k"},
    {.name = "TQ1_0", .label = "GGUF mixture TQ1_0", .description = "ternary weights, packed closer; the embedding in Q4_K",
     .fileType = 36, .base = "tq1_0", .embedding = "q4_k"},
};

// A tensor's name without number and ending: "blk.3.attn_v.weight" is "attn_v" of block 3; block −1 outside blocks.
struct Part {
    std::string name;
    std::int64_t block = -1;
};
Part partOf(std::string_view gguf) {
    if (gguf.ends_with(".weight")) gguf.remove_suffix(7);
    if (!gguf.starts_with("blk.")) return {std::string(gguf)};
    gguf.remove_prefix(4);
    const std::size_t dot = gguf.find('.');
    const std::string_view number = gguf.substr(0, dot);
    if (dot == std::string_view::npos || number.empty() || number.size() > 6 || !std::all_of(number.begin(), number.end(), [](unsigned char c) { return std::isdigit(c); })) return {std::string(gguf)};
    return {std::string(gguf.substr(dot + 1)), std::stoll(std::string(number))};
}

// What stays as it is in every mixture.
bool isKept(const Part& part) {
    constexpr std::string_view kKept[] = {"ffn_gate_inp", "position_embd", "token_types", "ssm_conv1d", "attn_rel_b"};
    return std::find(std::begin(kKept), std::end(kKept), part.name) != std::end(kKept);
}

struct Facts {
    std::map<std::string, std::set<std::int64_t>> blocks;  // that have the part
    std::int64_t queryRows = 0, keyRows = 0, experts = 0;
    bool hasHead = false, withImportance = false;
    bool grouped4() const { return keyRows > 0 && queryRows / keyRows >= 4; }
};

bool holds(TensorShare share, std::int64_t i, std::int64_t n, bool grouped4) {
    switch (share) {
    case None: return false;
    case All: return true;
    case First2: return i < 2;
    case First4: return i < 4;
    case FirstEighth: return i < n / 8;
    case FirstSixteenth: return i < n / 16;
    case Middle: return i >= n / 8 && i < 7 * n / 8;
    case UseMore: return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
    case Grouped4: return grouped4;
    }
    return false;
}

bool isGiven(ByImportance when, bool withImportance) { return when == Either || (when == With) == withImportance; }

std::string_view codecFor(const Mixture& mixture, const Part& part, std::int64_t columns, const Facts& facts) {
    const std::string_view head = columns % findCodec(mixture.base)->blockSize != 0 ? "q8_0" : mixture.head;
    if (part.name == "output" && part.block < 0) return head;
    if (part.name == "token_embd") return !facts.hasHead ? head : mixture.embedding.empty() ? mixture.base : mixture.embedding;
    if (part.block < 0) return mixture.base;
    const auto& blocks = facts.blocks.at(part.name);
    const auto i = static_cast<std::int64_t>(std::distance(blocks.begin(), blocks.find(part.block))), n = static_cast<std::int64_t>(blocks.size());
    const auto of = [&](std::span<const MixtureStep> steps) {
        for (const MixtureStep& step : steps)
            if (holds(step.share, i, n, facts.grouped4()) && isGiven(step.when, facts.withImportance)) return step.codec;
        return mixture.base;
    };
    const bool eight = facts.experts == 8;
    if (part.name == "attn_v") {
        if (mixture.lowest) return facts.experts >= 4 ? "q4_k" : of(mixture.values);
        if (eight) return "q8_0";  // small beside the experts
        const std::string_view codec = of(mixture.values);
        return n == 80 && (codec == "q3_k" || codec == "q4_k") ? "q5_k" : codec;  // the 70B type shares values among many heads
    }
    if (part.name == "attn_k") return eight ? mixture.lowest ? "q4_k" : "q8_0" : of({&mixture.keys, 1});
    if (part.name == "attn_q") return of({&mixture.queries, 1});
    if (part.name == "attn_output") return eight ? mixture.lowest || mixture.expertOutput ? "q5_k" : mixture.base : of({&mixture.output, 1});
    if (part.name == "attn_qkv") return of({&mixture.fused, 1});
    if (part.name.starts_with("ffn_down")) return eight && mixture.name == "IQ3_M" && holds(UseMore, i, n, false) ? "q4_k" : of(mixture.down);
    if (part.name.starts_with("ffn_gate") || part.name.starts_with("ffn_up")) return of({&mixture.gates, 1});
    return mixture.base;
}

// As the model's own configuration says it.
std::int64_t expertsOf(const Model& model) {
    for (const auto& [key, value] : model.metadata)
        if (key.ends_with(".expert_count") || key.ends_with("num_local_experts")) return std::atoll(value.c_str());
    return 0;
}

// GGUF's name of the tensor; its own where it has none there.
std::string ggufNameOf(const Model& model, const Architecture* architecture, const std::string& tensor) {
    if (namingOf(model) == TensorNaming::Gguf || !architecture) return tensor;
    return ggufName(architecture->names, tensor).value_or(tensor);
}

QuantSpec specOf(std::string_view codec) {
    QuantSpec spec;
    spec.codec = codec;
    spec.bits = findCodec(codec)->minBits;
    return spec;
}

}  // namespace

std::span<const Mixture> mixtures() noexcept { return kMixtures; }

const Mixture* findMixture(std::string_view name) noexcept {
    const auto* found = std::find_if(std::begin(kMixtures), std::end(kMixtures), [&](const Mixture& row) { return row.name == name; });
    return found == std::end(kMixtures) ? nullptr : found;
}

Recipe mixtureRecipe(const Mixture& mixture, const Model& model, bool withImportance) {
    Recipe recipe;
    recipe.name = mixture.name;
    recipe.defaults.weights = specOf(mixture.base);
    const Architecture* architecture = namingOf(model) == TensorNaming::Gguf ? nullptr : findArchitecture(TensorNaming::HuggingFace, model.producer);
    std::vector<Part> parts;
    Facts facts;
    facts.experts = expertsOf(model);
    facts.withImportance = withImportance;
    for (const Layer& layer : model.layers) {
        const Part& part = parts.emplace_back(layer.weight == kNoValue ? Part{} : partOf(ggufNameOf(model, architecture, model.graph.value(layer.weight).name)));
        if (!layer.quantizable) continue;
        facts.blocks[part.name].insert(part.block);
        facts.hasHead = facts.hasHead || (part.name == "output" && part.block < 0);
        if (part.name == "attn_q") facts.queryRows = layer.layout.channels;
        if (part.name == "attn_k") facts.keyRows = layer.layout.channels;
    }
    for (std::size_t l = 0; l < parts.size(); ++l) {
        const Layer& layer = model.layers[l];
        if (!layer.quantizable) continue;
        if (isKept(parts[l])) recipe.layers[layer.name] = Scheme{};
        else if (const std::string_view codec = codecFor(mixture, parts[l], layer.layout.perChannel(), facts); codec != mixture.base) recipe.layers[layer.name].weights = specOf(codec);
    }
    return recipe;
}

}  // namespace bitlathe
