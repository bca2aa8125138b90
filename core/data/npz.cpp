#include "core/data/npz.h"

#include "core/base/save_file.h"
#include "core/data/npy.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>

#include <zip.h>
#include <zlib.h>

namespace bitlathe {

namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    refuseInput("'" + path + "' is not an archive that can be read: " + why + "; it may be truncated or damaged, make it again");
}

// One open archive. libzip reads an entry forwards only, so a stream remembers where it is.
class Archive {
public:
    explicit Archive(std::string path) : m_path(std::move(path)) {
        int code = 0;
        m_zip = zip_open(m_path.c_str(), ZIP_RDONLY, &code);
        if (!m_zip) {
            zip_error_t error;
            zip_error_init_with_code(&error, code);
            const std::string why = zip_error_strerror(&error);
            zip_error_fini(&error);
            refuse(m_path, why);
        }
    }
    ~Archive() { zip_discard(m_zip); }
    Archive(const Archive&) = delete;
    Archive& operator=(const Archive&) = delete;

    const std::string& path() const { return m_path; }
    std::int64_t entries() const { return zip_get_num_entries(m_zip, 0); }
    zip_stat_t stat(std::int64_t entry) const {
        zip_stat_t info;
        if (zip_stat_index(m_zip, static_cast<zip_uint64_t>(entry), 0, &info) != 0 || !(info.valid & ZIP_STAT_NAME) || !(info.valid & ZIP_STAT_SIZE))
            refuse(m_path, "entry " + std::to_string(entry) + " has no name or size");
        return info;
    }
    zip_file_t* open(std::int64_t entry) const {
        zip_file_t* file = zip_fopen_index(m_zip, static_cast<zip_uint64_t>(entry), 0);
        if (!file) refuse(m_path, zip_strerror(m_zip));
        return file;
    }

private:
    std::string m_path;
    zip_t* m_zip = nullptr;
};

// One entry as a forward stream over the array's data.
class EntryStream {
public:
    EntryStream(std::shared_ptr<const Archive> archive, std::int64_t entry) : m_archive(std::move(archive)), m_entry(entry) { rewind(); }
    EntryStream(const EntryStream&) = delete;
    EntryStream& operator=(const EntryStream&) = delete;

    const NpyHeader& header() const { return m_header; }
    // What is wrong, with the array and how far it could be read.
    [[noreturn]] void refuseHere(const std::string& why) const {
        refuse(m_archive->path(), "entry '" + std::string(m_archive->stat(m_entry).name) + "', after " + std::to_string(m_at) + " bytes: " + why);
    }
    const std::string& where() const { return m_archive->path(); }

    void read(std::uint64_t offset, std::byte* to, std::size_t count) {
        if (offset < m_at) rewind();
        std::byte skipped[4096];
        while (m_at < offset) pull(skipped, static_cast<std::size_t>(std::min<std::uint64_t>(sizeof skipped, offset - m_at)));
        pull(to, count);
        // libzip compares the checksum when it is asked for more than there is.
        if (m_at == m_size && !m_checked) {
            if (zip_fread(m_file.get(), skipped, 1) < 0) refuseHere(zip_file_strerror(m_file.get()));
            m_checked = true;
        }
    }

private:
    void pull(std::byte* to, std::size_t count) {
        while (count > 0) {
            const auto got = zip_fread(m_file.get(), to, count);
            if (got <= 0) refuseHere(got < 0 ? zip_file_strerror(m_file.get()) : "it ends early");
            to += got, count -= static_cast<std::size_t>(got), m_at += static_cast<std::uint64_t>(got);
        }
    }
    void close() {
        m_file.reset();
    }
    void rewind() {
        close();
        m_file.reset(m_archive->open(m_entry));
        m_at = 0;
        std::vector<std::byte> head(12);
        pull(head.data(), 12);
        const auto length = npyHeaderBytes(head, where());
        head.resize(std::max<std::size_t>(length, 12));
        pull(head.data() + 12, head.size() - 12);
        m_header = parseNpyHeader(head, where());
        m_size = static_cast<std::uint64_t>(m_header.shape.count()) * static_cast<std::uint64_t>(m_header.elementBytes);
        m_at = 0;
        m_checked = false;
    }

    std::shared_ptr<const Archive> m_archive;
    std::int64_t m_entry;
    std::unique_ptr<zip_file_t, decltype(&zip_fclose)> m_file{nullptr, zip_fclose};  // a member, so that a refusal in the constructor closes it
    NpyHeader m_header;
    std::uint64_t m_at = 0, m_size = 0;  // in the array's data
    bool m_checked = false;              // against the archive's checksum
};

struct Entry {
    NamedArray array;
    std::int64_t index;
};

std::vector<Entry> listEntries(const std::shared_ptr<const Archive>& archive) {
    std::vector<Entry> entries;
    for (std::int64_t i = 0; i < archive->entries(); ++i) {
        const auto info = archive->stat(i);
        std::string name = info.name;
        if (!name.ends_with(".npy")) continue;
        name.resize(name.size() - 4);
        const NpyHeader header = EntryStream(archive, i).header();
        const auto bytes = static_cast<std::uint64_t>(header.shape.count()) * static_cast<std::uint64_t>(header.elementBytes);
        if (info.size < bytes)
            refuse(archive->path(), "array '" + name + "' says " + toText(header.shape) + " elements, " + std::to_string(bytes) + " bytes, but holds " + std::to_string(info.size));
        entries.push_back({{std::move(name), header.type, header.shape}, i});
    }
    return entries;
}

SampleArray streamed(const std::shared_ptr<const Archive>& archive, const Entry& entry) {
    const Shape sample(std::vector<std::int64_t>(entry.array.shape.begin() + 1, entry.array.shape.end()));
    auto stream = std::make_shared<EntryStream>(archive, entry.index);
    const auto size = static_cast<std::size_t>(bytesFor(entry.array.type, sample.count()));
    // Two readers in step ask for each sample twice; going back by one would begin the stream anew every time.
    struct Latest {
        std::int64_t index = -1;
        Tensor tensor;
    };
    const auto latest = std::make_shared<Latest>();
    return {entry.array.name, entry.array.type, sample, entry.array.shape[0], [=, type = entry.array.type](std::int64_t index) {
                if (index == latest->index) return latest->tensor;
                std::byte* bytes = nullptr;
                Tensor tensor = Tensor::allocate(type, sample, bytes);
                stream->read(static_cast<std::uint64_t>(index) * size, bytes, size);
                *latest = {index, tensor};
                return tensor;
            }};
}

Tensor whole(const std::shared_ptr<const Archive>& archive, const Entry& entry) {
    std::byte* bytes = nullptr;
    Tensor tensor = Tensor::allocate(entry.array.type, entry.array.shape, bytes);
    EntryStream(archive, entry.index).read(0, bytes, tensor.bytes().size());
    return tensor;
}

}  // namespace

bool recognizesNpz(const std::string& path) {
    char head[4] = {};
    std::ifstream(path, std::ios::binary).read(head, sizeof head);
    return std::memcmp(head, "PK\x03\x04", 4) == 0 || std::memcmp(head, "PK\x05\x06", 4) == 0;
}

Dataset openNpz(const std::string& path, const std::string& arrayName) {
    const auto archive = std::make_shared<const Archive>(path);
    std::vector<Entry> entries = listEntries(archive);
    std::erase_if(entries, [](const Entry& entry) { return entry.array.type == ElementType::String; });
    std::vector<NamedArray> arrays;
    for (const Entry& entry : entries) arrays.push_back(entry.array);
    const ArrayRoles roles = chooseArrays(arrays, arrayName, path);
    Dataset data;
    for (const std::size_t i : roles.samples) data.arrays.push_back(streamed(archive, entries[i]));
    if (roles.labels) data.labels = toInt64(whole(archive, entries[*roles.labels]));
    return data;
}

std::vector<std::pair<std::string, Tensor>> readNpz(const std::string& path) {
    const auto archive = std::make_shared<const Archive>(path);
    std::vector<std::pair<std::string, Tensor>> arrays;
    for (const Entry& entry : listEntries(archive))
        if (entry.array.type != ElementType::String) arrays.emplace_back(entry.array.name, whole(archive, entry));
    return arrays;
}

namespace {

void put(std::string& to, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i) & 255);
}

}  // namespace

// Written by hand and not by libzip, which stamps the time of day into every entry.
void writeNpz(const std::string& path, const std::vector<std::pair<std::string, Tensor>>& arrays) {
    SaveFile file(path);
    std::string directory;
    std::uint64_t at = 0;
    for (const auto& [name, tensor] : arrays) {
        const std::string head = npyHeaderFor(tensor), entry = name + ".npy";
        const std::uint64_t size = head.size() + tensor.bytes().size();
        if (at + size + entry.size() >= 0xf0000000 || arrays.size() >= 0xffff || entry.size() >= 0xffff)
            throw Error(ErrorKind::Output, "cannot write '" + path + "': an .npz beyond 4 GB, or a name beyond 65 KB, is not supported; write fewer outputs or samples");
        uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(head.data()), head.size());
        crc = crc32_z(crc, reinterpret_cast<const Bytef*>(tensor.bytes().data()), tensor.bytes().size());
        std::string common;
        put(common, 20, 2), put(common, 0x800, 2), put(common, 0, 2), put(common, 0, 2), put(common, 0x21, 2);
        put(common, crc, 4), put(common, size, 4), put(common, size, 4), put(common, entry.size(), 2), put(common, 0, 2);
        const std::string local = "PK\x03\x04" + common + entry;
        directory += "PK\x01\x02";
        put(directory, 20, 2);
        directory += common;
        put(directory, 0, 2), put(directory, 0, 2), put(directory, 0, 2), put(directory, 0, 4), put(directory, at, 4);
        directory += entry;
        file.write(local);
        file.write(head);
        file.write(tensor.bytes());
        at += local.size() + size;
    }
    std::string end = "PK\x05\x06";
    put(end, 0, 4), put(end, arrays.size(), 2), put(end, arrays.size(), 2), put(end, directory.size(), 4), put(end, at, 4), put(end, 0, 2);
    file.write(directory);
    file.write(end);
    file.commit();
}

}  // namespace bitlathe
