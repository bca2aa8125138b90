#include "core/project/journal.h"

#include "core/base/checksum.h"
#include "core/base/error.h"
#include "core/base/save_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace bitlathe {

namespace {

constexpr std::string_view kMagic = "BITLATHE JOURNAL 1\n";
constexpr std::size_t kMagicBytes = 32, kGenerationBytes = 32, kHeadBytes = kMagicBytes + kGenerationBytes;
constexpr std::uint64_t kMostKey = 4096;

enum class Kind : std::uint32_t { Put = 1, Erase = 2, End = 3 };

// Before the key and the value of each record; its own sum stands last.
struct RecordHead {
    std::uint32_t mark = 0x4c4a4c42;  // "BLJL"
    std::uint32_t kind = 0;
    std::uint64_t keyBytes = 0, valueBytes = 0;
    std::uint64_t valueSum = 0;
    std::uint64_t sum = 0;  // of what stands above, and of the key
};
static_assert(sizeof(RecordHead) == 40);

std::uint64_t sumOf(const RecordHead& head, std::string_view key) {
    std::vector<std::byte> bytes(offsetof(RecordHead, sum) + key.size());
    std::memcpy(bytes.data(), &head, offsetof(RecordHead, sum));
    if (!key.empty()) std::memcpy(bytes.data() + offsetof(RecordHead, sum), key.data(), key.size());
    return checksum(bytes);
}

RecordHead headFor(Kind kind, std::string_view key, std::span<const std::byte> value) {
    RecordHead head;
    head.kind = std::uint32_t(kind);
    head.keyBytes = key.size();
    head.valueBytes = value.size();
    head.valueSum = checksum(value);
    head.sum = sumOf(head, key);
    return head;
}

[[noreturn]] void refuseRead(const std::filesystem::path& path, int reason, ErrorKind kind) {
    throw Error(kind, "cannot read '" + path.string() + "', which keeps the edits since the last save: " + systemReason(reason) +
                          "; make it readable, or move it elsewhere to do without these edits");
}

// False when there are fewer bytes. Throws Error of this kind when the disk does not give them.
bool readAt(int fd, std::uint64_t offset, std::span<std::byte> to, const std::filesystem::path& path, ErrorKind kind = ErrorKind::Input) {
    while (!to.empty()) {
        const ssize_t got = ::pread(fd, to.data(), to.size(), off_t(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) refuseRead(path, errno, kind);
        if (got == 0) return false;
        offset += std::uint64_t(got);
        to = to.subspan(std::size_t(got));
    }
    return true;
}

[[noreturn]] void refuse(const std::filesystem::path& path, int reason) {
    throw Error(ErrorKind::Output, "cannot write '" + path.string() + "': " + systemReason(reason) +
                                       "; free some room, or save the project in another place. Nothing is lost while the program runs");
}

// Values beyond this are checked when they are asked for, so that opening does not read them all.
constexpr std::uint64_t kLooked = 1 << 16;

}  // namespace

Journal::~Journal() {
    if (m_fd >= 0) ::close(m_fd);
}

Journal::Journal(Journal&& other) noexcept
    : m_path(std::move(other.m_path)), m_fd(std::exchange(other.m_fd, -1)), m_generation(std::move(other.m_generation)), m_end(other.m_end) {}

Journal& Journal::operator=(Journal&& other) noexcept {
    if (this == &other) return *this;
    if (m_fd >= 0) ::close(m_fd);
    m_path = std::move(other.m_path);
    m_fd = std::exchange(other.m_fd, -1);
    m_generation = std::move(other.m_generation);
    m_end = other.m_end;
    return *this;
}

bool Journal::empty() const noexcept { return m_end <= kHeadBytes; }

std::optional<Journal> Journal::open(const std::filesystem::path& path, bool writable, const Found& found) {
    const int fd = ::open(path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return std::nullopt;
    if (fd < 0) refuseRead(path, errno, ErrorKind::Input);
    Journal journal(path, fd, {}, kHeadBytes);
    std::array<std::byte, kHeadBytes> head;
    if (!readAt(fd, 0, head, path) || std::memcmp(head.data(), kMagic.data(), kMagic.size()) != 0) return journal;
    journal.m_generation.assign(reinterpret_cast<const char*>(head.data()) + kMagicBytes, kGenerationBytes);

    struct stat status {};
    ::fstat(fd, &status);
    const auto size = std::uint64_t(status.st_size);
    std::vector<std::pair<std::string, std::optional<Place>>> group;
    for (std::uint64_t at = kHeadBytes;;) {
        RecordHead record;
        if (!readAt(fd, at, std::as_writable_bytes(std::span(&record, 1)), path) || record.mark != RecordHead().mark || record.keyBytes > kMostKey) break;
        std::string key(std::size_t(record.keyBytes), '\0');
        if (!readAt(fd, at + sizeof record, std::as_writable_bytes(std::span(key.data(), key.size())), path) || sumOf(record, key) != record.sum) break;
        const Place place{at + sizeof record + record.keyBytes, record.valueBytes, record.valueSum};
        if (place.offset > size || place.length > size - place.offset) break;
        if (record.valueBytes <= kLooked) {
            std::vector<std::byte> value(std::size_t(record.valueBytes));
            if (!readAt(fd, place.offset, value, path) || checksum(value) != record.valueSum) break;
        }
        at = place.offset + place.length;
        if (record.kind == std::uint32_t(Kind::End)) {
            for (const auto& [name, where] : group) found(name, where);
            group.clear();
            journal.m_end = at;
        } else {
            group.emplace_back(std::move(key), record.kind == std::uint32_t(Kind::Put) ? std::optional(place) : std::nullopt);
        }
    }
    if (writable && journal.m_end < size && ::ftruncate(fd, off_t(journal.m_end)) != 0) refuse(path, errno);
    return journal;
}

Journal Journal::create(const std::filesystem::path& path, const std::string& generation) {
    std::string head(kHeadBytes, '\0');
    kMagic.copy(head.data(), kMagic.size());
    generation.copy(head.data() + kMagicBytes, kGenerationBytes);
    SaveFile file(path, path.string() + "-new");
    file.write(head);
    file.commit();
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) refuse(path, errno);
    return Journal(path, fd, generation, kHeadBytes);
}

std::vector<Journal::Place> Journal::append(std::span<const Change> changes) {
    // A journal that was moved or removed would take the changes and keep nothing.
    struct stat here {}, there {};
    if (::fstat(m_fd, &here) != 0 || ::stat(m_path.c_str(), &there) != 0 || here.st_ino != there.st_ino || here.st_dev != there.st_dev)
        throw Error(ErrorKind::Output, "'" + m_path.string() + "', which keeps the edits since the last save, was removed by another program; save the project now, here or in another place. Nothing is lost while the program runs");
    std::vector<RecordHead> heads;
    std::vector<Place> places;
    heads.reserve(changes.size() + 1);
    std::vector<iovec> pieces;
    std::uint64_t at = m_end;
    const auto add = [&](const void* bytes, std::size_t count) {
        if (count > 0) pieces.push_back({const_cast<void*>(bytes), count});
        at += count;
    };
    for (const Change& change : changes) {
        const auto value = change.value.value_or(std::span<const std::byte>());
        heads.push_back(headFor(change.value ? Kind::Put : Kind::Erase, change.key, value));
        add(&heads.back(), sizeof(RecordHead));
        add(change.key.data(), change.key.size());
        places.push_back({at, value.size(), heads.back().valueSum});
        add(value.data(), value.size());
    }
    heads.push_back(headFor(Kind::End, {}, {}));
    add(&heads.back(), sizeof(RecordHead));

    std::uint64_t written = m_end;
    const auto giveUp = [&](int reason) {
        // What was begun would be cut off at the next opening anyway.
        [[maybe_unused]] const int ignored = ::ftruncate(m_fd, off_t(m_end));
        refuse(m_path, reason);
    };
    constexpr std::size_t kMostPieces = 512;  // below IOV_MAX
    for (std::size_t first = 0; first < pieces.size();) {
        const ssize_t done = ::pwritev(m_fd, pieces.data() + first, int(std::min(pieces.size() - first, kMostPieces)), off_t(written));
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) giveUp(done < 0 ? errno : ENOSPC);
        written += std::uint64_t(done);
        for (std::size_t left = std::size_t(done); left > 0;) {
            iovec& piece = pieces[first];
            const std::size_t part = std::min(left, piece.iov_len);
            piece.iov_base = static_cast<char*>(piece.iov_base) + part;
            piece.iov_len -= part;
            left -= part;
            if (piece.iov_len == 0) ++first;
        }
    }
    if (::fdatasync(m_fd) != 0) giveUp(errno);
    m_end = at;
    return places;
}

void Journal::moveTo(const std::filesystem::path& path) {
    if (::rename(m_path.c_str(), path.c_str()) != 0) refuse(path, errno);
    m_path = path;
    if (const int fd = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); fd >= 0) {
        ::fsync(fd);
        ::close(fd);
    }
}

std::vector<std::byte> Journal::read(const Place& place) const {
    std::vector<std::byte> value(std::size_t(place.length));
    if (!readAt(m_fd, place.offset, value, m_path, ErrorKind::Output) || checksum(value) != place.sum)
        refuseInput("'" + m_path.string() + "' holds a record that is damaged; what was saved before is still in the project file");
    return value;
}

}  // namespace bitlathe
