// gguf_model_bench [TYPE …] [--mib N] [--folder PATH] [--threads N] [--peer libggml-base.so]: a file of F16 weights, made on
// the fly, through encode to a file on disk; beside it the same with ggml's encoders (rows widened to f32, quantized by
// all threads, written: what llama-quantize does), and the mere writing of as many bytes, in turns.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "core/base/job.h"
#include "core/base/mapped_file.h"
#include "core/kernels/convert_rows.h"
#include "core/quant/gguf_stream.h"
#include "tests/bench/limits.h"
#include "tests/bench/peer_ggml.h"

namespace bitlathe {
namespace {

constexpr std::int64_t columns = 4096, tensorRows = 4096;

class File {
public:
    explicit File(const std::filesystem::path& path) : m_fd(::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600)) {
        if (m_fd < 0) std::perror(path.c_str()), std::exit(1);
    }
    ~File() { ::close(m_fd); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    void write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const auto done = ::write(m_fd, bytes.data(), bytes.size());
            if (done < 0) std::perror("write"), std::exit(1);
            bytes = bytes.subspan(static_cast<std::size_t>(done));
        }
    }
    void flush() const { ::fsync(m_fd); }

private:
    int m_fd;
};

void makeModel(const std::filesystem::path& path, std::int64_t tensors) {
    File file(path);
    std::minstd_rand random(9);
    std::normal_distribution<float> bell(0, 0.02f);
    std::vector<float> row(columns * 64);
    std::vector<std::uint16_t> halves(row.size());
    for (float& v : row) v = bell(random);
    for (std::int64_t r = 0; r < tensors * tensorRows; r += 64) {
        // Other weights in every row, without a draw for each.
        const float scale = 0.5f + float(random() % 1000) / 1000;
        std::rotate(row.begin(), row.begin() + 1 + std::int64_t(random() % 4000), row.end());
        for (float& v : row) v *= scale;
        halvesFromFloats(detectIsa(), row.data(), std::int64_t(row.size()), halves.data());
        file.write(std::as_bytes(std::span(halves)));
        for (float& v : row) v /= scale;
    }
}

struct Run {
    std::span<const std::byte> model;
    std::filesystem::path target;
    Workers& workers;
    std::span<const std::byte> tensor(std::int64_t t) const { return model.subspan(static_cast<std::size_t>(t * columns * tensorRows * 2), columns * tensorRows * 2); }
    std::int64_t tensors() const { return std::int64_t(model.size()) / (columns * tensorRows * 2); }
};

double ours(const Run& run, const GgufForm& form) {
    return secondsOf([&] {
        File file(run.target);
        JobContext job;
        for (std::int64_t t = 0; t < run.tensors(); ++t)
            streamGguf({form, columns}, ElementType::F16, run.tensor(t), [&](std::span<const std::byte> bytes) { file.write(bytes); }, run.workers, job);
    });
}

double theirs(const Run& run, const GgufForm& form, const PeerGgml& peer) {
    std::vector<float> wide(columns * tensorRows);
    std::vector<std::byte> blocks(static_cast<std::size_t>(columns * tensorRows / form.values * form.bytes));
    peer.prepare(form.id);
    return secondsOf([&] {
        File file(run.target);
        for (std::int64_t t = 0; t < run.tensors(); ++t) {
            const auto* halves = reinterpret_cast<const std::uint16_t*>(run.tensor(t).data());
            run.workers.forRange(columns * tensorRows, 1 << 20, [&](std::int64_t begin, std::int64_t end) { floatsFromHalves(detectIsa(), halves + begin, end - begin, wide.data() + begin); });
            run.workers.forRange(tensorRows, 64, [&](std::int64_t begin, std::int64_t end) { peer.quantize(form.id, wide.data(), blocks.data(), begin, end - begin, columns, nullptr); });
            file.write(blocks);
        }
    });
}

double writing(const Run& run, std::int64_t bytes) {
    const std::vector<std::byte> block(1 << 20, std::byte{7});
    return secondsOf([&] {
        File file(run.target);
        for (std::int64_t at = 0; at < bytes; at += 1 << 20) file.write(std::span(block).first(static_cast<std::size_t>(std::min<std::int64_t>(1 << 20, bytes - at))));
    });
}

void bench(const Run& run, const GgufForm& form, const PeerGgml& peer) {
    const double in = double(run.model.size());
    const std::int64_t out = std::int64_t(run.model.size()) / 2 / form.values * form.bytes;
    // A slow peer gets one tensor, read and written as all of them would be.
    Run first{run.tensor(0), run.target, run.workers};
    double own = 1e30, other = 1e30, disk = 1e30;
    for (int round = 0; round < 3; ++round) {
        own = std::min(own, ours(run, form));
        disk = std::min(disk, writing(run, out));
        if (peer) other = std::min(other, theirs(first, form, peer) * double(run.tensors()));
    }
    ours(run, form);
    const double flushed = secondsOf([&] { if (const int fd = ::open(run.target.c_str(), O_RDONLY); fd >= 0) ::fsync(fd), ::close(fd); });
    std::printf("%-8s %dT  %6.0f MB of F16 a second, %5.0f MB written a second: %.2f of mere writing (%5.0f MB/s); flush to disk %.2f s more", std::string(form.name).c_str(),
                run.workers.threads(), in / own * 1e-6, double(out) / own * 1e-6, disk / own, double(out) / disk * 1e-6, flushed);
    if (peer) std::printf("; ggml %6.0f MB/s, ratio %.1f", in / other * 1e-6, other / own);
    std::printf("\n");
    std::fflush(stdout);
}

}  // namespace
}  // namespace bitlathe

int main(int argc, char** argv) {
    using namespace bitlathe;
    std::vector<std::string> types;
    std::string library;
    std::filesystem::path folder = std::filesystem::temp_directory_path();
    std::int64_t mib = 512;
    int threads = 0;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--mib" && i + 1 < argc) mib = std::atoll(argv[++i]);
        else if (word == "--folder" && i + 1 < argc) folder = argv[++i];
        else if (word == "--threads" && i + 1 < argc) threads = std::atoi(argv[++i]);
        else if (word == "--peer" && i + 1 < argc) library = argv[++i];
        else types.emplace_back(word);
    }
    if (types.empty()) types = {"q8_0", "q4_0", "q4_K", "q6_K", "iq4_xs"};
    const PeerGgml peer(library);
    if (!peer) std::printf("peer missing, ratios left out: %s\n(npm ci --ignore-scripts in tests/interop brings it)\n", peer.why().c_str());
    const auto path = folder / "bitlathe-bench.f16", target = folder / "bitlathe-bench.out";
    makeModel(path, std::max<std::int64_t>(1, mib * 1048576 / (columns * tensorRows * 2)));
    {
        const auto model = MappedFile::open(path);
        for (const int count : {1, availableThreads()}) {
            if (threads && threads != count) continue;
            Workers workers(count);
            for (const GgufForm& form : kGgufForms)
                if (std::find(types.begin(), types.end(), form.name) != types.end()) bench({model->bytes(), target, workers}, form, peer);
            if (count == availableThreads()) break;
        }
    }
    std::filesystem::remove(path);
    std::filesystem::remove(target);
}
