// The only place that includes HDF5: files, arrays and attributes with handles that cannot leak and
// errors in our words. Knows neither samples nor networks.
#pragma once

#include "core/tensor/tensor.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bitlathe {

struct Hdf5ArrayInfo {
    ElementType type = ElementType::F32;
    Shape shape;
};

// An open file, read only. All calls throw Error(Input) with path and object on failure, and may come from
// any thread: the library is entered by one thread at a time.
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

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace bitlathe
