// The file beside a project that edits are appended to until the project is saved: records by key, each with a
// checksum, and a mark after each group of them. A group that a crash cut short is as if it had never been
// written. Knows neither HDF5 nor what records mean. The bytes are described in core/project/FORMAT.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bitlathe {

// One thread at a time.
class Journal {
public:
    struct Place {
        std::uint64_t offset = 0, length = 0, sum = 0;
    };
    struct Change {
        std::string key;
        std::optional<std::span<const std::byte>> value;  // nothing: the key is gone
    };
    // What stands in the journal, oldest first; `place` is nothing where the key is gone.
    using Found = std::function<void(const std::string& key, std::optional<Place> place)>;

    // Opens what is there; for writing, cuts off what a crash left unfinished. Nothing when there is no file. One
    // whose head is damaged is left as it is, and has no generation. Throws Error(Input) when it cannot be read.
    static std::optional<Journal> open(const std::filesystem::path& path, bool writable, const Found& found);
    // Makes an empty one, replacing what is there. Throws Error(Output).
    static Journal create(const std::filesystem::path& path, const std::string& generation);
    ~Journal();
    Journal(Journal&& other) noexcept;
    Journal& operator=(Journal&& other) noexcept;

    // Of the project file that the changes follow.
    const std::string& generation() const noexcept { return m_generation; }
    bool empty() const noexcept;
    std::uint64_t bytes() const noexcept { return m_end; }

    // All of the changes or, when this throws Error(Output), none. On the disk when it returns. The places of the
    // changes, in their order.
    std::vector<Place> append(std::span<const Change> changes);
    // Takes the place of another journal. Throws Error(Output); then that one stays.
    void moveTo(const std::filesystem::path& path);
    // Throws Error(Input) when the bytes are not those that were written, Error(Output) when the disk does not give them.
    std::vector<std::byte> read(const Place& place) const;

private:
    Journal(std::filesystem::path path, int fd, std::string generation, std::uint64_t end)
        : m_path(std::move(path)), m_fd(fd), m_generation(std::move(generation)), m_end(end) {}
    std::filesystem::path m_path;
    int m_fd = -1;
    std::string m_generation;
    std::uint64_t m_end = 0;  // of the last whole group
};

}  // namespace bitlathe
