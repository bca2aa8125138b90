// Mapped files that another program cuts short while they are open. Touching a page that is no longer there would
// kill the process (SIGBUS); here it reads as zeros, the loss is remembered, and the job that read it ends with an
// Error. A signal knows no context, so this is the one table in core that the whole process shares.
#pragma once

#include "core/base/error.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace bitlathe {

// A mapping is guarded while this lives. `fd` is the mapped file's, open as long; `path` too. A file
// of which the table has no room left (1024 mappings at once) is not guarded.
class PageGuard {
public:
    PageGuard(std::span<const std::byte> mapping, int fd, const char* path) noexcept;
    ~PageGuard();
    PageGuard(const PageGuard&) = delete;
    PageGuard& operator=(const PageGuard&) = delete;
    // False once a page was lost, or while the file is shorter than the mapping.
    bool intact() const noexcept;

private:
    int m_place = -1;
};

// How often pages were lost since the program began: a job compares before and after.
std::uint64_t lostPages() noexcept;
// The sentence for a job that read lost pages.
Error lostPagesError();

// Throws Error(Input) when the bytes lie in a guarded mapping that is not intact; any other bytes pass.
void refuseLostPages(std::span<const std::byte> bytes);

}  // namespace bitlathe
