// HDF5 files from outside: arrays and attributes, errors in our words. The library reads them in a child process
// (bitlathe-hdf5-reader), since HDF5 1.10 is known to crash on hostile files: then the child dies, and the call
// throws. Knows neither samples nor networks.
#pragma once

#include "core/hdf5/hdf5_array.h"
#include "core/hdf5/hdf5_node.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bitlathe {

// An open file, read only. All calls throw Error(Input) with path and object on failure, also when
// the child has crashed or does not answer for a minute, and may come from any thread, one at a time.
class Hdf5File {
public:
    explicit Hdf5File(const std::string& path);
    ~Hdf5File();
    Hdf5File(const Hdf5File&) = delete;
    Hdf5File& operator=(const Hdf5File&) = delete;

    // Paths of all arrays, without the leading '/', in name order.
    std::vector<std::string> datasets() const;
    // Nothing when the element type has no ElementType (texts, compounds).
    std::optional<Hdf5ArrayInfo> describe(const std::string& name) const;
    // Rows [begin, begin + count) along the first axis.
    Tensor readRows(const std::string& name, std::int64_t begin, std::int64_t count) const;
    // The whole array; scalars too.
    Tensor read(const std::string& name) const;
    bool contains(const std::string& path) const;
    // A text attribute of an object ("/" is the file itself); nothing when absent or not a text.
    std::optional<std::string> textAttribute(const std::string& object, const std::string& attribute) const;
    // An attribute that is a list of texts; empty lists count, whatever their type. Nothing when absent.
    std::optional<std::vector<std::string>> textsAttribute(const std::string& object, const std::string& attribute) const;
    // A group with its attributes and arrays, attributes first, each in name order; groups in it are left out, and
    // so is what has none of Hdf5Value's kinds.
    Hdf5Node node(const std::string& path) const;
    // Names of the groups in a group, in name order; none when it is not there.
    std::vector<std::string> groups(const std::string& path) const;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace bitlathe
