// random_llama TYPE FILE [--layers N]: writes a GGUF file of a Llama of 1.1 billion random weights (TinyLlama's shape), which
// serves for measuring speed. TYPE is a block type such as q4_K, in which every matrix is stored; with a type of
// 4 bits or fewer the output matrix has q6_K, as in the usual mixtures. The same file at every run.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/kernels/block_encode.h"
#include "core/quant/gguf_blocks.h"
#include "tests/core/formats/gguf_sample.h"

using namespace bitlathe;

namespace {

constexpr std::uint64_t kWidth = 2048, kHidden = 5632, kVocabulary = 32000, kKeys = 256;

struct Matrix {
    std::string name;
    std::uint64_t columns, rows;  // rows 0: a vector of ones
    const GgufForm* form;
};

std::uint64_t bytesOf(const Matrix& m) {
    const std::uint64_t bytes = m.rows == 0 ? m.columns * 4 : m.rows * m.columns / static_cast<std::uint64_t>(m.form->values) * static_cast<std::uint64_t>(m.form->bytes);
    return (bytes + 31) / 32 * 32;
}

std::vector<Matrix> matricesOf(const GgufForm& form, const GgufForm& output, int layers) {
    std::vector<Matrix> all = {{"token_embd.weight", kWidth, kVocabulary, &form}, {"output_norm.weight", kWidth, 0, nullptr}, {"output.weight", kWidth, kVocabulary, &output}};
    for (int i = 0; i < layers; ++i) {
        const std::string block = "blk." + std::to_string(i) + ".";
        const auto add = [&](const char* name, std::uint64_t columns, std::uint64_t rows) { all.push_back({block + name + ".weight", columns, rows, &form}); };
        add("attn_norm", kWidth, 0);
        add("attn_q", kWidth, kWidth);
        add("attn_k", kWidth, kKeys);
        add("attn_v", kWidth, kKeys);
        add("attn_output", kWidth, kWidth);
        add("ffn_norm", kWidth, 0);
        add("ffn_gate", kWidth, kHidden);
        add("ffn_up", kWidth, kHidden);
        add("ffn_down", kHidden, kWidth);
    }
    return all;
}

template <class T>
std::string plain(T value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

// Words of letters and digits; the first ones are what SentencePiece models begin with.
void addVocabulary(GgufSample& sample) {
    std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
    std::vector<float> scores(kVocabulary);
    std::vector<std::int32_t> kinds(kVocabulary, 1);
    kinds[0] = 2;
    kinds[1] = kinds[2] = 3;
    char text[16];
    for (int i = 0; i < 256; ++i) {
        std::snprintf(text, sizeof text, "<0x%02X>", i);
        kinds[tokens.size()] = 6;
        tokens.emplace_back(text);
    }
    while (tokens.size() < kVocabulary) {
        std::snprintf(text, sizeof text, "\xe2\x96\x81w%zu", tokens.size());
        tokens.emplace_back(text);
    }
    for (std::size_t i = 0; i < kVocabulary; ++i) scores[i] = -static_cast<float>(i);
    sample.text("tokenizer.ggml.model", "llama").texts("tokenizer.ggml.tokens", tokens);
    sample.raw("tokenizer.ggml.scores", 9, plain(std::uint32_t{6}) + plain(kVocabulary) + bitlathe::bytesOf(scores));
    sample.raw("tokenizer.ggml.token_type", 9, plain(std::uint32_t{5}) + plain(kVocabulary) + bitlathe::bytesOf(kinds));
    sample.number("tokenizer.ggml.bos_token_id", 1).number("tokenizer.ggml.eos_token_id", 2).number("tokenizer.ggml.unknown_token_id", 0);
}

// Blocks of normal weights, from which matrices of any size are cut.
std::string poolOf(const GgufForm& form) {
    constexpr std::int64_t count = 1 << 20;
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0, 0.02f);
    std::vector<float> x(count);
    for (float& v : x) v = normal(random);
    std::string bytes(static_cast<std::size_t>(count / form.values * form.bytes), '\0');
    packGgufRun(detectIsa(), {form.type, count / form.values, x.data()}, reinterpret_cast<std::uint8_t*>(bytes.data()));
    return bytes;
}

void write(std::ofstream& file, const Matrix& m, const std::string& pool, std::uint64_t from) {
    if (m.rows == 0) {
        const std::vector<float> ones(m.columns, 1.0f);
        file.write(reinterpret_cast<const char*>(ones.data()), static_cast<std::streamsize>(ones.size() * 4));
        return;
    }
    const auto block = static_cast<std::uint64_t>(m.form->bytes);
    std::uint64_t left = bytesOf(m), at = from * block % pool.size();
    for (; left > 0; at = 0) {
        const std::uint64_t now = std::min<std::uint64_t>(left, pool.size() - at);
        file.write(pool.data() + at, static_cast<std::streamsize>(now));
        left -= now;
    }
}

}  // namespace

int main(int argc, char** argv) {
    const GgufForm* form = nullptr;
    for (const GgufForm& f : kGgufForms)
        if (argc > 2 && f.name == argv[1]) form = &f;
    const int layers = argc > 4 && std::string_view(argv[3]) == "--layers" ? std::atoi(argv[4]) : 22;
    if (!form || layers < 1) return std::fprintf(stderr, "random_llama TYPE FILE [--layers N]; TYPE as q8_0, q4_0, q4_K\n"), 2;
    const GgufForm& output = form->bits <= 4 ? ggufForm(GgufType::Q6_K) : *form;
    const std::vector<Matrix> matrices = matricesOf(*form, output, layers);

    GgufSample sample;
    sample.text("general.architecture", "llama").text("general.name", "random").number("llama.block_count", static_cast<std::uint32_t>(layers));
    sample.number("llama.context_length", 2048).number("llama.embedding_length", kWidth).number("llama.feed_forward_length", kHidden);
    sample.number("llama.attention.head_count", 32).number("llama.attention.head_count_kv", 4).number("llama.rope.dimension_count", 64);
    sample.number("llama.vocab_size", kVocabulary).raw("llama.attention.layer_norm_rms_epsilon", 6, plain(1e-5f)).raw("llama.rope.freq_base", 6, plain(10000.0f));
    addVocabulary(sample);
    std::uint64_t offset = 0;
    for (const Matrix& m : matrices) {
        if (m.rows == 0) sample.tensorAt(m.name, {m.columns}, 0, offset);
        else sample.tensorAt(m.name, {m.columns, m.rows}, static_cast<std::uint32_t>(m.form->id), offset);
        offset += bytesOf(m);
    }
    std::ofstream file(argv[2], std::ios::binary);
    file << sample.bytes();
    const std::string pool = poolOf(*form), outputPool = poolOf(output);
    std::uint64_t from = 0;
    for (const Matrix& m : matrices) {
        write(file, m, m.form == &output ? outputPool : pool, from);
        from += 12347;
    }
    return file.flush() ? 0 : (std::fprintf(stderr, "cannot write %s\n", argv[2]), 1);
}
