// The descriptions of architectures, one file each. Private to architecture.cpp.
#pragma once

#include "core/language/hyperparameters.h"
#include "core/language/language_spec.h"
#include "core/language/tensor_names.h"

#include <initializer_list>
#include <string_view>

namespace bitlathe {

void describeLlama(const Hyperparameters& parameters, LanguageSpec& spec);
void describeMistral(const Hyperparameters& parameters, LanguageSpec& spec);
void describeQwen2(const Hyperparameters& parameters, LanguageSpec& spec);
void describeQwen3(const Hyperparameters& parameters, LanguageSpec& spec);
void describeGemma(const Hyperparameters& parameters, LanguageSpec& spec);
void describeGemma2(const Hyperparameters& parameters, LanguageSpec& spec);
void describeGemma3(const Hyperparameters& parameters, LanguageSpec& spec);
void describeGpt2(const Hyperparameters& parameters, LanguageSpec& spec);
void describePhi2(const Hyperparameters& parameters, LanguageSpec& spec);
void describePhi3(const Hyperparameters& parameters, LanguageSpec& spec);
void describeBert(const Hyperparameters& parameters, LanguageSpec& spec);

// Sets whyNot where config.json names an activation (hidden_act and the like) that is none of these.
void refuseOtherActivation(const Hyperparameters& parameters, std::initializer_list<std::string_view> known, LanguageSpec& spec);

extern const TensorNames kLlamaNames, kGemma2Names, kGpt2Names, kPhi2Names, kPhi3Names, kBertNames;

}  // namespace bitlathe
