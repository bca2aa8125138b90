#include "tests/bench/limits.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "core/kernels/read_bytes.h"
#include "tests/bench/limits_kernels.h"

namespace bitlathe {
namespace {

std::atomic<std::uint64_t> sink;

}  // namespace

double secondsOf(const std::function<void()>& body) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double sampleMultiplies(const Machine& machine) {
    const bool vnni = machine.isa >= Isa::Avx512Vnni;
    const std::int64_t rounds = 20000;
    const int threads = machine.workers->threads();
    const double seconds = secondsOf([&] {
        machine.workers->forEach(threads, [&](std::int64_t) { sink += vnni ? multiplyVnni(rounds) : multiplyAvx2(rounds); });
    });
    return static_cast<double>(rounds * (vnni ? macsPerRoundVnni : macsPerRoundAvx2) * threads) / seconds;
}

double sampleRead(const Machine& machine, const void* data, std::int64_t count) {
    constexpr std::int64_t piece = 1 << 19;
    const double seconds = secondsOf([&] {
        machine.workers->forEach(count / piece, [&](std::int64_t i) {
            sink += readBytes(machine.isa, static_cast<const char*>(data) + i * piece, piece);
        });
    });
    return static_cast<double>(count / piece * piece) / seconds;
}

Sample sample(double work, double seconds, const std::function<void()>& body, const std::function<double()>& limit) {
    Sample s;
    double best = 1e30;
    body();
    for (double spent = 0; spent < seconds;) {
        spent += secondsOf([&] { s.limit = std::max(s.limit, limit()); });
        for (int i = 0; i < 3; ++i) {
            const double took = secondsOf(body);
            best = std::min(best, took);
            spent += took;
        }
    }
    s.ms = best * 1e3;
    s.rate = work / best;
    return s;
}

void printSample(const std::string& kernel, const std::string& what, int threads, const Sample& s, const char* unit) {
    std::printf("%-34s %-34s %dT %9.3f ms %8.1f %s  %.2f of %.1f\n", kernel.c_str(), what.c_str(), threads, s.ms,
                s.rate / 1e9, unit, s.rate / s.limit, s.limit / 1e9);
    std::fflush(stdout);
}

}  // namespace bitlathe
