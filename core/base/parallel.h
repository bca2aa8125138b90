// Parallel loops over fixed chunks. The cut never depends on the number of threads, so a caller that
// combines its partial results in chunk order gets the same bits from one thread as from sixty-four.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace bitlathe {

// A crew of threads that stays alive between loops; the calling thread works too. One loop at a time
// per crew: a second caller waits its turn, and a loop inside a loop runs in its own thread. Handed
// down by reference; never global.
class Workers {
public:
    explicit Workers(int threads = 0);  // 0: as many as the machine has cores for this process
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    int threads() const noexcept;

    // Calls body(chunk) once for each chunk 0..chunks-1, in any order and from any of the threads.
    // The first exception thrown by a body is rethrown here, after every started chunk has ended.
    void forEach(std::int64_t chunks, const std::function<void(std::int64_t chunk)>& body);

    // Cuts 0..count into pieces of `grain` (the last one may be shorter): body(begin, end).
    void forRange(std::int64_t count, std::int64_t grain,
                  const std::function<void(std::int64_t begin, std::int64_t end)>& body);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

int availableThreads() noexcept;

}  // namespace bitlathe
