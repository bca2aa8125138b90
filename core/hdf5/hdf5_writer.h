// Writes an HDF5 file of our own: groups, arrays, texts and attributes, errors in our words. Knows neither
// networks nor projects. Any HDF5 1.8 or later reads the file; nothing in it depends on the time of day.
#pragma once

#include "core/hdf5/hdf5_node.h"
#include "core/tensor/tensor.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace bitlathe {

using Hdf5Attribute = std::variant<std::string, std::int64_t, double, std::vector<std::string>>;

// Plain: as it is, fastest. Deflate: chunks of about 1 MiB, byte-shuffled and packed at the lowest level; arrays
// below 4 KiB are left plain.
enum class Hdf5Packing { Plain, Deflate };

// Groups above an object are made where they are missing. Every call throws Error(Output) naming the file and
// the system's reason; the file is then of no use, and the writer may only be destroyed. One thread at a time.
class Hdf5Writer {
public:
    // Replaces what the file held. userBlock: bytes before the HDF5 data that the caller fills by itself, 0 or a
    // power of two from 512.
    explicit Hdf5Writer(const std::filesystem::path& path, std::uint64_t userBlock = 0);
    ~Hdf5Writer();
    Hdf5Writer(const Hdf5Writer&) = delete;
    Hdf5Writer& operator=(const Hdf5Writer&) = delete;

    void group(const std::string& path);
    // Integers, Bool (as 8-bit integers), F16, F32 and F64, of any rank; other types are an assert.
    void array(const std::string& path, const Tensor& values, Hdf5Packing packing = Hdf5Packing::Deflate);
    // UTF-8 of fixed length; a text ends at its first NUL when it is read.
    void text(const std::string& path, std::string_view value);
    void texts(const std::string& path, const std::vector<std::string>& values);
    // Of an object that is there; "/" is the file itself. Texts of more than 64 KiB have variable length, as h5py writes
    // them; lists of more are cut into "NAME0", "NAME1" …, as Keras does and every Keras reads. Numbers have no limit.
    void attribute(const std::string& object, const std::string& name, const Hdf5Attribute& value);
    // A group and all that the node says is in it. Arrays of floats are written plain, others packed: floats would
    // lose a tenth of their size and take ten times as long.
    void node(const std::string& path, const Hdf5Node& node);
    // The library's handle of the open file, for files of core/hdf5 alone.
    std::int64_t libraryHandle() const noexcept;
    // Everything is with the system then, not yet on the disk.
    void close();

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace bitlathe
