// Writing a file so that a reader sees the old one or the whole new one, never a part of it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace bitlathe {

// Writes beside the target, flushes to disk, renames in commit(). Without commit() nothing remains.
// Throws Error(Output) with path and reason; the target is then as it was.
class SaveFile {
public:
    explicit SaveFile(std::filesystem::path target);
    // Writes to this file of the same folder on the way, and replaces what is there: for who holds a lock on the
    // target, so that what a crash leaves behind does not pile up.
    SaveFile(std::filesystem::path target, const std::filesystem::path& temporary);
    ~SaveFile();
    SaveFile(const SaveFile&) = delete;
    SaveFile& operator=(const SaveFile&) = delete;

    void write(std::span<const std::byte> bytes);
    void write(std::string_view text);
    // The file being written, for a library that insists on writing by itself.
    const std::filesystem::path& temporaryPath() const noexcept { return m_temporary; }
    void commit();

private:
    void prepare();
    void copyMode();
    [[noreturn]] void fail(const char* what, int reason);
    std::filesystem::path m_target, m_temporary;
    int m_fd = -1;
};

}  // namespace bitlathe
