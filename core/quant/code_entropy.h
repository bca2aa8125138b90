// How small an entropy coder could make the codes: beside the plain size, never instead of it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bitlathe {

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
// Of 8-bit and 16-bit codes alike; all 0 for an empty tensor.
CodeEntropy codeEntropy(const QuantizedTensor& quantized, Workers& workers);

}  // namespace bitlathe
