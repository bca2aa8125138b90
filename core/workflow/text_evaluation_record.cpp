#include "core/workflow/text_evaluation_record.h"

#include "core/project/node_fields.h"
#include "core/quant/recipe_json.h"

namespace bitlathe {

namespace {

template <class F>
void estimate(F& f, const std::string& name, Estimate& e, const char* unit) {
    f(name.c_str(), e.value, unit);
    f((name + "_error").c_str(), e.error, unit);
}

template <class F>
void distribution(F& f, const std::string& name, Distribution& d, const char* unit) {
    estimate(f, name + "_mean", d.mean, unit);
    const std::pair<const char*, double*> places[] = {{"minimum", &d.minimum}, {"p0_1", &d.p0_1}, {"p1", &d.p1}, {"p5", &d.p5}, {"p10", &d.p10}, {"p25", &d.p25}, {"median", &d.median},
                                                      {"p75", &d.p75}, {"p90", &d.p90}, {"p95", &d.p95}, {"p99", &d.p99}, {"p99_9", &d.p99_9}, {"maximum", &d.maximum}};
    for (const auto& [place, value] : places) f((name + "_" + place).c_str(), *value, unit);
}

template <class F>
void fields(F& f, KeptTextEvaluation& k) {
    f("model_sha256", k.model);
    f("text", k.text);
    f("importance", k.importance, "", "of what the encoders obeyed; empty: none");
    f("window_tokens", k.context, "tokens");
    f("windows_asked", k.mostWindows, "windows", "0: all");
    f("partial", k.partial, "", "1: it was stopped");
    LanguageEvaluation& e = k.evaluation;
    f("windows", e.windows, "windows");
    f("windows_done", e.windowsDone, "windows");
    f("tokens_read", e.tokensRead, "tokens");
    f("time", e.seconds, "s");
    f("reference_time", e.referenceSeconds, "s");
    f("speed", e.tokensPerSecond, "tokens/s");
    f("reference_speed", e.referenceTokensPerSecond, "tokens/s");
    LanguageFigures& g = e.figures;
    f("tokens_predicted", g.tokens, "tokens");
    f("compared", g.compared, "", "1: against the float network");
    estimate(f, "loss", g.loss, "nats");
    estimate(f, "perplexity", g.perplexity, "");
    estimate(f, "reference_loss", g.referenceLoss, "nats");
    estimate(f, "reference_perplexity", g.referencePerplexity, "");
    f("loss_correlation", g.lossCorrelation);
    estimate(f, "log_perplexity_ratio", g.logRatio, "");
    estimate(f, "perplexity_ratio", g.ratio, "");
    estimate(f, "perplexity_difference", g.difference, "");
    distribution(f, "divergence", g.divergence, "nats");
    distribution(f, "probability_change", g.probabilityChange, "share, 0..1");
    estimate(f, "probability_change_rms", g.probabilityChangeRms, "share, 0..1");
    estimate(f, "same_top", g.sameTop, "share of tokens, 0..1");
}

struct Layers {
    std::vector<std::string> names;
    std::vector<double> db;
};
template <class F>
void fields(F& f, Layers& l) {
    f("weight", l.names, "", "names of the weights, in the order of their use");
    f("carried_sqnr", l.db, "dB", "of the weight's product when everything before it is quantized too");
}

}  // namespace

Hdf5Node toNode(const KeptTextEvaluation& kept) {
    Hdf5Node node;
    node.about = "A language model measured on a text, against float";
    node.add("engine", std::string(nameOf(kept.mode)));
    node.add("recipe", toJson(kept.recipe));
    ToNode to(node);
    KeptTextEvaluation copy = kept;
    fields(to, copy);
    Layers layers;
    for (const CarriedError& layer : kept.layers) layers.names.push_back(layer.tensor), layers.db.push_back(layer.sqnrDb);
    fields(to, layers);
    return node;
}

std::optional<KeptTextEvaluation> textEvaluationFrom(const Hdf5Node& node) {
    KeptTextEvaluation kept;
    std::string engine, recipe;
    Layers layers;
    FromNode from(node);
    from("engine", engine);
    from("recipe", recipe);
    fields(from, kept);
    fields(from, layers);
    const auto mode = engineModeFromName(engine);
    if (!from.complete() || !mode || layers.names.size() != layers.db.size()) return std::nullopt;
    kept.mode = *mode;
    kept.recipe = recipeFromJson(recipe, "the recipe of an evaluation");
    for (std::size_t i = 0; i < layers.names.size(); ++i) kept.layers.push_back({layers.names[i], layers.db[i]});
    return kept;
}

}  // namespace bitlathe
