#include "tests/fuzz/mutations.h"

#include "tests/fuzz/random.h"

#include <algorithm>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

namespace bitlathe {

std::string mutated(const std::string& sample, std::uint64_t index) {
    Random random{index * 1000003u + sample.size()};
    std::string bytes = sample;
    const bool inPlace = random.below(2) == 0;  // lengths stay right: the damage gets deeper into a reader
    for (std::size_t times = 1 + random.below(4); times > 0 && !bytes.empty(); --times) {
        const std::size_t at = random.below(bytes.size()), length = std::min(bytes.size() - at, 1 + random.below(16));
        static constexpr unsigned char kExtreme[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0xfe, 0x08, 0x12};
        switch (random.below(inPlace ? 3 : 8)) {
        case 0: bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8))); break;
        case 1: bytes[at] = static_cast<char>(kExtreme[random.below(sizeof kExtreme)]); break;
        case 2: bytes[at] = static_cast<char>(bytes[at] + (random.below(2) ? 1 : -1)); break;
        case 3: bytes.erase(at, length); break;
        case 4: bytes.insert(random.below(bytes.size()), bytes.substr(at, length)); break;
        case 5: bytes.replace(random.below(bytes.size()), length, bytes.substr(at, length)); break;
        case 6: std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), length, static_cast<char>(kExtreme[random.below(sizeof kExtreme)])); break;
        default: bytes.resize(at); break;
        }
    }
    return bytes;
}

MemoryFile::MemoryFile() : m_fd(::memfd_create("bitlathe-fuzz", MFD_CLOEXEC)) {
    if (m_fd < 0) std::abort();
}
MemoryFile::~MemoryFile() { ::close(m_fd); }

std::string MemoryFile::write(const std::string& bytes) {
    if (::ftruncate(m_fd, 0) != 0 || ::pwrite(m_fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
    return "/proc/self/fd/" + std::to_string(m_fd);
}

}  // namespace bitlathe
