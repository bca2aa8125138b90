#include "core/engine/operators/matmul_nbits.h"

#include "core/engine/blas.h"
#include "core/engine/operator.h"
#include "core/engine/operators/matmul.h"

namespace bitlathe {

namespace {

struct Decoded {
    std::vector<float> weights;  // N × K
};

// A row of codes of 2, 4 or 8 bits, low bits first.
unsigned codeAt(const std::uint8_t* row, std::int64_t i, int bits) noexcept {
    const int perByte = 8 / bits;
    return (row[i / perByte] >> (i % perByte * bits)) & ((1u << bits) - 1u);
}

// Why it cannot be done, or empty.
std::string decode(const Node& node, const Tensor& b, const Tensor& scale, const Tensor* zero, const Tensor* order, Decoded& decoded) {
    const std::int64_t k = node.integer("K", 0), n = node.integer("N", 0), block = node.integer("block_size", 0);
    const auto bits = static_cast<int>(node.integer("bits", 4));
    if (bits != 2 && bits != 4 && bits != 8) return "has " + std::to_string(bits) + " bits; 2, 4 and 8 exist";
    constexpr std::int64_t kMost = std::int64_t(1) << 31;
    if (k < 1 || n < 1 || k > kMost || n > kMost || block < 16 || block > kMost) return "its attributes K, N and block_size are impossible";
    if (order && order->count() > 0) return "has a g_idx, which cannot run here yet";
    const std::int64_t blocks = (k + block - 1) / block, rowBytes = blocks * (block * bits / 8), zeroBytes = (blocks * bits + 7) / 8;
    if (b.type() != ElementType::U8 || b.count() != n * rowBytes || scale.count() != n * blocks) return "its weights and scales do not fit K, N and block_size";
    const bool packedZeros = zero && zero->type() == ElementType::U8;
    if (zero && zero->count() != (packedZeros ? n * zeroBytes : n * blocks)) return "its zero points do not fit K, N and block_size";
    const Tensor scales = toFloat32(scale), floatZeros = zero && !packedZeros ? toFloat32(*zero) : Tensor();
    decoded.weights.resize(static_cast<std::size_t>(n * k));
    for (std::int64_t j = 0; j < n; ++j) {
        const std::uint8_t* row = b.as<std::uint8_t>().data() + j * rowBytes;
        for (std::int64_t i = 0; i < k; ++i) {
            const std::int64_t at = j * blocks + i / block;
            auto middle = static_cast<float>(1 << (bits - 1));
            if (packedZeros) middle = static_cast<float>(codeAt(zero->as<std::uint8_t>().data() + j * zeroBytes, i / block, bits));
            else if (zero) middle = floatZeros.as<float>()[static_cast<std::size_t>(at)];
            decoded.weights[static_cast<std::size_t>(j * k + i)] = (static_cast<float>(codeAt(row, i, bits)) - middle) * scales.as<float>()[static_cast<std::size_t>(at)];
        }
    }
    return {};
}

}  // namespace

Prepared prepareMatMulNBits(const PrepareContext& context) {
    Prepared prepared{nullptr, "decoded once, sgemm (" + context.machine.blas->name() + ")"};
    const auto known = [&](std::size_t i) { return context.node.input(i) == kNoValue || context.constant(i); };
    if (!context.constant(1) || !context.constant(2) || !known(3) || !known(4)) return prepared;
    auto decoded = std::make_shared<Decoded>();
    if (const auto why = decode(context.node, *context.constant(1), *context.constant(2), context.constant(3), context.constant(4), *decoded); !why.empty())
        context.fail(why);
    prepared.state = std::move(decoded);
    return prepared;
}

void runMatMulNBits(OperatorContext& context) {
    const Tensor& a = context.input(0);
    if (a.type() != ElementType::F32) context.refuse("works on float tensors only");
    Decoded fresh;
    const auto* decoded = context.prepared<Decoded>();
    if (!decoded) {
        if (const auto why = decode(context.node(), context.input(1), context.input(2), context.optional(3), context.optional(4), fresh); !why.empty()) context.fail(why);
        decoded = &fresh;
    }
    const std::int64_t k = context.node().integer("K", 0), n = context.node().integer("N", 0);
    const int rank = a.shape().rank();
    if (rank < 1 || a.shape()[rank - 1] != k) context.fail("input " + toText(a.shape()) + " does not end in K = " + std::to_string(k));
    Shape shape = a.shape();
    shape[rank - 1] = n;
    const auto y = context.output<float>(0, shape);
    const std::int64_t m = a.shape().count(0, rank - 1);
    multiply(context, {.transposeB = true, .m = m, .n = n, .k = k, .a = a.as<float>().data(), .b = decoded->weights.data(), .c = y.data()});
    if (const Tensor* bias = context.optional(5)) {
        if (bias->count() != n) context.fail("the bias does not fit N");
        const auto add = bias->as<float>();
        for (std::int64_t i = 0; i < m * n; ++i) y[static_cast<std::size_t>(i)] += add[static_cast<std::size_t>(i % n)];
    }
}

}  // namespace bitlathe
