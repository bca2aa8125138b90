// What a language model is: its extents, and which of the known parts its network is made of. Plain data, made from
// a file's keys by describeLanguage() (architecture.h) and read by buildLanguage() (network.h). Knows no weights.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bitlathe {

// Whose names the tensors have. Query and key rows of Llama-type models in GGUF are in another order than in
// Hugging Face's files: rotary pairs are neighbours there, halves here.
enum class TensorNaming : std::uint8_t { Gguf, HuggingFace };

enum class NormKind : std::uint8_t { Rms, Layer };
enum class FeedForward : std::uint8_t {
    Gated,  // down(activation(gate(x)) · up(x)); gate and up may be one weight, the gate first
    Plain,  // down(activation(up(x)))
};

// Rotary positions (Su et al., arXiv:2104.09864): pair i of a head turns by position · base^(−2i / dims), changed by
// the scaling that the model was stretched with.
struct RopeSpec {
    std::int64_t dims = 0;     // of a head that turn; 0: positions are not rotary
    double base = 10000.0;
    bool interleaved = false;  // pairs are neighbours; else number i goes with number i + dims / 2
    enum class Scaling : std::uint8_t { None, Linear, Llama3, Yarn, Factors } scaling = Scaling::None;
    double factor = 1.0;             // of the context
    double originalContext = 0.0;    // tokens before it was stretched (Llama3, Yarn, Factors)
    double lowFactor = 1.0, highFactor = 4.0;   // Llama3
    double betaFast = 32.0, betaSlow = 1.0;     // Yarn
    double attentionFactor = 0.0;               // what cosines and sines are multiplied by; 0: 1
    std::vector<float> factors;                 // Factors: one divisor per pair
    bool operator==(const RopeSpec&) const = default;
};

struct LanguageSpec {
    std::string architecture;  // as the file calls it: "llama"
    std::string label;         // for people: "Llama"; empty where the architecture is not known
    TensorNaming naming = TensorNaming::Gguf;
    std::string whyNot;        // why it cannot run here, one sentence; empty: it can

    std::int64_t layers = 0, width = 0, vocabulary = 0;
    std::int64_t context = 0;  // tokens that it was trained for
    std::int64_t heads = 0, kvHeads = 0;
    std::int64_t headSize = 0, valueSize = 0;  // numbers of a head: of queries and keys, and of values
    double normEpsilon = 1e-5;

    RopeSpec rope;
    RopeSpec localRope;             // of windowed layers, where they differ; dims 0: as rope
    NormKind norm = NormKind::Rms;
    bool normAddsOne = false;       // a norm's scale is 1 + its weight
    FeedForward feedForward = FeedForward::Gated;
    std::string activation = "silu";  // as the operator Gated names it
    bool inputsFirst = false;       // matrices lie [in, out] (GPT-2's Conv1D)
    bool parallel = false;          // attention and feed-forward read the same normalised input
    bool postNorms = false;         // what is added to the stream is normalised too (Gemma 2)
    bool queryKeyNorm = false;      // each head of queries and keys is normalised
    bool learnedPositions = false;  // a table of positions is added to the embedding
    bool encoder = false;           // every token sees every other, norms come after sums: there are no logits
    bool ownHead = false;           // the file says that logits have a matrix of their own: without one it is incomplete
    bool tiedHead = false;          // the embedding makes the logits, whatever else the file holds
    double embeddingScale = 1.0;
    double attentionScale = 0.0;    // 0: 1 / √headSize
    double attentionCap = 0.0, logitCap = 0.0;  // cap · tanh(x / cap); 0: none
    std::int64_t window = 0;        // tokens that a windowed layer sees; 0: there are none
    std::int64_t windowPeriod = 1;  // of so many layers the last sees everything; 1: all layers are windowed

    bool operator==(const LanguageSpec&) const = default;

    bool runs() const noexcept { return whyNot.empty(); }
    bool windowed(std::int64_t layer) const noexcept { return window > 0 && (windowPeriod <= 1 || layer % windowPeriod != windowPeriod - 1); }
};

}  // namespace bitlathe
