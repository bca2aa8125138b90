#include "core/hdf5/hdf5_copier.h"

#include "core/base/error.h"
#include "core/hdf5/handle.h"
#include "core/hdf5/hdf5_writer.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>

namespace bitlathe {

using hdf5::Handle;
using hdf5::libraryMutex;

namespace {

constexpr int kDeepest = 64;
constexpr std::size_t kMostObjects = 1000000, kMostAttribute = std::size_t(1) << 30;

struct Link {
    std::string name;
    H5L_type_t type;
};

herr_t collectLink(hid_t, const char* name, const H5L_info_t* info, void* to) {
    auto& links = *static_cast<std::vector<Link>*>(to);
    links.push_back({name, info->type});
    return links.size() < kMostObjects ? 0 : 1;
}

herr_t collectName(hid_t, const char* name, const H5A_info_t*, void* to) {
    auto& names = *static_cast<std::vector<std::string>*>(to);
    names.emplace_back(name);
    return names.size() < kMostObjects ? 0 : 1;
}

unsigned creationOrder(hid_t group) {
    const Handle own(H5Gget_create_plist(group), H5Pclose);
    unsigned order = 0;
    H5Pget_link_creation_order(own, &order);
    return order;
}

// A float that every reader of HDF5 knows; bfloat16 is none.
bool isPlainFloat(hid_t type) {
    std::size_t sign = 0, exponentAt = 0, exponent = 0, mantissaAt = 0, mantissa = 0;
    return H5Tget_class(type) == H5T_FLOAT && H5Tget_fields(type, &sign, &exponentAt, &exponent, &mantissaAt, &mantissa) >= 0 && !(H5Tget_size(type) == 2 && exponent == 8);
}

// The array's own way of lying in the file, where that is chunks in this file; else plain. What lies in other files
// must not be written there.
hid_t layoutOf(hid_t array) {
    const Handle own(H5Dget_create_plist(array), H5Pclose);
    const hid_t layout = H5Pget_layout(own) == H5D_CHUNKED && H5Pget_external_count(own) == 0 ? H5Pcopy(own) : H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(layout, false);
    return layout;
}

}  // namespace

struct Hdf5Copier::Impl {
    std::string sourcePath;
    hid_t source = -1;
    Hdf5Writer writer;
    hid_t target = -1;
    std::vector<std::string> without, arrays;
    std::map<haddr_t, std::string> made;                       // objects of the source by address: the path they got
    std::vector<std::pair<std::string, std::string>> secondNames;  // of arrays: known path, further path
    std::size_t objects = 0;

    Impl(const std::string& from, const std::string& to) : sourcePath(from), writer(to), target(writer.libraryHandle()) {}
    ~Impl() {
        const std::lock_guard lock(libraryMutex());
        if (source >= 0) H5Fclose(source);
    }

    [[noreturn]] void refuse(const std::string& what) const { refuseInput("'" + sourcePath + "': " + what + "; the file may be damaged, make it again"); }
    void check(bool good, const std::string& path) const {
        if (good) return;
        const int reason = errno;
        throw Error(ErrorKind::Output, "cannot write '" + path + "' to the new file: " + (reason ? systemReason(reason) : "the HDF5 library refuses") + "; choose another place or free some room");
    }

    void copyAttributes(hid_t from, hid_t to, const std::string& path) {
        std::vector<std::string> names;
        H5Aiterate2(from, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collectName, &names);
        std::sort(names.begin(), names.end());
        for (const std::string& name : names) {
            const Handle at(H5Aopen(from, name.c_str(), H5P_DEFAULT), H5Aclose);
            if (!at.ok()) refuse("attribute '" + name + "' of '" + path + "' cannot be opened");
            const Handle type(H5Aget_type(at), H5Tclose), space(H5Aget_space(at), H5Sclose), how(H5Aget_create_plist(at), H5Pclose);
            if (H5Tdetect_class(type, H5T_REFERENCE) > 0) continue;
            const Handle made(H5Acreate2(to, name.c_str(), type, space, how, H5P_DEFAULT), H5Aclose);
            check(made.ok(), path + " : " + name);
            const hssize_t count = H5Sget_simple_extent_type(space) == H5S_NULL ? 0 : H5Sget_simple_extent_npoints(space);
            const std::size_t size = H5Tget_size(type);
            if (count < 0 || (count > 0 && size > kMostAttribute / std::size_t(count))) refuse("attribute '" + name + "' of '" + path + "' has an impossible size");
            if (count == 0) continue;
            std::vector<std::byte> values(std::size_t(count) * size);
            if (H5Aread(at, type, values.data()) < 0) refuse("attribute '" + name + "' of '" + path + "' cannot be read");
            const bool written = H5Awrite(made, type, values.data()) >= 0;
            H5Dvlen_reclaim(type, space, H5P_DEFAULT, values.data());
            check(written, path + " : " + name);
        }
    }

    void copyGroup(hid_t from, hid_t to, const std::string& path, int depth) {
        if (depth > kDeepest) refuse("its groups stand more than " + std::to_string(kDeepest) + " deep");
        copyAttributes(from, to, path);
        std::vector<Link> links;
        const bool ordered = (creationOrder(from) & H5P_CRT_ORDER_INDEXED) != 0;
        if (H5Literate(from, ordered ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME, H5_ITER_INC, nullptr, collectLink, &links) < 0) refuse("'" + path + "' cannot be listed");
        for (const Link& link : links) copyLink(from, to, link, (path == "/" ? path : path + "/") + link.name, depth);
    }

    void copyLink(hid_t from, hid_t to, const Link& link, const std::string& path, int depth) {
        if (++objects > kMostObjects) refuse("it has more than " + std::to_string(kMostObjects) + " objects");
        if (std::find(without.begin(), without.end(), path) != without.end()) return;
        if (link.type == H5L_TYPE_SOFT) {
            H5L_info_t info;
            if (H5Lget_info(from, link.name.c_str(), &info, H5P_DEFAULT) < 0 || info.u.val_size > kMostAttribute) refuse("link '" + path + "' cannot be read");
            std::string place(info.u.val_size + 1, '\0');
            if (H5Lget_val(from, link.name.c_str(), place.data(), info.u.val_size, H5P_DEFAULT) < 0) refuse("link '" + path + "' cannot be read");
            return check(H5Lcreate_soft(place.c_str(), to, link.name.c_str(), H5P_DEFAULT, H5P_DEFAULT) >= 0, path);
        }
        if (link.type != H5L_TYPE_HARD) return;  // into another file
        const Handle object(H5Oopen(from, link.name.c_str(), H5P_DEFAULT), H5Oclose);
        H5O_info_t info;
        if (!object.ok() || H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0) refuse("'" + path + "' cannot be opened");
        if (const auto [at, isNew] = made.emplace(info.addr, path); !isNew) {
            if (info.type == H5O_TYPE_DATASET) secondNames.emplace_back(at->second, path);
            else check(H5Lcreate_hard(target, at->second.c_str(), target, path.c_str(), H5P_DEFAULT, H5P_DEFAULT) >= 0, path);
        } else if (info.type == H5O_TYPE_DATASET) {
            arrays.push_back(path);
        } else if (info.type == H5O_TYPE_GROUP) {
            // Not its own property list: that one holds addresses in the source.
            const Handle how(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
            H5Pset_obj_track_times(how, false);
            if (const unsigned order = creationOrder(object)) H5Pset_link_creation_order(how, order);
            const Handle group(H5Gcreate2(to, link.name.c_str(), H5P_DEFAULT, how, H5P_DEFAULT), H5Gclose);
            check(group.ok(), path);
            copyGroup(object, group, path, depth + 1);
        } else {
            check(H5Ocopy(from, link.name.c_str(), to, link.name.c_str(), H5P_DEFAULT, H5P_DEFAULT) >= 0, path);
        }
    }

    void taken(const std::string& path) { std::erase(arrays, path); }
};

Hdf5Copier::Hdf5Copier(const std::string& source, const std::string& target) : m_impl(std::make_unique<Impl>(source, target)) {
    const std::lock_guard lock(libraryMutex());
    m_impl->source = H5Fopen(source.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    if (m_impl->source < 0) m_impl->refuse("cannot be opened as HDF5");
}

void Hdf5Copier::start(const std::vector<std::string>& without) {
    const std::lock_guard lock(libraryMutex());
    errno = 0;
    m_impl->without = without;
    const Handle from(H5Gopen2(m_impl->source, "/", H5P_DEFAULT), H5Gclose), to(H5Gopen2(m_impl->target, "/", H5P_DEFAULT), H5Gclose);
    H5O_info_t root;
    if (!from.ok() || H5Oget_info2(from, &root, H5O_INFO_BASIC) < 0) m_impl->refuse("its root cannot be opened");
    m_impl->made.emplace(root.addr, "/");
    m_impl->copyGroup(from, to, "/", 0);
}

Hdf5Copier::~Hdf5Copier() = default;

const std::vector<std::string>& Hdf5Copier::arrays() const noexcept { return m_impl->arrays; }

void Hdf5Copier::copy(const std::string& path) {
    const std::lock_guard lock(libraryMutex());
    errno = 0;
    const Handle array(H5Dopen2(m_impl->source, path.c_str(), H5P_DEFAULT), H5Dclose);
    if (!array.ok()) m_impl->refuse("has no array '" + path + "'");
    m_impl->check(H5Ocopy(m_impl->source, path.c_str(), m_impl->target, path.c_str(), H5P_DEFAULT, H5P_DEFAULT) >= 0, path);
    m_impl->taken(path);
}

void Hdf5Copier::replace(const std::string& path, const Tensor& values) {
    const std::lock_guard lock(libraryMutex());
    errno = 0;
    const bool there = std::find(m_impl->arrays.begin(), m_impl->arrays.end(), path) != m_impl->arrays.end();
    if (!there) return m_impl->writer.array(path, values, Hdf5Packing::Plain);
    const Handle old(H5Dopen2(m_impl->source, path.c_str(), H5P_DEFAULT), H5Dclose);
    if (!old.ok()) m_impl->refuse("has no array '" + path + "'");
    const Handle stored(H5Dget_type(old), H5Tclose), type(isPlainFloat(stored) ? H5Tcopy(stored) : H5Tcopy(H5T_IEEE_F32LE), H5Tclose), space(H5Dget_space(old), H5Sclose), layout(layoutOf(old), H5Pclose);
    if (H5Sget_simple_extent_npoints(space) != values.count()) m_impl->refuse("'" + path + "' is no array of " + std::to_string(values.count()) + " floats");
    const Handle made(H5Dcreate2(m_impl->target, path.c_str(), type, space, H5P_DEFAULT, layout, H5P_DEFAULT), H5Dclose);
    m_impl->check(made.ok() && (values.count() == 0 || H5Dwrite(made, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.bytes().data()) >= 0), path);
    m_impl->copyAttributes(old, made, path);
    if (!isPlainFloat(stored)) H5Adelete(made, "dtype");  // it says bfloat16
    m_impl->taken(path);
}

void Hdf5Copier::node(const std::string& path, const Hdf5Node& node) { m_impl->writer.node(path, node); }

void Hdf5Copier::attribute(const std::string& object, const std::string& name, const std::string& text) { m_impl->writer.attribute(object, name, text); }

void Hdf5Copier::close() {
    {
        const std::lock_guard lock(libraryMutex());
        for (const auto& [known, further] : m_impl->secondNames)
            if (H5Lexists(m_impl->target, known.c_str(), H5P_DEFAULT) > 0)
                m_impl->check(H5Lcreate_hard(m_impl->target, known.c_str(), m_impl->target, further.c_str(), H5P_DEFAULT, H5P_DEFAULT) >= 0, further);
    }
    m_impl->writer.close();
}

}  // namespace bitlathe
