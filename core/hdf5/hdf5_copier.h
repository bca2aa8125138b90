// Copies an HDF5 file object by object into a new one, and puts other values where asked. Within this process: a
// hostile file can bring the library down, so only bitlathe-hdf5-reader uses this; see hdf5_copy.h.
#pragma once

#include "core/hdf5/hdf5_node.h"

#include <memory>
#include <string>
#include <vector>

namespace bitlathe {

// Errors: Error(Input) for the source, Error(Output) for the new file, which is then of no use.
class Hdf5Copier {
public:
    // Makes the new file, replacing what it held.
    Hdf5Copier(const std::string& source, const std::string& target);
    ~Hdf5Copier();
    Hdf5Copier(const Hdf5Copier&) = delete;
    Hdf5Copier& operator=(const Hdf5Copier&) = delete;

    // All groups, links and attributes of the source, but for what lies under one of `without` ("/bitlathe"). References
    // to objects are left out: they would point nowhere. Once, before all else. Apart from the constructor because closing
    // a file that could not be written may bring the library down: whoever catches the error must still hold the copier.
    void start(const std::vector<std::string>& without);
    // Paths of the arrays that were not made yet, in the order in which they should be.
    const std::vector<std::string>& arrays() const noexcept;
    // As it is, bytes, filters and attributes.
    void copy(const std::string& path);
    // With other values: type, shape, chunks and attributes of the source's, or, where that has none, of the tensor. F32.
    void replace(const std::string& path, const Tensor& values);
    void node(const std::string& path, const Hdf5Node& node);
    void attribute(const std::string& object, const std::string& name, const std::string& text);
    void close();

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace bitlathe
