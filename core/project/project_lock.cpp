#include "core/project/project_lock.h"

#include "core/base/error.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace bitlathe {

namespace {

// " (process 4711 on bench)", as the holder wrote it.
std::string holder(int fd) {
    std::array<char, 300> text{};
    const ssize_t got = ::pread(fd, text.data(), text.size() - 1, 0);
    return got > 0 ? " (" + std::string(text.data(), std::size_t(got)) + ")" : std::string();
}

}  // namespace

std::optional<ProjectLock> ProjectLock::take(const std::filesystem::path& project, std::string& why) {
    const std::filesystem::path path = project.string() + "-lock";
    for (;;) {
        const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0) {
            why = "its folder cannot be written (" + systemReason(errno) + ")";
            return std::nullopt;
        }
        if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
            const int reason = errno;
            why = reason == EWOULDBLOCK ? "another window has it open" + holder(fd) : "its folder knows no locks (" + systemReason(reason) + ")";
            ::close(fd);
            return std::nullopt;
        }
        // Who held it before may have removed the file between our two calls: then the lock is on nothing.
        struct stat here {}, there {};
        if (::fstat(fd, &here) != 0 || ::stat(path.c_str(), &there) != 0 || here.st_ino != there.st_ino) {
            ::close(fd);
            continue;
        }
        std::array<char, 256> host{};
        ::gethostname(host.data(), host.size() - 1);
        const std::string text = "process " + std::to_string(::getpid()) + " on " + host.data();
        [[maybe_unused]] const int cut = ::ftruncate(fd, 0);
        [[maybe_unused]] const ssize_t told = ::pwrite(fd, text.data(), text.size(), 0);  // for people; the lock does not need it
        return ProjectLock(path, fd);
    }
}

ProjectLock::~ProjectLock() {
    if (m_fd < 0) return;
    ::unlink(m_path.c_str());
    ::close(m_fd);
}

ProjectLock& ProjectLock::operator=(ProjectLock&& other) noexcept {
    std::swap(m_path, other.m_path);
    std::swap(m_fd, other.m_fd);
    return *this;
}

ProjectLock::ProjectLock(ProjectLock&& other) noexcept : m_path(std::move(other.m_path)), m_fd(std::exchange(other.m_fd, -1)) {}

}  // namespace bitlathe
