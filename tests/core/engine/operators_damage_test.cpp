// What a damaged or hostile model could ask of an operator: any number of inputs of any type and shape, any
// attribute. Every operator either runs or says which node it refuses.
#include "core/engine/operator_list.h"
#include "tests/core/engine/operator_call.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <limits>
#include <random>

namespace bitlathe {

namespace {

class Chance {
public:
    explicit Chance(unsigned seed) : m_random(seed) {}

    bool once(int in) { return m_random() % static_cast<unsigned>(in) == 0; }
    template <class T>
    T from(const std::vector<T>& values) { return values[m_random() % values.size()]; }

    std::int64_t integer() {
        constexpr auto kLimits = std::numeric_limits<std::int64_t>();
        if (once(8)) return from<std::int64_t>({kLimits.min(), kLimits.max(), std::int64_t(1) << 40, -(std::int64_t(1) << 33), 1 << 20, 1000});
        return static_cast<std::int64_t>(m_random() % 9) - 3;
    }
    std::vector<std::int64_t> integers(std::size_t most) {
        std::vector<std::int64_t> values(m_random() % (most + 1));
        for (auto& value : values) value = once(2) ? static_cast<std::int64_t>(m_random() % 3) : integer();
        return values;
    }
    float real() {
        if (once(10)) return from<float>({std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -1e30f, 1e30f});
        return std::uniform_real_distribution<float>(-2, 4)(m_random);
    }
    Shape shape() {
        std::vector<std::int64_t> dims(m_random() % 6);
        for (auto& dim : dims) dim = from<std::int64_t>({0, 1, 1, 2, 2, 3, 4, 6});
        return Shape(dims);
    }
    Tensor tensor() {
        using enum ElementType;
        const ElementType type = from<ElementType>({F32, F32, F32, F32, I64, I64, F16, F64, BF16, I32, I8, U8, Bool, U16, U64, I4, F8E4M3FN});
        const Shape extents = once(3) ? Shape{static_cast<std::int64_t>(m_random() % 6)} : shape();
        std::byte* bytes = nullptr;
        Tensor result = Tensor::allocate(type, extents, bytes);
        const auto count = static_cast<std::size_t>(extents.count());
        if (type == F32) for (std::size_t i = 0; i < count; ++i) reinterpret_cast<float*>(bytes)[i] = real();
        else if (type == I64) for (std::size_t i = 0; i < count; ++i) reinterpret_cast<std::int64_t*>(bytes)[i] = integer();
        else for (std::size_t i = 0; i < result.bytes().size(); ++i) bytes[i] = static_cast<std::byte>(type == Bool ? m_random() % 2 : m_random());
        return result;
    }
    Attributes attributes() {
        static const std::vector<std::string> kIntegers = {
            "axis", "keepdims", "to", "blocksize", "k", "group", "ceil_mode", "count_include_pad", "storage_order", "p", "size", "num_groups",
            "upper", "exclusive", "reverse", "largest", "sorted", "batch_dims", "batch_axis", "time_axis", "hidden_size", "layout",
            "linear_before_reset", "antialias", "exclude_outside", "align_corners", "output_height", "output_width", "sampling_ratio", "fmod",
            "transA", "transB", "start", "end", "dtype", "training_mode", "saturate", "block_size", "num_heads", "N", "K", "bits", "is_causal",
            "q_num_heads", "kv_num_heads", "interleaved", "rotary_embedding_dim", "select_last_index", "noop_with_empty_axes", "channels_last"};
        static const std::vector<std::string> kLists = {"axes", "perm", "kernel_shape", "strides", "pads", "dilations", "output_padding", "output_shape", "shape", "split"};
        static const std::vector<std::pair<std::string, std::vector<std::string>>> kTexts = {
            {"mode", {"nearest", "linear", "cubic", "constant", "reflect", "edge", "wrap", "DCR", "CRD", "avg", "max", "nonsense"}},
            {"auto_pad", {"SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET", "nonsense"}},
            {"direction", {"forward", "reverse", "bidirectional", "LEFT", "RIGHT"}},
            {"reduction", {"none", "add", "mul", "min", "max"}},
            {"coordinate_transformation_mode", {"half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize", "pytorch_half_pixel"}},
            {"padding_mode", {"zeros", "border", "reflection"}},
            {"keep_aspect_ratio_policy", {"stretch", "not_larger", "not_smaller"}},
            {"equation", {"ij,jk->ik", "...ij->...ji", "ii->i", "bij,bjk", "i,i->", "ij->k", "a,b,c->cab", "->", "i..,"}}};
        Attributes attributes;
        for (const auto& key : kIntegers)
            if (once(4)) attributes[key] = once(6) ? integer() : static_cast<std::int64_t>(m_random() % 5) - 1;
        for (const auto& key : kLists)
            if (once(3)) attributes[key] = integers(6);
        for (const auto& [key, values] : kTexts)
            if (once(2)) attributes[key] = from(values);
        for (const auto* key : {"epsilon", "alpha", "beta", "clip", "scale", "softcap"})
            if (once(6)) attributes[key] = real();
        return attributes;
    }

private:
    std::mt19937 m_random;
};

TEST(DamagedModels, EveryOperatorRunsOrSaysWhichNodeItRefuses) {
    const char* wanted = std::getenv("BITLATHE_TRIALS");  // per operator: for a longer search
    const int trials = wanted ? std::atoi(wanted) : 150;
    int ran = 0, refused = 0;
    unsigned seed = 0;
    for (const Operator& row : operators()) {
        for (int trial = 0; trial < trials; ++trial) {
            Chance chance(++seed);
            OperatorCall call{std::string(row.name), chance.attributes(), std::string(row.domain), 3};
            call.limitBytes = std::int64_t(64) << 20;
            std::vector<std::optional<Tensor>> inputs;
            for (std::size_t i = 0, count = static_cast<std::size_t>(chance.integer() & 7); i < count; ++i) {
                if (chance.once(12)) inputs.emplace_back();
                else if (!inputs.empty() && inputs.back() && chance.once(2)) inputs.push_back(inputs.back());  // alike, so that more is reached
                else inputs.emplace_back(chance.tensor());
            }
            try {
                call(inputs);
                ++ran;
            } catch (const Error& error) {
                ++refused;
                const std::string& said = error.message();
                EXPECT_TRUE(said.find("probe") != std::string::npos || said.find("this run needs more than") != std::string::npos) << said;
            } catch (const std::exception& other) {
                ADD_FAILURE() << row.name << ", seed " << seed << ": " << other.what();
            }
        }
    }
    std::cout << ran << " ran, " << refused << " refused\n";
    EXPECT_GT(ran, 1000);  // the trials reach the operators' arithmetic and not only their checks
    EXPECT_GT(refused, 1000);
}

}  // namespace

}  // namespace bitlathe
