// A changed copy of an HDF5 file from outside: groups, attributes and arrays as they are, other values in some arrays,
// and groups of our own beside them. The library works in a child process, as for reading (hdf5_file.h). Knows no networks.
#pragma once

#include "core/hdf5/hdf5_node.h"

#include <memory>
#include <string>
#include <vector>

namespace bitlathe {

// Throws Error(Input) naming the source, Error(Output) when the new file cannot be written; it is then of no use.
// Equal sources and calls give equal bytes. One thread at a time.
class Hdf5Copy {
public:
    // Makes the new file, replacing what it held, with all groups, attributes and links but for what lies under one
    // of `without` ("/old"). Links into other files and references to objects are left out.
    Hdf5Copy(const std::string& source, const std::string& target, const std::vector<std::string>& without);
    ~Hdf5Copy();
    Hdf5Copy(const Hdf5Copy&) = delete;
    Hdf5Copy& operator=(const Hdf5Copy&) = delete;

    // Paths of the source's arrays ("/group/name"), each to be copied, replaced, or left out.
    const std::vector<std::string>& arrays() const noexcept { return m_arrays; }
    void copy(const std::string& path);
    // F32 values in the type and layout that the source's array has, or as F32 where that is no float that everybody
    // reads (bfloat16); a new plain array where the source has none.
    void replace(const std::string& path, const Tensor& values);
    void node(const std::string& path, const Hdf5Node& node);
    void attribute(const std::string& object, const std::string& name, const std::string& text);
    // Everything is with the system then, not yet on the disk.
    void close();

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
    std::vector<std::string> m_arrays;
};

}  // namespace bitlathe
