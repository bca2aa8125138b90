// A project on disk: records by key, such as "recipe" or "reports/…". The file holds what was saved and is only
// ever replaced as a whole; a journal beside it takes what came since, every few seconds. Whatever moment the
// program or the machine stops at, opening finds the last save and every flush() after it. Knows not what
// records mean. The layout, for other programs: core/project/FORMAT.md.
#pragma once

#include "core/hdf5/hdf5_node.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

// All calls may come from any thread; save() keeps others waiting while it writes. What is put stays in memory
// when a flush or a save fails, and goes out with the next one that succeeds.
class ProjectStore {
public:
    static constexpr int kVersion = 1;
    static constexpr std::size_t kHeadBytes = 512;

    enum class Access { Edit, Look };
    // Edit: falls back to looking where another window has the project open or its folder cannot be written, and
    // whyReadOnly() says so. Throws Error(Input) for what is no project, one of a newer version, or damaged.
    static std::unique_ptr<ProjectStore> open(const std::filesystem::path& path, Access access);
    // A new, empty one; the first save() or flush() replaces what is there. Throws Error(Output) when another window has it open.
    static std::unique_ptr<ProjectStore> create(const std::filesystem::path& path);
    ~ProjectStore();
    ProjectStore(const ProjectStore&) = delete;
    ProjectStore& operator=(const ProjectStore&) = delete;

    // From the file's first bytes.
    static bool recognizes(std::span<const std::byte> head) noexcept;

    std::filesystem::path path() const;
    bool readOnly() const;
    std::string whyReadOnly() const;  // "another window has it open (process 12 on bench)"; empty: it may be edited
    bool recovered() const;           // the journal held edits that were not saved then, nor since
    std::string note() const;         // what opening or saving had to leave out, for people; mostly empty
    bool unsaved() const;             // there are changes since the last save

    // In key order. prefix: "reports/" for one collection, empty for all.
    std::vector<std::string> keys(std::string_view prefix = {}) const;
    bool contains(std::string_view key) const;
    // Throws Error(Input) for a record that is damaged.
    std::optional<Hdf5Node> find(const std::string& key) const;

    // Keys are "name" or "collection/name" of letters, digits and -_.; a record that stands there already under an equal value is left alone.
    void put(const std::string& key, Hdf5Node node);
    void erase(const std::string& key);
    // What was put since the last flush goes to the journal, all of it or nothing, and is on the disk when this
    // returns. Nothing happens without changes. Throws Error(Output).
    void flush();
    // The file is written anew with all records, and the journal starts empty. Throws Error(Output); then file and
    // journal are as they were. Records that are damaged are left out and note() says so.
    void save();
    // The same into another file, which this is the store of from then on. The file before stays at its last save.
    void saveAs(const std::filesystem::path& path);
    // Back to the last save: what came since is dropped, on disk too. Throws Error(Output) when that save cannot be
    // read again; then nothing is dropped.
    void discard();

private:
    struct Impl;
    explicit ProjectStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

}  // namespace bitlathe
