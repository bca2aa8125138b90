// A checkpoint with Hugging Face's names as the GGUF file that llama.cpp's own converter would make of it: names,
// order of rows, keys, vocabulary. Weights are turned as they are read, not before. Private to this folder.
#pragma once

#include "core/formats/gguf/container.h"
#include "core/formats/gguf/keys_out.h"
#include "core/language/language_spec.h"
#include "core/language/vocabulary.h"
#include "core/model/model.h"
#include "core/quant/recipe.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bitlathe::gguf {

struct Converted {
    Model model;      // weights only, its values in the order of the source's; layers are those of the source, renamed
    Container head;   // of these values
    KeysOut keys;     // which the head points into
    std::vector<std::string> dropped;  // tensors of the source that GGUF has no place for and that no network misses
    std::vector<std::string> unknown;  // tensors without a name in GGUF: the conversion would lose them
    std::vector<Issue> warnings;
};

// source: of an architecture that is known. Throws Error(Input) for numbers that contradict themselves.
// job: may stop it, where there is one.
std::unique_ptr<Converted> convert(const Model& source, JobContext* job = nullptr);

// The keys by which llama.cpp builds the network. `architecture`: GGUF's name.
void addNetworkKeys(const Model& source, const LanguageSpec& spec, const std::string& architecture, std::int64_t feedForward, KeysOut& keys);
// The vocabulary of tokenizer.json or, without one, tokenizer.model, and of tokenizer_config.json; nothing where there is none or it is of another kind, and
// then `why` says so. rows: of the embedding, which the vocabulary is filled up to.
std::optional<Vocabulary> vocabularyOf(const Model& source, std::int64_t rows, std::string& why, JobContext* job = nullptr);
// chat: the template of the model's dialogue; may be empty.
void addVocabularyKeys(const Vocabulary& vocabulary, const std::string& chat, KeysOut& keys);
std::string chatTemplateOf(const Model& source);

}  // namespace bitlathe::gguf
