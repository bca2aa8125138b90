// gguf_bench [TYPE …] [--isa NAME] [--threads N] [--importance] [--peer libggml-base.so]: what encoding and decoding
// GGUF blocks reaches, beside ggml's own encoders on the same weights, in turns in one process, and how the
// bytes and the squared errors compare. `npm ci --ignore-scripts` in tests/interop brings the peer.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/quant/gguf_rows.h"
#include "tests/bench/limits.h"
#include "tests/bench/peer_ggml.h"

namespace bitlathe {
namespace {

constexpr std::int64_t columns = 4096, mostRows = 4096;

struct Setting {
    Isa isa = detectIsa();
    int threads = 0;
    bool importance = false;
    std::string peer;
    std::set<std::string, std::less<>> types;
};

struct Weights {
    BigBuffer floats{mostRows * columns * 4}, own{mostRows * columns * 34 / 32}, theirs{mostRows * columns * 34 / 32}, back{mostRows * columns * 4};
    std::vector<float> importance;
};

std::span<std::byte> bytesOf(const BigBuffer& buffer, std::int64_t from, std::int64_t count) { return {buffer.as<std::byte>() + from, static_cast<std::size_t>(count)}; }
std::span<float> floatsOf(const BigBuffer& buffer, std::int64_t from, std::int64_t count) { return {buffer.as<float>() + from, static_cast<std::size_t>(count)}; }

double squaredError(const Weights& w, const GgufForm& form, const BigBuffer& blocks, std::int64_t rows) {
    const std::int64_t count = rows * columns;
    unpackGgufRows(form, bytesOf(blocks, 0, count / form.values * form.bytes), floatsOf(w.back, 0, count));
    double sum = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        const double e = double(w.floats.as<float>()[i]) - double(w.back.as<float>()[i]);
        sum += (w.importance.empty() ? 1.0 : double(w.importance[static_cast<std::size_t>(i % columns)])) * e * e;
    }
    return sum;
}

// Seconds that one thread worked, which other programs do not lengthen; of several threads, seconds that passed.
double secondsOfWork(const Workers& workers, const std::function<void()>& body) {
    if (workers.threads() > 1) return secondsOf(body);
    const auto worked = [] {
        timespec t{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
    };
    const double begin = worked();
    body();
    return worked() - begin;
}

// Weights per second of the best slice, as busy machines leave some slices alone.
struct Rate {
    double best = 0;
    template <class Body>
    void take(Workers& workers, std::int64_t first, std::int64_t end, const Body& body) {
        constexpr std::int64_t grain = 8;
        const double seconds = secondsOfWork(workers, [&] { workers.forRange(end - first, grain, [&](std::int64_t from, std::int64_t to) { body(first + from, first + to); }); });
        best = std::max(best, double((end - first) * columns) / seconds);
    }
};

void bench(const Setting& setting, const GgufForm& form, const PeerGgml& peer, const Weights& w, Workers& workers) {
    // Searches take the peer a while: fewer rows for those.
    const bool searches = (form.type >= GgufType::Q2_K && form.type <= GgufType::IQ4_XS) || isLattice(form.type) || (setting.importance && form.type < GgufType::Q8_0);
    const std::int64_t rows = searches ? mostRows / 8 : mostRows;
    const GgufRows layout{form, columns, w.importance};
    // ggml stops where these have no importance.
    const bool peered = bool(peer) && !(w.importance.empty() && (form.type == GgufType::IQ1_S || form.type == GgufType::IQ2_XXS || form.type == GgufType::IQ2_XS));
    const auto ours = [&](std::int64_t first, std::int64_t end) {
        packGgufRows(layout, floatsOf(w.floats, first * columns, (end - first) * columns), bytesOf(w.own, first * layout.rowBytes(), (end - first) * layout.rowBytes()), setting.isa);
    };
    const auto theirs = [&](std::int64_t first, std::int64_t end) {
        if (peered) peer.quantize(form.id, w.floats.as<float>(), w.theirs.data(), first, end - first, columns, w.importance.empty() ? nullptr : w.importance.data());
    };
    const auto decoding = [&](std::int64_t first, std::int64_t end) {
        unpackGgufRows(form, bytesOf(w.own, first * layout.rowBytes(), (end - first) * layout.rowBytes()), floatsOf(w.back, first * columns, (end - first) * columns), setting.isa);
    };
    if (peer) peer.prepare(form.id);
    Rate own, other, back;
    const std::int64_t slice = rows / 8;
    for (int round = 0; round < 3; ++round)
        for (std::int64_t first = 0; first < rows; first += slice) {
            own.take(workers, first, first + slice, ours);
            if (peered) other.take(workers, first, first + slice, theirs);
            back.take(workers, first, first + slice, decoding);
        }
    std::printf("%-8s %dT  encode %7.1f M weights/s", std::string(form.name).c_str(), workers.threads(), own.best / 1e6);
    if (peered) {
        std::int64_t differing = 0;
        for (std::int64_t i = 0; i < rows * layout.rowBytes(); ++i) differing += w.own.as<std::byte>()[i] != w.theirs.as<std::byte>()[i];
        const double error = squaredError(w, form, w.own, rows), theirError = squaredError(w, form, w.theirs, rows);
        std::printf("  ggml %6.1f  ratio %5.1f  bytes that differ %lld of %lld  error ratio %.6f", other.best / 1e6, own.best / other.best, (long long)differing,
                    (long long)(rows * layout.rowBytes()), error / theirError);
    }
    std::printf("  decode %5.1f GB/s of f32\n", back.best * 4e-9);
    std::fflush(stdout);
}

void run(const Setting& setting) {
    const PeerGgml peer(setting.peer);
    if (peer) std::printf("peer: %s\n", peer.library().c_str());
    else std::printf("peer missing, ratios left out: %s\n(npm ci --ignore-scripts in tests/interop brings it)\n", peer.why().c_str());
    Weights w;
    std::minstd_rand random(3);
    std::normal_distribution<float> bell(0, 0.02f);
    for (std::int64_t i = 0; i < mostRows * columns; ++i) w.floats.as<float>()[i] = bell(random);
    if (setting.importance) {
        std::exponential_distribution<float> falling;
        for (std::int64_t i = 0; i < columns; ++i) w.importance.push_back(falling(random) + 0.01f);
    }
    for (const int threads : {1, availableThreads()}) {
        if (setting.threads && setting.threads != threads) continue;
        Workers workers(threads);
        for (const GgufForm& form : kGgufForms)
            if (setting.types.empty() || setting.types.count(form.name)) bench(setting, form, peer, w, workers);
        if (threads == availableThreads()) break;
    }
}

}  // namespace
}  // namespace bitlathe

int main(int argc, char** argv) {
    using namespace bitlathe;
    Setting setting;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--isa" && i + 1 < argc) {
            const auto given = isaFromName(argv[++i]);
            if (!given) return std::fprintf(stderr, "unknown instruction set\n"), 2;
            setting.isa = lowered(setting.isa, *given);
        } else if (word == "--threads" && i + 1 < argc) setting.threads = std::atoi(argv[++i]);
        else if (word == "--peer" && i + 1 < argc) setting.peer = argv[++i];
        else if (word == "--importance") setting.importance = true;
        else setting.types.insert(std::string(word));
    }
    run(setting);
}
