// GGUF's vocabulary from tokenizer.json and tokenizer_config.json (huggingface/tokenizers), as llama.cpp's converter
// fills it: byte pairs over bytes ("gpt2"), byte pairs over pieces with scores ("llama"), word pieces ("bert") and
// unigrams ("t5").
#include "core/formats/gguf/convert.h"
#include "core/base/mapped_file.h"
#include "core/formats/llama2c/llama2c.h"
#include "core/language/tokenizer_cut_match.h"
#include "core/language/vocabulary_beside.h"
#include "core/language/vocabulary_sentencepiece.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace bitlathe::gguf {

using Json = nlohmann::json;

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLongestBeside = 100'000'000;  // larger files are no vocabulary
constexpr std::int64_t kMostTokens = std::int64_t(1) << 24;

std::shared_ptr<const MappedFile> fileBeside(const Model& source, std::string_view name) {
    if (source.source.empty()) return nullptr;
    const fs::path path = source.source.parent_path() / name;
    std::error_code none;
    return fs::is_regular_file(path, none) && fs::file_size(path, none) <= kLongestBeside ? MappedFile::open(path) : nullptr;
}

// The text of a file beside the weights, which the model may have with it.
std::string metadataOf(const Model& source, std::string_view key) {
    for (const auto& [name, value] : source.metadata)
        if (name == key) return value;
    const auto file = fileBeside(source, key);
    return file ? std::string(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()) : std::string();
}

// Null where the text is no JSON object, or nests deeply.
Json parsed(const std::string& text, JobContext* job = nullptr) {
    bool deep = false;
    std::size_t seen = 0;
    Json json = Json::parse(text, [&](int depth, Json::parse_event_t, Json&) {
        if (job && (++seen & 4095) == 0) job->checkpoint(0.0, "reading the tokenizer");
        return !(deep = deep || depth > 100);
    }, /*allow_exceptions=*/false);
    return deep || !json.is_object() ? Json() : json;
}
const Json& member(const Json& json, std::string_view key) {
    static const Json none;
    if (!json.is_object()) return none;
    const auto at = json.find(key);
    return at == json.end() ? none : *at;
}
std::string textOf(const Json& json, std::string_view key) {
    const Json& at = member(json, key);
    return at.is_string() ? at.get<std::string>() : std::string();
}
bool flagOf(const Json& json, std::string_view key) {
    const Json& at = member(json, key);
    return at.is_boolean() && at.get<bool>();
}
std::int64_t idOf(const Json& json) { return json.is_number_integer() && json.get<std::int64_t>() >= 0 && json.get<std::int64_t>() < kMostTokens ? json.get<std::int64_t>() : -1; }

// The parts of a sequence, or the one part.
std::vector<Json> partsOf(const Json& json, std::string_view list) {
    std::vector<Json> parts;
    if (const Json& inner = member(json, list); inner.is_array())
        for (const Json& part : inner) parts.push_back(part);
    else if (json.is_object()) parts.push_back(json);
    return parts;
}

class Reading {
public:
    Reading(const Json& tokenizer, const Json& config) : m_json(tokenizer), m_config(config), m_model(member(tokenizer, "model")) {}

    // Empty when the vocabulary could be read; else why not.
    std::string read(Vocabulary& out) {
        const std::string type = textOf(m_model, "type");
        const bool pairs = type == "BPE" || (type.empty() && member(m_model, "merges").is_array());
        if (!pairs && type != "WordPiece" && type != "Unigram") return "tokenizer.json has a vocabulary of type '" + type + "', which GGUF does not have";
        if (std::string why = type == "Unigram" ? readUnigrams(out) : readPieces(out); !why.empty()) return why;
        const bool bytes = pairs && !flagOf(m_model, "byte_fallback");
        out.model = type == "WordPiece" ? "bert" : type == "Unigram" ? "t5" : bytes ? "gpt2" : "llama";
        out.kinds.assign(out.tokens.size(), TokenKind::Normal);
        if (pairs) readMerges(out);
        if (out.model == "llama") addScores(out);
        if (out.model == "gpt2") out.pre = preOf();
        if (out.model == "bert") toWholeWords(out);
        readAdded(out);
        markBytes(out);
        readSpecial(out);
        return {};
    }

private:
    std::string put(Vocabulary& out, std::int64_t id, const std::string& token) {
        if (id < 0 || static_cast<std::uint64_t>(id) >= m_most) return "tokenizer.json gives a token a number that is none";
        if (static_cast<std::size_t>(id) >= out.tokens.size()) out.tokens.resize(static_cast<std::size_t>(id) + 1), m_known.resize(out.tokens.size());
        out.tokens[static_cast<std::size_t>(id)] = token;
        m_known[static_cast<std::size_t>(id)] = true;
        m_ids.emplace(token, static_cast<std::int32_t>(id));
        return {};
    }
    std::string readPieces(Vocabulary& out) {
        const Json& vocab = member(m_model, "vocab");
        if (!vocab.is_object() || vocab.empty()) return "tokenizer.json has no vocabulary";
        for (const auto& [token, id] : vocab.items())
            if (std::string why = put(out, idOf(id), token); !why.empty()) return why;
        return {};
    }
    std::string readUnigrams(Vocabulary& out) {
        const Json& vocab = member(m_model, "vocab");
        if (!vocab.is_array() || vocab.empty()) return "tokenizer.json has no vocabulary";
        for (std::size_t i = 0; i < vocab.size(); ++i) {
            const Json& row = vocab[i];
            if (!row.is_array() || row.size() != 2 || !row[0].is_string() || !row[1].is_number()) return "tokenizer.json has a piece without a score";
            put(out, static_cast<std::int64_t>(i), row[0].get<std::string>());
            out.scores.push_back(row[1].get<float>());
        }
        if (const std::int64_t unknown = idOf(member(m_model, "unk_id")); unknown >= 0) out.unknown = static_cast<std::int32_t>(unknown);
        out.addSpacePrefix = true;
        return {};
    }
    void readMerges(Vocabulary& out) {
        const Json& merges = member(m_model, "merges");
        if (!merges.is_array()) return;
        for (const Json& merge : merges) {
            if (merge.is_string() && merge.get_ref<const std::string&>().find(' ') != std::string::npos) out.merges.push_back(merge.get<std::string>());
            else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) out.merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
        }
    }
    // llama.cpp joins the two neighbours whose piece has the highest score: so the first merge gets the highest.
    void addScores(Vocabulary& out) {
        out.scores.assign(out.tokens.size(), 0.0f);
        std::vector<bool> scored(out.tokens.size());
        const auto lowest = -static_cast<float>(out.merges.size()) - 1;
        for (std::size_t r = 0; r < out.merges.size(); ++r) {
            std::string piece = out.merges[r];
            piece.erase(piece.find(' '), 1);
            const auto id = m_ids.find(piece);
            if (id == m_ids.end() || scored[static_cast<std::size_t>(id->second)]) continue;
            scored[static_cast<std::size_t>(id->second)] = true;
            out.scores[static_cast<std::size_t>(id->second)] = -static_cast<float>(r);
        }
        for (std::size_t i = 0; i < scored.size(); ++i)
            if (!scored[i]) out.scores[i] = lowest;
        out.merges.clear();
        const bool legacyPrefix = std::ranges::any_of(partsOf(member(m_json, "normalizer"), "normalizers"), [](const Json& part) { return textOf(part, "type") == "Prepend"; }) ||
                                  std::ranges::any_of(partsOf(member(m_json, "pre_tokenizer"), "pretokenizers"), [](const Json& part) { return textOf(part, "type") == "Metaspace" && textOf(part, "prepend_scheme") != "never"; });
        out.addSpacePrefix = legacyPrefix;
        out.pre = "default";
    }
    // Which of llama.cpp's ways of cutting this is. A person's own choice goes before what is found.
    std::string preOf() const {
        const std::string chosen = textOf(m_config, "tokenizer_ggml_pre");
        return chosen.empty() ? std::string(cutRuleLike(m_json, "tokenizer.json")) : chosen;
    }
    // Word pieces: GGUF marks the beginning of a word, Hugging Face what continues it.
    static void toWholeWords(Vocabulary& out) {
        for (std::string& token : out.tokens) {
            const bool special = token.size() > 2 && token.front() == '[' && token.back() == ']';
            if (token.starts_with("##")) token.erase(0, 2);
            else if (!special && !token.empty()) token = "\xe2\x96\x81" + token;
        }
    }
    void readAdded(Vocabulary& out) {
        const Json& added = member(m_json, "added_tokens");
        if (!added.is_array()) return;
        for (const Json& token : added) {
            const std::int64_t id = idOf(member(token, "id"));
            if (!put(out, id, textOf(token, "content")).empty()) continue;
            out.kinds.resize(out.tokens.size(), TokenKind::Normal);
            if (!out.scores.empty()) out.scores.resize(out.tokens.size(), -1000.0f);
            out.kinds[static_cast<std::size_t>(id)] = flagOf(token, "special") ? TokenKind::Control : TokenKind::UserDefined;
        }
    }
    // Numbers that no token has, and the pieces that stand for single bytes.
    void markBytes(Vocabulary& out) {
        for (std::size_t i = 0; i < out.tokens.size(); ++i) {
            const std::string& token = out.tokens[i];
            if (!m_known[i]) out.tokens[i] = "[PAD" + std::to_string(i) + "]", out.kinds[i] = TokenKind::Unused;
            else if (out.model == "llama" && token.size() == 6 && token.starts_with("<0x") && token.back() == '>') out.kinds[i] = TokenKind::Byte;
        }
    }
    std::optional<std::int32_t> tokenOf(std::string_view key) const {
        const Json& at = member(m_config, key);
        const std::string name = at.is_string() ? at.get<std::string>() : textOf(at, "content");
        const auto found = m_ids.find(name);
        return name.empty() || found == m_ids.end() ? std::nullopt : std::optional(found->second);
    }
    void readSpecial(Vocabulary& out) {
        const std::string unknown = textOf(m_model, "unk_token");
        out.bos = tokenOf("bos_token"), out.eos = tokenOf("eos_token"), out.padding = tokenOf("pad_token"), out.separator = tokenOf("sep_token");
        out.mask = tokenOf("mask_token"), out.classify = tokenOf("cls_token");
        if (const auto own = tokenOf("unk_token")) out.unknown = own;
        else if (const auto found = m_ids.find(unknown); found != m_ids.end() && !unknown.empty()) out.unknown = found->second;
        if (out.unknown && out.model == "llama") out.kinds[static_cast<std::size_t>(*out.unknown)] = TokenKind::Unknown;
        if (out.model == "bert" && out.classify && !out.bos) out.bos = out.classify;
        if (out.model == "bert" && out.separator && !out.eos) out.eos = out.separator;
        if (member(m_config, "add_bos_token").is_boolean()) out.addBos = flagOf(m_config, "add_bos_token");
        else if (out.model != "bert") out.addBos = templateAdds(out.bos);
        if (member(m_config, "add_eos_token").is_boolean()) out.addEos = flagOf(m_config, "add_eos_token");
        for (const char* name : {"<|eot_id|>", "<|im_end|>", "<end_of_turn>", "<|end|>"})
            if (const auto found = m_ids.find(name); found != m_ids.end() && !out.eot) out.eot = found->second;
    }
    // Whether the template of encoded texts begins with this token.
    bool templateAdds(std::optional<std::int32_t> token) const {
        if (!token) return false;
        for (const Json& part : partsOf(member(m_json, "post_processor"), "processors")) {
            const Json& single = member(part, "single");
            if (!single.is_array() || single.empty()) continue;
            const auto found = m_ids.find(textOf(member(single[0], "SpecialToken"), "id"));
            if (found != m_ids.end() && found->second == *token) return true;
        }
        return false;
    }

    const Json &m_json, &m_config, &m_model;
    // Numbers beyond this are damage: vocabularies have few gaps.
    const std::uint64_t m_most = 2 * (member(m_model, "vocab").size() + member(m_json, "added_tokens").size()) + 4096;
    std::vector<bool> m_known;
    std::map<std::string, std::int32_t, std::less<>> m_ids;
};

// Ids that only the model's own configuration names.
void addConfigIds(const Model& source, Vocabulary& out) {
    const Json config = parsed(metadataOf(source, "config.json"));
    const auto id = [&](std::string_view key) -> std::optional<std::int32_t> {
        const Json& at = member(config, key);
        const std::int64_t value = idOf(at.is_array() && !at.empty() ? at[0] : at);
        return value >= 0 && value < static_cast<std::int64_t>(out.tokens.size()) ? std::optional(static_cast<std::int32_t>(value)) : std::nullopt;
    };
    if (!out.bos) out.bos = id("bos_token_id");
    if (!out.eos) out.eos = id("eos_token_id");
    if (!out.padding) out.padding = id("pad_token_id");
    const std::string generation = metadataOf(source, "generation_config.json"), own = metadataOf(source, "config.json");
    out.ends = endsOf({.generationConfig = generation, .config = own}, out.tokens.size());
    for (const std::int32_t end : out.ends)
        if (!out.eot && end != out.eos) out.eot = end;  // of several GGUF names these two
}

// Embeddings are often longer than vocabularies, for even sizes.
void fill(Vocabulary& out, std::int64_t rows) {
    while (static_cast<std::int64_t>(out.tokens.size()) < rows) {
        out.tokens.push_back("[PAD" + std::to_string(out.tokens.size()) + "]");
        out.kinds.push_back(TokenKind::Unused);
        if (!out.scores.empty()) out.scores.push_back(-1000.0f);
    }
}

std::optional<Vocabulary> sentencePieceOf(const Model& source, std::int64_t rows, std::string& why) {
    for (const char* name : {"tokenizer.model", "spiece.model"}) {
        const auto file = fileBeside(source, name);
        if (!file) continue;
        Vocabulary out = readSentencePiece(file->bytes(), file->path().string());
        const std::string tokenizer = metadataOf(source, "tokenizer_config.json"), added = metadataOf(source, "added_tokens.json"), special = metadataOf(source, "special_tokens_map.json"),
                          generation = metadataOf(source, "generation_config.json"), config = metadataOf(source, "config.json");
        addBeside({tokenizer, added, special, generation, config}, out);
        if (rows > 0 && static_cast<std::int64_t>(out.tokens.size()) > rows) {
            why = std::string(name) + " has " + std::to_string(out.tokens.size()) + " tokens and the embedding " + std::to_string(rows) + " rows: the file gets no vocabulary";
            return std::nullopt;
        }
        if (out.model == "llama") out.pre = "default";
        fill(out, rows);
        addConfigIds(source, out);
        return out;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Vocabulary> vocabularyOf(const Model& source, std::int64_t rows, std::string& why, JobContext* job) {
    if (source.format == "llama2c") {
        auto own = llama2c::vocabularyBeside(source.source, rows);
        if (!own) why = "there is no tokenizer.bin of " + std::to_string(rows) + " pieces beside the checkpoint: the file gets no vocabulary";
        return own;
    }
    const std::string text = metadataOf(source, "tokenizer.json");
    if (text.empty()) {
        if (auto pieces = sentencePieceOf(source, rows, why)) return pieces;
        if (why.empty()) why = "there is no tokenizer.json and no tokenizer.model beside the weights: the file gets no vocabulary";
        return std::nullopt;
    }
    const Json tokenizer = parsed(text, job), config = parsed(metadataOf(source, "tokenizer_config.json"));
    Vocabulary out;
    out.file = "tokenizer.json";
    why = tokenizer.is_null() ? "tokenizer.json is no well-formed JSON" : Reading(tokenizer, config).read(out);
    if (why.empty() && static_cast<std::int64_t>(out.tokens.size()) > rows && rows > 0) why = "tokenizer.json has " + std::to_string(out.tokens.size()) + " tokens and the embedding " + std::to_string(rows) + " rows";
    if (!why.empty()) {
        why += ": the file gets no vocabulary";
        return std::nullopt;
    }
    fill(out, rows);
    addConfigIds(source, out);
    return out;
}

std::string chatTemplateOf(const Model& source) {
    std::string text = bitlathe::chatTemplateOf(metadataOf(source, "tokenizer_config.json"));
    return text.empty() ? metadataOf(source, "chat_template.jinja") : text;
}

}  // namespace bitlathe::gguf
