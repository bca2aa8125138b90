#include "core/base/mapped_file.h"

#include "core/base/error.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bitlathe {

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
    // Without O_NONBLOCK a named pipe would wait for a writer before it can be refused.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) refuseInput("cannot open '" + path.string() + "': " + systemReason(errno) + "; check the path and the permissions");
    struct stat info {};
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        ::close(fd);
        refuseInput("'" + path.string() + "' is not a regular file; give the path of a file");
    }
    std::shared_ptr<MappedFile> file(new MappedFile);
    file->m_path = path;
    if (info.st_size > 0) {
        void* at = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
        if (at == MAP_FAILED) {
            const int reason = errno;
            ::close(fd);
            refuseInput("cannot map '" + path.string() + "': " + systemReason(reason));
        }
        file->m_bytes = {static_cast<const std::byte*>(at), static_cast<std::size_t>(info.st_size)};
        file->m_fd = fd;
        file->m_guard.emplace(file->m_bytes, fd, file->m_path.c_str());
    } else {
        ::close(fd);
    }
    return file;
}

void MappedFile::release(std::span<const std::byte> part) const noexcept {
    if (part.empty() || part.data() < m_bytes.data() || part.data() + part.size() > m_bytes.data() + m_bytes.size()) return;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    // Whole pages, also those that are shared with a neighbour: they come back when that one is read.
    const auto begin = reinterpret_cast<std::uintptr_t>(part.data()) / page * page;
    const auto end = reinterpret_cast<std::uintptr_t>(part.data() + part.size());
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

void preferLargePages(std::span<const std::byte> bytes) noexcept {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = (reinterpret_cast<std::uintptr_t>(bytes.data()) + page - 1) / page * page, end = reinterpret_cast<std::uintptr_t>(bytes.data() + bytes.size()) / page * page;
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);  // advice: a refusal changes nothing
}

MappedFile::~MappedFile() {
    m_guard.reset();
    if (!m_bytes.empty()) ::munmap(const_cast<std::byte*>(m_bytes.data()), m_bytes.size());
    if (m_fd >= 0) ::close(m_fd);
}

}  // namespace bitlathe
