// One window at a time edits a project: an advisory lock (flock) on a file beside it, held as long as this lives.
// The system gives it up with the process, however that ends, so a lock file left behind stops nobody.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace bitlathe {

class ProjectLock {
public:
    // Nothing when it cannot be had; `why` then says who holds it, or what the system said.
    static std::optional<ProjectLock> take(const std::filesystem::path& project, std::string& why);
    ~ProjectLock();  // removes the file
    ProjectLock(ProjectLock&& other) noexcept;
    ProjectLock& operator=(ProjectLock&& other) noexcept;

private:
    ProjectLock(std::filesystem::path path, int fd) : m_path(std::move(path)), m_fd(fd) {}
    std::filesystem::path m_path;
    int m_fd = -1;
};

}  // namespace bitlathe
