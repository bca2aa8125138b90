#include "core/language/mixture.h"

#include "core/language/architecture.h"
#include "core/language/hyperparameters.h"
#include "core/model/model.h"
#include "core/quant/codec.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>

namespace bitlathe {

namespace {

using enum TensorShare;

constexpr Mixture kMixtures[] = {
    {"Q8_0", "GGUF mixture Q8_0", "every weight in Q8_0: hard to tell from float", "q8_0"},
    {"Q6_K", "GGUF mixture Q6_K", "every weight in Q6_K", "q6_k"},
    {"Q5_K_M", "GGUF mixture Q5_K_M", "Q5_K; half of attn_v and ffn_down in Q6_K", "q5_k", {{"q6_k", UseMore}}, {{"q6_k", UseMore}}, {}, {"q6_k", All}},
    {"Q5_K_S", "GGUF mixture Q5_K_S", "Q5_K; the head in Q6_K", "q5_k"},
    {"Q4_K_M", "GGUF mixture Q4_K_M", "Q4_K; half of attn_v and ffn_down, and the head, in Q6_K: what most people run", "q4_k", {{"q6_k", UseMore}}, {{"q6_k", UseMore}}, {}, {"q5_k", All}},
    {"Q4_K_S", "GGUF mixture Q4_K_S", "Q4_K; the first layers of attn_v and ffn_down in Q5_K", "q4_k", {{"q5_k", First4}}, {{"q5_k", FirstEighth}}},
    {"Q3_K_L", "GGUF mixture Q3_K_L", "Q3_K; attn_v, attn_output and ffn_down in Q5_K", "q3_k", {{"q5_k", All}}, {{"q5_k", All}}, {"q5_k", All}, {"q4_k", All}},
    {"Q3_K_M", "GGUF mixture Q3_K_M", "Q3_K; attn_v and ffn_down in Q4_K, the first in Q5_K", "q3_k", {{"q5_k", First2}, {"q4_k", All}}, {{"q5_k", FirstSixteenth}, {"q4_k", All}}, {"q4_k", All}, {"q4_k", All}},
    {"Q3_K_S", "GGUF mixture Q3_K_S", "Q3_K; the head in Q6_K", "q3_k"},
    {"Q2_K", "GGUF mixture Q2_K", "Q2_K; attn_v, attn_output and ffn_down in Q3_K or Q4_K", "q2_k", {{"q4_k", Grouped4}, {"q3_k", All}}, {{"q3_k", All}}, {"q3_k", All}},
    {"Q2_K_S", "GGUF mixture Q2_K_S", "Q2_K; the first layers of ffn_down in Q4_K", "q2_k", {{"q4_k", Grouped4}}, {{"q4_k", FirstEighth}}},
    {"IQ4_XS", "GGUF mixture IQ4_XS", "IQ4_XS; the first layers of ffn_down in Q5_K", "iq4_xs", {{"q5_k", Grouped4}}, {{"q5_k", FirstEighth}}},
    {"IQ4_NL", "GGUF mixture IQ4_NL", "IQ4_NL; the first layers of ffn_down in Q5_K", "iq4_nl", {{"q5_k", Grouped4}}, {{"q5_k", FirstEighth}}},
    {"Q5_1", "GGUF mixture Q5_1", "every weight in Q5_1, the head in Q6_K", "q5_1"},
    {"Q5_0", "GGUF mixture Q5_0", "every weight in Q5_0, the head in Q6_K", "q5_0"},
    {"Q4_1", "GGUF mixture Q4_1", "every weight in Q4_1, the head in Q6_K", "q4_1"},
    {"Q4_0", "GGUF mixture Q4_0", "every weight in Q4_0, the head in Q6_K", "q4_0"},
    {"TQ2_0", "GGUF mixture TQ2_0", "ternary weights; the embedding in Q4_K", "tq2_0", {}, {}, {}, {}, "q4_k"},
    {"TQ1_0", "GGUF mixture TQ1_0", "ternary weights, packed closer; the embedding in Q4_K", "tq1_0", {}, {}, {}, {}, "q4_k"},
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
    std::int64_t queryRows = 0, keyRows = 0;
    bool hasHead = false;
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
    case UseMore: return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
    case Grouped4: return grouped4;
    }
    return false;
}

std::string_view codecFor(const Mixture& mixture, const Part& part, const Facts& facts) {
    const std::string_view head = mixture.base == "q8_0" ? "q8_0" : "q6_k";
    if (part.name == "output" && part.block < 0) return head;
    if (part.name == "token_embd") return !facts.hasHead ? head : mixture.embedding.empty() ? mixture.base : mixture.embedding;
    if (part.block < 0) return mixture.base;
    const auto& blocks = facts.blocks.at(part.name);
    const auto i = static_cast<std::int64_t>(std::distance(blocks.begin(), blocks.find(part.block))), n = static_cast<std::int64_t>(blocks.size());
    const auto of = [&](std::span<const MixtureStep> steps) {
        for (const MixtureStep& step : steps)
            if (holds(step.share, i, n, facts.grouped4())) return step.codec;
        return mixture.base;
    };
    if (part.name == "attn_v") {
        const std::string_view codec = of(mixture.values);
        return n == 80 && (codec == "q3_k" || codec == "q4_k") ? "q5_k" : codec;  // the 70B type shares values among many heads
    }
    if (part.name.starts_with("ffn_down")) return of(mixture.down);
    if (part.name == "attn_output") return of({&mixture.output, 1});
    if (part.name == "attn_qkv") return of({&mixture.fused, 1});
    return mixture.base;
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

Recipe mixtureRecipe(const Mixture& mixture, const Model& model) {
    Recipe recipe;
    recipe.name = mixture.name;
    recipe.defaults.weights = specOf(mixture.base);
    const Architecture* architecture = namingOf(model) == TensorNaming::Gguf ? nullptr : findArchitecture(TensorNaming::HuggingFace, model.producer);
    std::vector<Part> parts;
    Facts facts;
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
        else if (const std::string_view codec = codecFor(mixture, parts[l], facts); codec != mixture.base) recipe.layers[layer.name].weights = specOf(codec);
    }
    return recipe;
}

}  // namespace bitlathe
