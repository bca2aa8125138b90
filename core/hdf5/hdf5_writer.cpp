#include "core/hdf5/hdf5_writer.h"

#include "core/base/error.h"
#include "core/hdf5/handle.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <mutex>

namespace bitlathe {

using hdf5::Handle;
using hdf5::libraryMutex;

namespace {

constexpr std::int64_t kChunkBytes = 1 << 20, kSmallBytes = 4096;
constexpr std::size_t kMostInAttribute = 64512;  // Keras's HDF5_OBJECT_HEADER_LIMIT

template <class... F>
struct Overloaded : F... { using F::operator()...; };

hid_t typeOf(ElementType type) {
    using enum ElementType;
    switch (type) {
    case F64: return H5T_IEEE_F64LE;
    case F32: return H5T_IEEE_F32LE;
    case I8: return H5T_STD_I8LE;
    case Bool:
    case U8: return H5T_STD_U8LE;
    case I16: return H5T_STD_I16LE;
    case U16: return H5T_STD_U16LE;
    case I32: return H5T_STD_I32LE;
    case U32: return H5T_STD_U32LE;
    case I64: return H5T_STD_I64LE;
    case U64: return H5T_STD_U64LE;
    default: return -1;
    }
}

// Fixed length, at least 1: HDF5 has no texts of length 0.
hid_t textType(std::size_t bytes) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, std::max<std::size_t>(bytes, 1));
    H5Tset_cset(type, H5T_CSET_UTF8);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    return type;
}

std::size_t longest(const std::vector<std::string>& texts) {
    std::size_t most = 1;
    for (const std::string& text : texts) most = std::max(most, text.size());
    return most;
}

// Variable length: the text lies in a heap of the file, and only its place in the attribute.
hid_t longTextType() {
    const hid_t type = textType(1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_strpad(type, H5T_STR_NULLTERM);
    return type;
}

// Side by side, each filled with NUL to `size`.
std::string packed(const std::vector<std::string>& texts, std::size_t size) {
    std::string all(texts.size() * size, '\0');
    for (std::size_t i = 0; i < texts.size(); ++i) texts[i].copy(all.data() + i * size, size);
    return all;
}

}  // namespace

struct Hdf5Writer::Impl {
    std::filesystem::path path;
    hid_t file = -1;

    [[noreturn]] void fail(const std::string& what) const {
        const int reason = errno;
        throw Error(ErrorKind::Output, "cannot write " + what + " to '" + path.string() + "': " + (reason ? systemReason(reason) : "the HDF5 library refuses") +
                                           "; choose another place or free some room");
    }
    void check(bool good, const std::string& what) const {
        if (!good) fail("'" + what + "'");
    }
    void put(const std::string& name, hid_t type, const std::vector<hsize_t>& dims, const void* bytes, std::int64_t size, Hdf5Packing packing) {
        const Handle space(dims.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(int(dims.size()), dims.data(), nullptr), H5Sclose);
        const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose), how(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
        H5Pset_create_intermediate_group(links, 1);
        H5Pset_char_encoding(links, H5T_CSET_UTF8);
        H5Pset_obj_track_times(how, false);
        H5Pset_fill_time(how, H5D_FILL_TIME_NEVER);
        if (packing == Hdf5Packing::Deflate && size >= kSmallBytes && !dims.empty()) {
            std::vector<hsize_t> chunk = dims;
            std::int64_t bytesOfChunk = size;
            for (std::size_t axis = 0; axis < chunk.size() && bytesOfChunk > kChunkBytes; ++axis) {
                const std::int64_t inner = bytesOfChunk / std::int64_t(chunk[axis]);
                chunk[axis] = hsize_t(std::max<std::int64_t>(1, kChunkBytes / std::max<std::int64_t>(inner, 1)));
                bytesOfChunk = inner * std::int64_t(chunk[axis]);
            }
            H5Pset_chunk(how, int(chunk.size()), chunk.data());
            H5Pset_shuffle(how);
            H5Pset_deflate(how, 1);
        }
        const Handle array(H5Dcreate2(file, name.c_str(), type, space, links, how, H5P_DEFAULT), H5Dclose);
        check(array.ok(), name);
        if (size > 0) check(H5Dwrite(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) >= 0, name);
    }
    void attribute(const std::string& object, const std::string& name, hid_t type, hid_t space, const void* bytes) {
        // A call of two steps: making it again replaces it.
        if (H5Aexists_by_name(file, object.c_str(), name.c_str(), H5P_DEFAULT) > 0) H5Adelete_by_name(file, object.c_str(), name.c_str(), H5P_DEFAULT);
        const Handle at(H5Acreate_by_name(file, object.c_str(), name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
        check(at.ok() && H5Awrite(at, type, bytes) >= 0, object + " : " + name);
    }
    void attributeInParts(const std::string& object, const std::string& name, const std::vector<std::string>& texts, std::size_t each) {
        for (std::size_t at = 0, part = 0; at < texts.size(); at += each, ++part) {
            const std::vector<std::string> some(texts.begin() + std::ptrdiff_t(at), texts.begin() + std::ptrdiff_t(std::min(at + each, texts.size())));
            const std::size_t size = longest(some);
            const hsize_t count = some.size();
            const Handle type(textType(size), H5Tclose), space(H5Screate_simple(1, &count, nullptr), H5Sclose);
            attribute(object, name + std::to_string(part), type, space, packed(some, size).c_str());
        }
    }
};

Hdf5Writer::Hdf5Writer(const std::filesystem::path& path, std::uint64_t userBlock) : m_impl(std::make_unique<Impl>()) {
    const std::lock_guard lock(libraryMutex());
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    m_impl->path = path;
    const Handle create(H5Pcreate(H5P_FILE_CREATE), H5Pclose), access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_userblock(create, userBlock);
    H5Pset_obj_track_times(create, false);  // of the root group
    // The layouts of 1.8: attributes and small groups in little room, and every reader of today knows them.
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    errno = 0;
    m_impl->file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, create, access);
    if (m_impl->file < 0) m_impl->fail("the head");
}

Hdf5Writer::~Hdf5Writer() {
    const std::lock_guard lock(libraryMutex());
    if (m_impl->file >= 0) H5Fclose(m_impl->file);
}

std::int64_t Hdf5Writer::libraryHandle() const noexcept { return m_impl->file; }

void Hdf5Writer::close() {
    const std::lock_guard lock(libraryMutex());
    errno = 0;
    if (H5Fclose(std::exchange(m_impl->file, -1)) < 0) m_impl->fail("the end");
}

void Hdf5Writer::group(const std::string& path) {
    const std::lock_guard lock(libraryMutex());
    errno = 0;
    const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose), how(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
    H5Pset_create_intermediate_group(links, 1);
    H5Pset_char_encoding(links, H5T_CSET_UTF8);
    H5Pset_obj_track_times(how, false);
    H5Pset_attr_phase_change(how, 32, 24);  // more than 8 would lie in a heap of some 4 KiB a group
    const Handle group(H5Gcreate2(m_impl->file, path.c_str(), links, how, H5P_DEFAULT), H5Gclose);
    m_impl->check(group.ok(), path);
}

void Hdf5Writer::array(const std::string& path, const Tensor& values, Hdf5Packing packing) {
    const std::lock_guard lock(libraryMutex());
    errno = 0;
    const bool half = values.type() == ElementType::F16;
    assert(half || typeOf(values.type()) >= 0);
    const Handle type(half ? hdf5::smallFloatType(5) : H5Tcopy(typeOf(values.type())), H5Tclose);
    const std::vector<hsize_t> dims(values.shape().begin(), values.shape().end());
    m_impl->put(path, type, dims, values.bytes().data(), bytesFor(values.type(), values.count()), packing);
}

void Hdf5Writer::text(const std::string& path, std::string_view value) {
    const std::lock_guard lock(libraryMutex());
    errno = 0;
    const Handle type(textType(value.size()), H5Tclose);
    const std::string bytes = value.empty() ? std::string(1, '\0') : std::string(value);
    m_impl->put(path, type, {}, bytes.data(), std::int64_t(bytes.size()), Hdf5Packing::Plain);
}

void Hdf5Writer::texts(const std::string& path, const std::vector<std::string>& values) {
    const std::lock_guard lock(libraryMutex());
    errno = 0;
    const std::size_t size = longest(values);
    const Handle type(textType(size), H5Tclose);
    const std::string bytes = packed(values, size);
    m_impl->put(path, type, {values.size()}, bytes.data(), std::int64_t(bytes.size()), Hdf5Packing::Deflate);
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name, const Hdf5Attribute& value) {
    const std::lock_guard lock(libraryMutex());
    errno = 0;
    const Handle scalar(H5Screate(H5S_SCALAR), H5Sclose);
    std::visit(Overloaded{
                   [&](const std::string& text) {
                       if (text.size() > kMostInAttribute) {
                           const Handle type(longTextType(), H5Tclose);
                           const char* place = text.c_str();
                           return m_impl->attribute(object, name, type, scalar, &place);
                       }
                       const Handle type(textType(text.size()), H5Tclose);
                       m_impl->attribute(object, name, type, scalar, text.c_str());
                   },
                   [&](std::int64_t number) { m_impl->attribute(object, name, H5T_STD_I64LE, scalar, &number); },
                   [&](double number) { m_impl->attribute(object, name, H5T_IEEE_F64LE, scalar, &number); },
                   [&](const std::vector<std::string>& texts) {
                       const std::size_t size = longest(texts);
                       if (texts.size() > 1 && size * texts.size() > kMostInAttribute) return m_impl->attributeInParts(object, name, texts, std::max<std::size_t>(kMostInAttribute / size, 1));
                       const hsize_t count = texts.size();
                       const Handle type(textType(size), H5Tclose), space(texts.empty() ? H5Screate(H5S_NULL) : H5Screate_simple(1, &count, nullptr), H5Sclose);
                       const std::string bytes = packed(texts, size);
                       m_impl->attribute(object, name, type, space, bytes.c_str());
                   },
               },
               value);
}

void Hdf5Writer::node(const std::string& path, const Hdf5Node& node) {
    // Long attributes would have to be read whole with every look at the group, and end at 64 KiB.
    constexpr std::size_t kShortText = 4000;
    group(path);
    if (!node.about.empty()) attribute(path, "about", node.about);
    for (const Hdf5Item& item : node.items) {
        const std::string name = path + "/" + item.name;
        const auto* text = std::get_if<std::string>(&item.value);
        if (const auto* tensor = std::get_if<Tensor>(&item.value)) {
            array(name, *tensor, isFloat(tensor->type()) ? Hdf5Packing::Plain : Hdf5Packing::Deflate);
        } else if (const auto* list = std::get_if<std::vector<std::string>>(&item.value)) {
            texts(name, *list);
        } else if (text && text->size() > kShortText) {
            this->text(name, *text);
        } else {
            if (text) attribute(path, item.name, *text);
            else if (const auto* number = std::get_if<std::int64_t>(&item.value)) attribute(path, item.name, *number);
            else attribute(path, item.name, std::get<double>(item.value));
            if (!item.unit.empty()) attribute(path, item.name + ".unit", item.unit);
            continue;
        }
        if (!item.unit.empty()) attribute(name, "unit", item.unit);
        if (!item.about.empty()) attribute(name, "about", item.about);
    }
}

}  // namespace bitlathe
