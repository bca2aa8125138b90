#include "core/hdf5/hdf5_reader.h"

#include "core/base/error.h"
#include "core/hdf5/handle.h"
#include "core/hdf5/read_node.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string_view>

#include <hdf5.h>

namespace bitlathe {

using hdf5::Handle;
using hdf5::libraryMutex;

namespace {

// By the lengths of exponent and mantissa, whatever the order of bytes; other floats are none of ours.
std::optional<ElementType> floatType(hid_t type, std::size_t size) {
    std::size_t sign = 0, exponentAt = 0, exponent = 0, mantissaAt = 0, mantissa = 0;
    if (H5Tget_fields(type, &sign, &exponentAt, &exponent, &mantissaAt, &mantissa) < 0) return std::nullopt;
    if (size == 8 && exponent == 11 && mantissa == 52) return ElementType::F64;
    if (size == 4 && exponent == 8 && mantissa == 23) return ElementType::F32;
    if (size == 2 && exponent == 5 && mantissa == 10) return ElementType::F16;
    if (size == 2 && exponent == 8 && mantissa == 7) return ElementType::BF16;
    return std::nullopt;
}

// Keras 3 stores bfloat16, which numpy lacks, as two bytes without a meaning and says so beside them.
bool saysBfloat(hid_t array, hid_t type) {
    if (H5Tget_class(type) != H5T_OPAQUE || H5Tget_size(type) != 2 || H5Aexists(array, "dtype") <= 0) return false;
    const Handle at(H5Aopen(array, "dtype", H5P_DEFAULT), H5Aclose), text(H5Aget_type(at), H5Tclose), space(H5Aget_space(at), H5Sclose);
    if (H5Tget_class(text) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) return false;
    if (H5Tis_variable_str(text) > 0) {
        char* name = nullptr;
        if (H5Aread(at, text, &name) < 0 || !name) return false;
        const bool is = std::string_view(name) == "bfloat16";
        H5free_memory(name);
        return is;
    }
    std::string name(std::min<std::size_t>(H5Tget_size(text), 64), '\0');
    return H5Tget_size(text) <= 64 && H5Aread(at, text, name.data()) >= 0 && name.starts_with("bfloat16");
}

std::optional<ElementType> elementTypeOf(hid_t type) {
    using enum ElementType;
    const auto size = H5Tget_size(type);
    if (H5Tget_class(type) == H5T_FLOAT) return floatType(type, size);
    if (H5Tget_class(type) == H5T_INTEGER) {
        const bool isSignedType = H5Tget_sign(type) == H5T_SGN_2;
        switch (size) {
        case 1: return isSignedType ? I8 : U8;
        case 2: return isSignedType ? I16 : U16;
        case 4: return isSignedType ? I32 : U32;
        case 8: return isSignedType ? I64 : U64;
        default: return std::nullopt;
        }
    }
    if (H5Tget_class(type) == H5T_ENUM && size == 1) return Bool;  // h5py's bool
    return std::nullopt;
}

// How values lie in memory: this machine's order of bytes. To be closed; where the file's bytes have no other meaning, its own type.
hid_t memoryType(hid_t fileType, ElementType type) {
    using enum ElementType;
    const auto native = [&]() -> hid_t {
        switch (type) {
        case F64: return H5T_NATIVE_DOUBLE;
        case F32: return H5T_NATIVE_FLOAT;
        case I8: return H5T_NATIVE_INT8;
        case U8: return H5T_NATIVE_UINT8;
        case I16: return H5T_NATIVE_INT16;
        case U16: return H5T_NATIVE_UINT16;
        case I32: return H5T_NATIVE_INT32;
        case U32: return H5T_NATIVE_UINT32;
        case I64: return H5T_NATIVE_INT64;
        case U64: return H5T_NATIVE_UINT64;
        default: return fileType;
        }
    };
    const bool isFloat = H5Tget_class(fileType) == H5T_FLOAT;
    if (isFloat && type == F16) return hdf5::smallFloatType(5);
    if (isFloat && type == BF16) return hdf5::smallFloatType(8);
    return H5Tcopy(native());
}

herr_t collect(hid_t, const char* name, const H5O_info_t* info, void* to) {
    constexpr std::size_t kMost = 100000;
    auto& names = *static_cast<std::vector<std::string>*>(to);
    if (info->type == H5O_TYPE_DATASET) names.emplace_back(name);
    return names.size() < kMost ? 0 : 1;
}

}  // namespace

struct Hdf5Reader::Impl {
    std::string path;
    hid_t file = -1;
    // The array that rows were read from last stays open, and with it the chunks that were unpacked: reading it row
    // by row unpacks each once.
    std::string rowsOf;
    std::unique_ptr<Handle> rows;

    hid_t openForRows(const std::string& name) {
        if (rows && rowsOf == name) return *rows;
        rows.reset();
        auto opened = std::make_unique<Handle>(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose);
        if (!opened->ok()) refuse("has no array '" + name + "'");
        if (const std::size_t cache = cacheFor(*opened); cache > 0) {
            const Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
            constexpr std::size_t kSlots = 12421;
            H5Pset_chunk_cache(access, kSlots, cache, 1.0);
            opened = std::make_unique<Handle>(H5Dopen2(file, name.c_str(), access), H5Dclose);
            if (!opened->ok()) refuse("has no array '" + name + "'");
        }
        rows = std::move(opened);
        rowsOf = name;
        return *rows;
    }
    // Bytes that hold all chunks which a row lies in; 0: the library's own megabyte will do.
    static std::size_t cacheFor(hid_t array) {
        constexpr double kMost = 256 << 20, kLibrarys = 1 << 20;
        const Handle properties(H5Dget_create_plist(array), H5Pclose), space(H5Dget_space(array), H5Sclose), type(H5Dget_type(array), H5Tclose);
        hsize_t chunk[H5S_MAX_RANK] = {}, extent[H5S_MAX_RANK] = {};
        const int rank = H5Sget_simple_extent_ndims(space);
        if (rank < 1 || H5Pget_layout(properties) != H5D_CHUNKED || H5Pget_chunk(properties, H5S_MAX_RANK, chunk) != rank) return 0;
        H5Sget_simple_extent_dims(space, extent, nullptr);
        double bytes = double(H5Tget_size(type)) * double(chunk[0]);
        for (int axis = 1; axis < rank; ++axis) bytes *= double(chunk[axis]) * double((extent[axis] + chunk[axis] - 1) / std::max<hsize_t>(chunk[axis], 1));
        return bytes > kLibrarys && bytes <= kMost ? std::size_t(bytes) + 1 : 0;
    }

    [[noreturn]] void refuse(const std::string& what) const {
        refuseInput("'" + path + "': " + what + "; the file may be damaged, make it again");
    }
    Hdf5ArrayInfo describe(hid_t array, const std::string& name) const {
        const Handle type(H5Dget_type(array), H5Tclose), space(H5Dget_space(array), H5Sclose);
        const auto element = saysBfloat(array, type) ? std::optional(ElementType::BF16) : elementTypeOf(type);
        if (!element) refuse("'" + name + "' holds neither integers nor floats of a width that is known here");
        const int rank = H5Sget_simple_extent_ndims(space);
        if (rank < 0 || rank > 32) refuse("'" + name + "' has no simple shape");
        std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
        H5Sget_simple_extent_dims(space, extents.data(), nullptr);
        const std::vector<std::int64_t> dims(extents.begin(), extents.end());
        if (const auto count = checkedCount(dims); !count || *count > std::int64_t(1) << 56) refuse("'" + name + "' has an impossible shape");
        return {*element, Shape(dims)};
    }
};

Hdf5Reader::Hdf5Reader(const std::string& path) : m_impl(std::make_unique<Impl>()) {
    std::lock_guard lock(libraryMutex());
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    m_impl->path = path;
    m_impl->file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    if (m_impl->file < 0) m_impl->refuse("cannot be opened as HDF5");
}

Hdf5Reader::~Hdf5Reader() {
    std::lock_guard lock(libraryMutex());
    m_impl->rows.reset();
    H5Fclose(m_impl->file);
}

std::vector<std::string> Hdf5Reader::datasets() const {
    std::lock_guard lock(libraryMutex());
    std::vector<std::string> names;
    if (H5Ovisit2(m_impl->file, H5_INDEX_NAME, H5_ITER_NATIVE, collect, &names, H5O_INFO_BASIC) < 0) m_impl->refuse("its contents cannot be listed");
    std::sort(names.begin(), names.end());
    return names;
}

std::optional<Hdf5ArrayInfo> Hdf5Reader::describe(const std::string& name) const {
    std::lock_guard lock(libraryMutex());
    const Handle array(H5Dopen2(m_impl->file, name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!array.ok()) m_impl->refuse("has no array '" + name + "'");
    const Handle type(H5Dget_type(array), H5Tclose);
    if (!elementTypeOf(type) && !saysBfloat(array, type)) return std::nullopt;
    return m_impl->describe(array, name);
}

Tensor Hdf5Reader::readRows(const std::string& name, std::int64_t begin, std::int64_t count) const {
    std::lock_guard lock(libraryMutex());
    const hid_t array = m_impl->openForRows(name);
    const Hdf5ArrayInfo info = m_impl->describe(array, name);
    if (info.shape.rank() < 1 || begin < 0 || count < 0 || begin + count > info.shape[0])
        m_impl->refuse("rows " + std::to_string(begin) + " to " + std::to_string(begin + count) + " of '" + name + "' are outside " + toText(info.shape));
    std::vector<std::int64_t> dims(info.shape.begin(), info.shape.end());
    dims[0] = count;
    std::vector<hsize_t> start(dims.size(), 0), extent(dims.begin(), dims.end());
    start[0] = static_cast<hsize_t>(begin);
    const Handle space(H5Dget_space(array), H5Sclose), memory(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr);
    // What was never written reads as zeros: a small file may claim more than any memory holds. Deflate, the
    // strongest filter, packs 1032 bytes into one.
    constexpr std::int64_t kUnquestioned = std::int64_t(1) << 28, kMostPacked = 1100;
    if (const std::int64_t bytes = bytesFor(info.type, Shape(dims).count()); bytes > kUnquestioned && bytes / kMostPacked > static_cast<std::int64_t>(H5Dget_storage_size(array)))
        m_impl->refuse("'" + name + "' of " + toText(info.shape) + " elements claims far more than the file holds");
    const Handle fileType(H5Dget_type(array), H5Tclose), inMemory(memoryType(fileType, info.type), H5Tclose);
    std::byte* bytes = nullptr;
    Tensor tensor = Tensor::allocate(info.type, Shape(std::move(dims)), bytes);
    if (tensor.count() > 0 && H5Dread(array, inMemory, memory, space, H5P_DEFAULT, bytes) < 0)
        m_impl->refuse("rows " + std::to_string(begin) + " to " + std::to_string(begin + count - 1) + " of '" + name + "' cannot be read: they are cut off, do not unpack, or are packed by a filter other than gzip or szip");
    return tensor;
}

Tensor Hdf5Reader::read(const std::string& name) const {
    if (const auto info = describe(name); info && info->shape.rank() > 0) return readRows(name, 0, info->shape[0]);
    std::lock_guard lock(libraryMutex());
    const Handle array(H5Dopen2(m_impl->file, name.c_str(), H5P_DEFAULT), H5Dclose);
    const Hdf5ArrayInfo info = m_impl->describe(array, name);
    const Handle fileType(H5Dget_type(array), H5Tclose), inMemory(memoryType(fileType, info.type), H5Tclose);
    std::byte* bytes = nullptr;
    Tensor tensor = Tensor::allocate(info.type, info.shape, bytes);
    if (H5Dread(array, inMemory, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) < 0) m_impl->refuse("'" + name + "' cannot be read");
    return tensor;
}

bool Hdf5Reader::contains(const std::string& path) const {
    std::lock_guard lock(libraryMutex());
    // Every step of the path must be there before the next one may be asked for.
    for (std::size_t at = 0; at != std::string::npos;) {
        at = path.find('/', at + 1);
        const std::string step = path.substr(0, at);
        if (!step.empty() && step != "/" && H5Lexists(m_impl->file, step.c_str(), H5P_DEFAULT) <= 0) return false;
    }
    return true;
}

std::optional<std::string> Hdf5Reader::textAttribute(const std::string& object, const std::string& attribute) const {
    std::lock_guard lock(libraryMutex());
    if (H5Aexists_by_name(m_impl->file, object.c_str(), attribute.c_str(), H5P_DEFAULT) <= 0) return std::nullopt;
    const Handle at(H5Aopen_by_name(m_impl->file, object.c_str(), attribute.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    if (!at.ok()) return std::nullopt;
    const Handle type(H5Aget_type(at), H5Tclose), space(H5Aget_space(at), H5Sclose);
    if (H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) return std::nullopt;
    if (H5Tis_variable_str(type) > 0) {
        char* text = nullptr;
        if (H5Aread(at, type, &text) < 0 || !text) return std::nullopt;
        std::string result = text;
        H5free_memory(text);
        return result;
    }
    std::string result(H5Tget_size(type), '\0');
    if (H5Aread(at, type, result.data()) < 0) return std::nullopt;
    result.resize(std::min(result.find('\0'), result.size()));
    return result;
}

std::optional<std::vector<std::string>> Hdf5Reader::textsAttribute(const std::string& object, const std::string& attribute) const {
    constexpr hssize_t kMost = 1000000;
    std::lock_guard lock(libraryMutex());
    if (H5Aexists_by_name(m_impl->file, object.c_str(), attribute.c_str(), H5P_DEFAULT) <= 0) return std::nullopt;
    const Handle at(H5Aopen_by_name(m_impl->file, object.c_str(), attribute.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    if (!at.ok()) return std::nullopt;
    const Handle type(H5Aget_type(at), H5Tclose), space(H5Aget_space(at), H5Sclose);
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    if (count == 0) return std::vector<std::string>();
    if (count < 0 || count > kMost || H5Tget_class(type) != H5T_STRING) return std::nullopt;
    std::vector<std::string> result;
    if (H5Tis_variable_str(type) > 0) {
        std::vector<char*> texts(static_cast<std::size_t>(count), nullptr);
        if (H5Aread(at, type, texts.data()) < 0) return std::nullopt;
        for (char* text : texts) {
            result.emplace_back(text ? text : "");
            H5free_memory(text);
        }
        return result;
    }
    const std::size_t size = H5Tget_size(type);
    if (size == 0 || size > static_cast<std::size_t>(kMost) || static_cast<std::size_t>(count) * size > std::size_t(1) << 28) return std::nullopt;
    std::string all(static_cast<std::size_t>(count) * size, '\0');
    if (H5Aread(at, type, all.data()) < 0) return std::nullopt;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        const std::string text = all.substr(i * size, size);
        result.push_back(text.substr(0, text.find('\0')));
    }
    return result;
}

Hdf5Node Hdf5Reader::node(const std::string& path) const {
    std::lock_guard lock(libraryMutex());
    return hdf5::readNode(m_impl->file, path, m_impl->path, [&](const std::string& name) { return read(name); });
}

std::vector<std::string> Hdf5Reader::groups(const std::string& path) const {
    std::lock_guard lock(libraryMutex());
    return hdf5::groupsIn(m_impl->file, path);
}

}  // namespace bitlathe
