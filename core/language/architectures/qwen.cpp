// Qwen 2 (arXiv:2407.10671): Llama's form with biases of queries, keys and values. Qwen 3 (arXiv:2505.09388): none of
// these, but each head of queries and keys is normalised. Biases are found by their tensors.
#include "core/language/architectures/architectures.h"

namespace bitlathe {

void describeQwen2(const Hyperparameters& parameters, LanguageSpec& spec) {
    refuseOtherActivation(parameters, {"silu", "swish"}, spec);
    // Layers from max_window_layers on would have a window.
    if (parameters.flag("", "use_sliding_window").value_or(false) && parameters.integer("", "max_window_layers").value_or(0) < spec.layers) spec.whyNot = "sliding windows in some of its layers are not built here";
}

void describeQwen3(const Hyperparameters& parameters, LanguageSpec& spec) {
    describeQwen2(parameters, spec);
    spec.queryKeyNorm = true;
}

}  // namespace bitlathe
