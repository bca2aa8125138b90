// How small an entropy coder could make the codes: beside the plain size, never instead of it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bitlathe {

struct ChannelLayout;
struct QuantSpec;
struct QuantizedTensor;
class Workers;

// Bits of a Huffman code for each symbol: lengths by symbol, 0 for symbols that do not occur, 1 where only
// one occurs. Σ counts · length is the least of all prefix codes.
std::vector<int> huffmanLengths(std::span<const std::uint64_t> counts);

// Shannon's bound: Σ −count · log2(count / all), in bits.
double entropyBits(std::span<const std::uint64_t> counts);

struct CodeEntropy {
    double bitsPerCode = 0;         // Shannon's bound
    std::int64_t huffmanBytes = 0;  // codes by one Huffman code for the tensor, its table (a byte per symbol), and the parameters as stored plainly
    double huffmanBitsPerWeight = 0;
    bool operator==(const CodeEntropy&) const = default;
};
// From how often each code occurs, in any order. layout: of the weight, of which the counts may be a sample:
// then the Huffman code is the sample's, and its length is the sample's for every code. All 0 without counts.
CodeEntropy codeEntropy(std::span<const std::uint64_t> counts, const ChannelLayout& layout, const QuantSpec& spec);
// Of 8-bit and 16-bit codes alike; all 0 for an empty tensor.
CodeEntropy codeEntropy(const QuantizedTensor& quantized, Workers& workers);

}  // namespace bitlathe
