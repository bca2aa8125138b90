// The keys by which llama.cpp builds a network, from what core/language says of it (llama-model.cpp, load_hparams).
#include "core/formats/gguf/convert.h"
#include "core/language/hyperparameters.h"

namespace bitlathe::gguf {

namespace {

void addRope(const LanguageSpec& spec, const std::string& at, KeysOut& keys) {
    const RopeSpec& rope = spec.rope;
    if (rope.dims == 0) return;
    keys.number(at + "rope.dimension_count", static_cast<std::uint32_t>(rope.dims));
    keys.real(at + "rope.freq_base", static_cast<float>(rope.base));
    if (rope.scaling == RopeSpec::Scaling::Linear || rope.scaling == RopeSpec::Scaling::Yarn) {
        keys.text(at + "rope.scaling.type", rope.scaling == RopeSpec::Scaling::Linear ? "linear" : "yarn");
        keys.real(at + "rope.scaling.factor", static_cast<float>(rope.factor));
    }
    if (rope.scaling == RopeSpec::Scaling::Yarn || rope.scaling == RopeSpec::Scaling::Factors) keys.number(at + "rope.scaling.original_context_length", static_cast<std::uint32_t>(rope.originalContext));
    if (rope.scaling == RopeSpec::Scaling::Factors && rope.attentionFactor > 0) keys.real(at + "rope.scaling.attn_factor", static_cast<float>(rope.attentionFactor));
    if (spec.localRope.dims > 0) keys.real(at + "rope.freq_base_swa", static_cast<float>(spec.localRope.base));
}

}  // namespace

void addNetworkKeys(const Model& source, const LanguageSpec& spec, const std::string& architecture, std::int64_t feedForward, KeysOut& keys) {
    const std::string at = architecture + ".";
    const auto number = [&](const char* key, std::int64_t value) { keys.number(at + key, static_cast<std::uint32_t>(value)); };
    keys.text("general.architecture", architecture);
    keys.text("general.type", "model");
    keys.text("general.name", source.name);
    number("block_count", spec.layers);
    // Two lists of factors: the whole stretched context is the file's.
    const bool lists = spec.rope.scaling == RopeSpec::Scaling::Factors && spec.naming == TensorNaming::HuggingFace;
    number("context_length", lists ? Hyperparameters::of(source)->integer("", "max_position_embeddings").value_or(spec.context) : spec.context);
    number("embedding_length", spec.width);
    if (feedForward > 0) number("feed_forward_length", feedForward);
    number("attention.head_count", spec.heads);
    number("attention.head_count_kv", spec.kvHeads);
    if (spec.headSize * spec.heads != spec.width || spec.valueSize != spec.headSize) {
        number("attention.key_length", spec.headSize);
        number("attention.value_length", spec.valueSize);
    }
    keys.real(at + (spec.norm == NormKind::Rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"), static_cast<float>(spec.normEpsilon));
    number("vocab_size", spec.vocabulary);
    addRope(spec, at, keys);
    if (spec.window > 0 && architecture != "llama") number("attention.sliding_window", spec.window);
    if (spec.window > 0 && spec.windowPeriod > 2) number("attention.sliding_window_pattern", spec.windowPeriod);
    if (spec.attentionCap > 0) keys.real(at + "attn_logit_softcapping", static_cast<float>(spec.attentionCap));
    if (spec.logitCap > 0) keys.real(at + "final_logit_softcapping", static_cast<float>(spec.logitCap));
    if (spec.encoder) {
        keys.flag(at + "attention.causal", false);
        // llama.cpp asks for the number of kinds of text among the keys of the tokenizer.
        if (const auto kinds = Hyperparameters::of(source)->integer("", "type_vocab_size")) keys.number("tokenizer.ggml.token_type_count", static_cast<std::uint32_t>(*kinds));
    }
}

void addVocabularyKeys(const Vocabulary& vocabulary, const std::string& chat, KeysOut& keys) {
    const std::string at = "tokenizer.ggml.";
    keys.text(at + "model", vocabulary.model);
    if (!vocabulary.pre.empty()) keys.text(at + "pre", vocabulary.pre);
    keys.texts(at + "tokens", vocabulary.tokens);
    if (!vocabulary.scores.empty()) keys.reals(at + "scores", vocabulary.scores);
    if (!vocabulary.kinds.empty()) {
        std::vector<std::int32_t> kinds;
        for (const TokenKind kind : vocabulary.kinds) kinds.push_back(static_cast<std::int32_t>(kind));
        keys.integers(at + "token_type", kinds);
    }
    if (!vocabulary.merges.empty()) keys.texts(at + "merges", vocabulary.merges);
    const auto id = [&](const char* name, const std::optional<std::int32_t>& token) {
        if (token) keys.number(at + name + "_token_id", static_cast<std::uint32_t>(*token));
    };
    id("bos", vocabulary.bos), id("eos", vocabulary.eos), id("eot", vocabulary.eot), id("unknown", vocabulary.unknown);
    id("seperator", vocabulary.separator), id("padding", vocabulary.padding), id("mask", vocabulary.mask), id("cls", vocabulary.classify);  // "seperator": llama.cpp spells it so
    const auto flag = [&](const char* name, const std::optional<bool>& value) {
        if (value) keys.flag(at + name, *value);
    };
    flag("add_bos_token", vocabulary.addBos), flag("add_eos_token", vocabulary.addEos), flag("add_sep_token", vocabulary.addSeparator), flag("add_space_prefix", vocabulary.addSpacePrefix);
    flag("remove_extra_whitespaces", vocabulary.dropExtraSpaces);
    if (!vocabulary.charsMap.empty()) keys.bytes(at + "precompiled_charsmap", vocabulary.charsMap);
    if (!chat.empty()) keys.text("tokenizer.chat_template", chat);
}

}  // namespace bitlathe::gguf
