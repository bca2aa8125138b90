#include "core/base/lost_pages.h"

#include <array>
#include <atomic>
#include <mutex>
#include <string>

#include <csignal>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bitlathe {

namespace {

// The handler reads it at any time, on any thread: atomics only. A place is taken while `end` is not 0.
struct Place {
    std::atomic<std::uintptr_t> begin{0}, end{0};
    std::atomic<bool> taken{false}, lost{false};
    std::atomic<int> fd{-1};
    std::atomic<const char*> path{nullptr};
};
constexpr int kPlaces = 1024;
std::array<Place, kPlaces> places;
std::atomic<std::uint64_t> losses{0};
std::uintptr_t pageSize = 4096;
struct sigaction before {};
std::mutex pathMutex;  // paths live as long as their guards; the handler reads none

int placeOf(std::uintptr_t address) noexcept {
    for (int i = 0; i < kPlaces; ++i) {
        const std::uintptr_t end = places[std::size_t(i)].end.load(std::memory_order_acquire);
        if (end != 0 && address < end && address >= places[std::size_t(i)].begin.load(std::memory_order_relaxed)) return i;
    }
    return -1;
}

// A file loses its end, so everything from the missing page on becomes zeros at once.
void onBusError(int, siginfo_t* info, void*) {
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    const int found = placeOf(address);
    if (found >= 0) {
        Place& place = places[std::size_t(found)];
        const std::uintptr_t page = address / pageSize * pageSize;
        void* zeros = ::mmap(reinterpret_cast<void*>(page), place.end.load() - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
        if (zeros != MAP_FAILED) {
            place.lost = true;
            ++losses;
            return;
        }
    }
    ::sigaction(SIGBUS, &before, nullptr);  // not ours: the access repeats, and what was there before decides
}

void installOnce() {
    static std::once_flag once;
    std::call_once(once, [] {
        pageSize = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
        struct sigaction action {};
        action.sa_sigaction = onBusError;
        action.sa_flags = SA_SIGINFO;
        sigemptyset(&action.sa_mask);
        ::sigaction(SIGBUS, &action, &before);
    });
}

bool intactAt(const Place& place) noexcept {
    if (place.lost) return false;
    struct stat info {};
    return ::fstat(place.fd, &info) != 0 || static_cast<std::uintptr_t>(info.st_size) >= place.end - place.begin;
}

std::string sentence(const char* path) {
    return "'" + std::string(path) + "' was cut short by another program while it was open; write the whole file again, then reload it";
}

}  // namespace

PageGuard::PageGuard(std::span<const std::byte> mapping, int fd, const char* path) noexcept {
    installOnce();
    for (int i = 0; i < kPlaces && m_place < 0; ++i)
        if (!places[std::size_t(i)].taken.exchange(true)) m_place = i;
    if (m_place < 0) return;
    Place& place = places[std::size_t(m_place)];
    place.lost = false;
    place.fd = fd;
    {
        const std::lock_guard lock(pathMutex);
        place.path = path;
    }
    place.begin = reinterpret_cast<std::uintptr_t>(mapping.data());
    place.end.store(reinterpret_cast<std::uintptr_t>(mapping.data()) + mapping.size(), std::memory_order_release);
}

PageGuard::~PageGuard() {
    if (m_place < 0) return;
    Place& place = places[std::size_t(m_place)];
    place.end = 0;
    {
        const std::lock_guard lock(pathMutex);
        place.path = nullptr;
    }
    place.taken = false;
}

bool PageGuard::intact() const noexcept { return m_place < 0 || intactAt(places[std::size_t(m_place)]); }

std::uint64_t lostPages() noexcept { return losses.load(std::memory_order_acquire); }

Error lostPagesError() {
    const std::lock_guard lock(pathMutex);
    for (const Place& place : places)
        if (const char* path = place.path; place.lost && path) return Error(ErrorKind::Input, sentence(path));
    return Error(ErrorKind::Input, "a file was cut short by another program while it was open; write the whole file again, then reload it");
}

void refuseLostPages(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    const int found = placeOf(reinterpret_cast<std::uintptr_t>(bytes.data()));
    if (found >= 0 && !intactAt(places[std::size_t(found)])) throw Error(ErrorKind::Input, sentence(places[std::size_t(found)].path));
}

}  // namespace bitlathe
