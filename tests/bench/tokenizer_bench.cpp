// How fast text becomes tokens and comes back, by vocabulary: megabytes (10^6 bytes) per second of one thread.
// tokenizer_bench TEXT VOCABULARY…: GGUF files, tokenizer.json, tokenizer.bin of llama2.c.
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/workflow/load_tokenizer.h"

#include <chrono>
#include <cstdio>
#include <string>

int main(int argc, char** argv) {
    using namespace bitlathe;
    if (argc < 3) return std::fprintf(stderr, "usage: tokenizer_bench TEXT VOCABULARY...\n"), 2;
    constexpr std::size_t kBytes = 4'000'000;
    constexpr int kRounds = 3;
    JobContext job;
    const auto clock = [] { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); };
    const auto file = MappedFile::open(argv[1]);
    std::string text;
    while (text.size() < kBytes) text.append(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
    std::printf("%.1f MB of %s; the best of %d\n%-48s %8s %12s %12s %12s\n", static_cast<double>(text.size()) / 1e6, argv[1], kRounds, "vocabulary", "open ms", "bytes/token", "encode MB/s", "decode MB/s");
    for (int i = 2; i < argc; ++i) try {
        const double begin = clock();
        const Tokenizer tokenizer = loadTokenizer(argv[i], job);
        const double opened = clock() - begin;
        double encoding = 1e9, decoding = 1e9;
        std::vector<std::int32_t> tokens;
        for (int round = 0; round < kRounds; ++round) {
            const double start = clock();
            tokens = tokenizer.encode(text);
            const double middle = clock();
            const std::string back = tokenizer.decode(tokens);
            encoding = std::min(encoding, middle - start);
            decoding = std::min(decoding, clock() - middle);
        }
        std::printf("%-48s %8.1f %12.2f %12.1f %12.1f\n", tokenizer.name().c_str(), opened * 1e3, static_cast<double>(text.size()) / static_cast<double>(tokens.size()),
                    static_cast<double>(text.size()) / 1e6 / encoding, static_cast<double>(text.size()) / 1e6 / decoding);
    } catch (const Error& error) {
        std::fprintf(stderr, "%s: %s\n", argv[i], error.what());
        return 3;
    }
    return 0;
}
