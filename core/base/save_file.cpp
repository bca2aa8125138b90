#include "core/base/save_file.h"

#include "core/base/error.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace bitlathe {

SaveFile::SaveFile(std::filesystem::path target) : m_target(std::move(target)) {
    prepare();
    std::string name = m_target.string() + ".XXXXXX";
    std::vector<char> buffer(name.c_str(), name.c_str() + name.size() + 1);
    m_fd = ::mkostemp(buffer.data(), O_CLOEXEC);
    if (m_fd < 0) fail("create a file beside", errno);
    m_temporary = buffer.data();
    copyMode();
}

SaveFile::SaveFile(std::filesystem::path target, const std::filesystem::path& temporary) : m_target(std::move(target)) {
    prepare();
    m_fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (m_fd < 0) fail("create a file beside", errno);
    m_temporary = temporary;
    copyMode();
}

void SaveFile::prepare() {
    // A link is followed, so that the file it names is replaced and not the link.
    std::error_code ignored;
    if (std::filesystem::is_symlink(m_target, ignored)) {
        auto real = std::filesystem::weakly_canonical(m_target, ignored);
        if (!ignored) m_target = std::move(real);
    }
    // A rename over a device or a folder would take its place: only plain files are ever replaced.
    if (const auto there = std::filesystem::status(m_target, ignored); std::filesystem::exists(there) && !std::filesystem::is_regular_file(there))
        throw Error(ErrorKind::Output, "cannot write '" + m_target.string() + "': it exists and is no regular file; choose another name. Nothing was changed");
}

void SaveFile::copyMode() {
    struct stat old {};
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::fchmod(m_fd, ::stat(m_target.c_str(), &old) == 0 ? old.st_mode & 07777 : 0666 & ~mask);
}

SaveFile::~SaveFile() {
    if (m_fd >= 0) ::close(m_fd);
    if (!m_temporary.empty()) ::unlink(m_temporary.c_str());
}

void SaveFile::fail(const char* what, int reason) {
    const std::string text = std::string("cannot ") + what + " '" + m_target.string() + "': " + systemReason(reason) +
                             "; choose another place or free some room. Nothing was changed";
    if (m_fd >= 0) ::close(m_fd);
    m_fd = -1;
    if (!m_temporary.empty()) ::unlink(m_temporary.c_str());
    m_temporary.clear();
    throw Error(ErrorKind::Output, text);
}

void SaveFile::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t done = ::write(m_fd, bytes.data(), bytes.size());
        if (done < 0) {
            if (errno == EINTR) continue;
            fail("write", errno);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
}

void SaveFile::write(std::string_view text) {
    write(std::as_bytes(std::span(text.data(), text.size())));
}

void SaveFile::commit() {
    if (::fsync(m_fd) != 0) fail("flush", errno);
    ::close(m_fd);
    m_fd = -1;
    if (::rename(m_temporary.c_str(), m_target.c_str()) != 0) fail("rename to", errno);
    m_temporary.clear();
    // The rename itself must survive a crash: flush the folder too.
    const auto folder = m_target.has_parent_path() ? m_target.parent_path() : std::filesystem::path(".");
    if (const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); fd >= 0) {
        ::fsync(fd);
        ::close(fd);
    }
}

}  // namespace bitlathe
