// language_bench FILE [--threads N] [--prompt N] [--tokens N] [--rounds N] [--mode integer|float] [--json]: the speed of a
// language model: opening, reading a prompt, and one token after the other, beside the rate at which memory gives
// its bytes in the same run. The best of the rounds.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/big_buffer.h"
#include "core/base/error.h"
#include "core/kernels/read_bytes.h"
#include "core/workflow/generate.h"
#include "core/workflow/load.h"

using namespace bitlathe;

namespace {

struct Setting {
    std::string file;
    int threads = availableThreads(), prompt = 128, tokens = 24, rounds = 3;
    EngineMode mode = EngineMode::Integer;
    bool json = false;
};

struct Speed {
    double openMs = 0, prompt = 0, decode = 0;  // tokens per second
    double read = 0;                            // bytes per second
    std::int64_t weightBytes = 0;               // that a token reads
};

// Of one thread: seconds of work, which other programs do not lengthen; of several, seconds that passed.
template <class Body>
double secondsOf(const Workers& workers, const Body& body) {
    const auto now = [&] {
        timespec t{};
        clock_gettime(workers.threads() == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
        return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
    };
    const double begin = now();
    body();
    return now() - begin;
}

double readRate(Workers& workers, Isa isa) {
    static const BigBuffer memory(256 << 20);
    constexpr std::int64_t piece = 1 << 19, pieces = (256 << 20) / piece;
    static std::atomic<std::uint64_t> sink;
    const double seconds = secondsOf(workers, [&] { workers.forEach(pieces, [&](std::int64_t i) { sink += readBytes(isa, memory.as<char>() + i * piece, piece); }); });
    return double(pieces * piece) / seconds;
}

std::int32_t likeliest(std::span<const float> logits) { return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin()); }

// Of a table of embeddings that is not the output matrix too, a token reads one row.
std::int64_t unreadBytes(const LanguageNetwork& network) {
    std::int64_t table = 0;
    bool apart = false;
    for (const Value& value : network.source->graph.values) {
        if (value.name == "output.weight") apart = true;
        if (value.name == "token_embd.weight" && value.blocks) table = static_cast<std::int64_t>(value.blocks->bytes.size());
    }
    return apart ? table : 0;
}

Speed measure(const Setting& setting) {
    const Machine machine = Machine::detect();
    Workers workers(setting.threads);
    JobContext job;
    Speed speed;
    LanguageNetwork network;
    speed.openMs = 1e3 * secondsOf(workers, [&] { network = prepareLanguage(loadModel(setting.file, machine, job), setting.mode, machine); });
    speed.weightBytes = network.weightBytes - unreadBytes(network);
    DecodeSession session(network, {.context = setting.prompt + setting.tokens}, workers);
    std::vector<std::int32_t> prompt;
    for (int i = 0; i < setting.prompt; ++i) prompt.push_back(static_cast<std::int32_t>((i * 37 + 5) % session.vocabulary()));
    for (int round = 0; round < setting.rounds; ++round) {
        session.clear();
        std::int32_t next = 0;
        speed.prompt = std::max(speed.prompt, setting.prompt / secondsOf(workers, [&] { next = likeliest(session.feed(prompt, job)); }));
        speed.read = std::max(speed.read, readRate(workers, machine.isa));
        const double seconds = secondsOf(workers, [&] {
            for (int i = 0; i < setting.tokens; ++i) next = likeliest(session.feed(std::span(&next, 1), job));
        });
        speed.decode = std::max(speed.decode, setting.tokens / seconds);
    }
    return speed;
}

void print(const Setting& setting, const Speed& s) {
    const double rate = s.decode * double(s.weightBytes);
    if (setting.json) std::printf("{\"openMs\": %.3f, \"prefill\": %.3f, \"decode\": %.3f, \"readRate\": %.4g}\n", s.openMs, s.prompt, s.decode, s.read);
    else
        std::printf("%s %dT: open %.1f ms, prompt %.1f tokens/s, decode %.2f tokens/s = %.1f GB/s, %.2f of reading at %.1f\n", setting.file.c_str(), setting.threads, s.openMs, s.prompt,
                    s.decode, rate * 1e-9, rate / s.read, s.read * 1e-9);
}

}  // namespace

int main(int argc, char** argv) {
    Setting setting;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const auto number = [&](int& to) { to = i + 1 < argc ? std::atoi(argv[++i]) : 0; };
        if (word == "--threads") number(setting.threads);
        else if (word == "--prompt") number(setting.prompt);
        else if (word == "--tokens") number(setting.tokens);
        else if (word == "--rounds") number(setting.rounds);
        else if (word == "--json") setting.json = true;
        else if (word == "--mode") setting.mode = engineModeFromName(i + 1 < argc ? argv[++i] : "").value_or(EngineMode::Integer);
        else setting.file = word;
    }
    if (setting.file.empty() || setting.threads < 1 || setting.prompt < 1 || setting.tokens < 1 || setting.rounds < 1) return std::fprintf(stderr, "language_bench FILE [--threads N] …\n"), 2;
    try {
        print(setting, measure(setting));
    } catch (const Error& error) {
        return std::fprintf(stderr, "%s\n", error.what()), 1;
    }
}
