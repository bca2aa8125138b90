// How much memory it takes to stream a dataset that is larger than all of it: the growth of the peak resident set, mapped
// file pages and the HDF5 reader's process included, and the speed. Makes its files first: .npy, .npz stored and deflated,
// HDF5 chunked and packed.
//   data_memory_bench [--mib N] [--folder DIR]      2304 MiB of floats where nothing is said
#include "core/data/dataset.h"
#include "core/data/npy.h"
#include "core/data/npz.h"
#include "core/data/sample_split.h"
#include "core/hdf5/hdf5_writer.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zip.h>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t kEach = 3 * 64 * 64;  // floats of a sample, 48 KiB

double statusMiB(const char* field) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(field)) return std::stod(line.substr(std::strlen(field) + 1)) / 1024;
    return 0;
}

// Values that pack about two to one: pictures as floats.
void makeNpy(const fs::path& path, std::int64_t samples) {
    const std::string head = [&] {
        std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(samples) + ", 3, 64, 64), }";
        text.append(64 - (10 + text.size() + 1) % 64, ' ');
        return text + '\n';
    }();
    std::ofstream out(path, std::ios::binary);
    out.write("\x93NUMPY\x01\x00", 8);
    out.put(static_cast<char>(head.size() & 255)).put(static_cast<char>(head.size() >> 8)) << head;
    std::vector<float> sample(kEach);
    std::uint32_t state = 1;
    for (std::int64_t i = 0; i < samples; ++i) {
        for (float& x : sample) x = static_cast<float>((state = state * 1664525u + 1013904223u) >> 26) / 64;
        out.write(reinterpret_cast<const char*>(sample.data()), static_cast<std::streamsize>(sample.size() * 4));
    }
}

void makeZip(const fs::path& npy, const fs::path& path, bool deflate) {
    fs::remove(path);
    int code = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE, &code);
    const auto at = zip_file_add(archive, "images.npy", zip_source_file(archive, npy.c_str(), 0, -1), 0);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(at), deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 1);
    zip_close(archive);
}

// In a child, so that one case's memory is not another's; the HDF5 reader is a child of that child.
void measure(const char* name, const fs::path& path, std::int64_t picked) {
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
        const double start = statusMiB("VmRSS");
        const auto begun = std::chrono::steady_clock::now();
        double bytes = 0;
        std::int64_t samples = 0;
        {
            const Dataset data = openDataset(path.string());
            samples = data.count();
            for (const std::int64_t index : pickSamples(samples, picked > 0 ? picked : samples, 1)) bytes += double(data.arrays.front().read(index).bytes().size());
        }
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
        struct rusage reader {};
        ::getrusage(RUSAGE_CHILDREN, &reader);
        std::printf("%-16s %6.0f MiB on disk, %6lld samples read %7.0f MiB | peak grew by %6.1f MiB, reader process %6.1f MiB | %6.0f MiB/s\n", name, double(fs::file_size(path)) / (1 << 20),
                    static_cast<long long>(picked > 0 ? picked : samples), bytes / (1 << 20), statusMiB("VmHWM") - start, double(reader.ru_maxrss) / 1024, bytes / (1 << 20) / seconds);
        std::fflush(stdout);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) std::printf("%s failed: status %d\n", name, status);
}

}  // namespace
}  // namespace bitlathe

int main(int argc, char** argv) {
    using namespace bitlathe;
    fs::path folder = fs::temp_directory_path() / "bitlathe-bench";
    std::int64_t mib = 2304;
    for (int i = 1; i + 1 < argc; ++i) {
        if (!std::strcmp(argv[i], "--mib")) mib = std::atoll(argv[i + 1]);
        if (!std::strcmp(argv[i], "--folder")) folder = argv[i + 1];
    }
    fs::create_directories(folder);
    const std::int64_t samples = mib * (1 << 20) / (kEach * 4);
    const fs::path npy = folder / "data.npy", stored = folder / "stored.npz", deflated = folder / "deflated.npz", hdf5 = folder / "data.h5";
    makeNpy(npy, samples);
    makeZip(npy, stored, false);
    makeZip(npy, deflated, true);
    {
        Hdf5Writer writer(hdf5);
        writer.array("images", readNpy(npy.string()), Hdf5Packing::Deflate);
        writer.close();
    }
    for (const std::int64_t picked : {std::int64_t(0), std::int64_t(500)}) {
        measure("npy", npy, picked);
        measure("npz stored", stored, picked);
        measure("npz deflated", deflated, picked);
        measure("hdf5 gzip", hdf5, picked);
    }
    for (const fs::path& path : {npy, stored, deflated, hdf5}) fs::remove(path);
    return 0;
}
