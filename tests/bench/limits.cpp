#include "tests/bench/limits.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "tests/bench/limits_kernels.h"

namespace bitlathe {
namespace {

std::atomic<std::uint64_t> sink;

std::uint64_t read(Isa isa, const void* data, std::int64_t count) {
    if (isa >= Isa::Avx512Vnni) return readAvx512(data, count);
    if (isa >= Isa::Avx2) return readAvx2(data, count);
    std::uint64_t sum = 0;
    for (std::int64_t i = 0; i < count / 8; ++i) sum += static_cast<const std::uint64_t*>(data)[i];
    return sum;
}

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
            sink += read(machine.isa, static_cast<const char*>(data) + i * piece, piece);
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

BigBuffer::BigBuffer(std::int64_t bytes) : m_data(nullptr) {
    constexpr std::size_t page = 2 << 20;
    const std::size_t size = (static_cast<std::size_t>(bytes) + 8192 + page - 1) / page * page;
    m_data = std::aligned_alloc(page, size);
    if (!m_data) std::abort();
    madvise(m_data, size, MADV_HUGEPAGE);
    std::fill_n(static_cast<char*>(m_data), size, char{1});
}

BigBuffer::~BigBuffer() { std::free(m_data); }

}  // namespace bitlathe
