// A file's bytes as memory, read-only. Pages come in when they are touched: opening costs nothing. Another program
// may cut the file meanwhile: then the lost bytes read as zeros, and jobs that read them fail (lost_pages.h).
#pragma once

#include "core/base/lost_pages.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

namespace bitlathe {

class MappedFile {
public:
    // Throws Error(Input) with path and reason when the file cannot be opened or is not a regular file.
    static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const std::byte> bytes() const noexcept { return m_bytes; }
    const std::filesystem::path& path() const noexcept { return m_path; }
    // False once another program has cut the file.
    bool intact() const noexcept { return !m_guard || m_guard->intact(); }

    // These bytes will not be needed soon: their pages leave this process's memory until somebody touches them
    // again, which is always allowed. Keeps a pass over a file that is larger than memory small. Bytes that lie
    // outside the file are passed over.
    void release(std::span<const std::byte> part) const noexcept;

private:
    MappedFile() = default;
    std::filesystem::path m_path;
    std::span<const std::byte> m_bytes;
    int m_fd = -1;
    std::optional<PageGuard> m_guard;
};

// These bytes, mapped or not, will be read over and over: where system and file system can, their pages are to be of
// 2 MB, so that reading waits for memory and not for the tables of small pages. Says nothing of pages that are in
// memory already, and a byte of the others brings 2 MB with it.
void preferLargePages(std::span<const std::byte> bytes) noexcept;

}  // namespace bitlathe
