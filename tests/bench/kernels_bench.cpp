// kernels_bench [family …] [--isa NAME] [--threads N] [--case TEXT]: families matrices, convolutions, rows, blocks, weights, formats; all by default.
#include "tests/bench/kernels_bench.h"

#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

namespace {

struct Family {
    const char* name;
    void (*run)(const bitlathe::Machine&);
};

constexpr Family families[] = {
    {"matrices", bitlathe::benchMatrices},
    {"convolutions", bitlathe::benchConvolutions},
    {"rows", bitlathe::benchRows},
    {"blocks", bitlathe::benchBlocks},
    {"weights", bitlathe::benchWeights},
    {"formats", bitlathe::benchFormats},
};

}  // namespace

int main(int argc, char** argv) {
    using namespace bitlathe;
    Isa isa = detectIsa();
    int threads = 0;
    std::string only;
    std::set<std::string_view> wanted;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--isa" && i + 1 < argc) {
            const auto given = isaFromName(argv[++i]);
            if (!given) return std::fprintf(stderr, "unknown instruction set\n"), 2;
            isa = lowered(isa, *given);
        } else if (word == "--threads" && i + 1 < argc) {
            threads = std::atoi(argv[++i]);
        } else if (word == "--case" && i + 1 < argc) {
            only = argv[++i];
        } else {
            wanted.insert(word);
        }
    }
    for (const int count : {1, availableThreads()}) {
        if (threads ? count != threads : false) continue;
        Workers workers(count);
        const Machine machine{isa, &workers, only};
        for (const Family& family : families)
            if (wanted.empty() || wanted.count(family.name)) family.run(machine);
        if (count == availableThreads()) break;
    }
}
