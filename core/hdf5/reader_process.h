// The child process in which HDF5 reads one file from outside, seen from the parent: started, asked, and ended. For
// files of core/hdf5 alone.
#pragma once

#include "core/hdf5/hdf5_array.h"
#include "core/hdf5/reader_wire.h"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

namespace bitlathe {

// Every call throws Error with the kind that the child gave, Error(Input) when the child has crashed or does not
// answer for a minute. One call at a time: hold `mutex`.
class ReaderProcess {
public:
    // Starts the program and opens the file in it.
    explicit ReaderProcess(const std::string& path);
    ~ReaderProcess();
    ReaderProcess(const ReaderProcess&) = delete;
    ReaderProcess& operator=(const ReaderProcess&) = delete;

    // bytes follow the request.
    hdf5_wire::Message ask(hdf5_wire::Operation operation, std::vector<std::string> texts = {}, std::vector<std::int64_t> numbers = {}, std::span<const std::byte> bytes = {});
    // What stands behind the last reply.
    Tensor tensorOf(const hdf5_wire::Message& reply);
    std::vector<std::byte> bytesOf(const hdf5_wire::Message& reply);
    // Checked, for the child reads hostile files.
    Hdf5ArrayInfo infoOf(const hdf5_wire::Message& reply) const;

    const std::string& path() const noexcept { return m_path; }
    // From now on the child writes: when it is lost, that may be the disk's fault.
    void beginWriting() noexcept { m_writes = true; }
    std::mutex mutex;

private:
    struct Child {
        int socket;
        pid_t process;
    };
    ReaderProcess(const std::string& path, Child child);
    static Child start(const std::string& path);
    [[noreturn]] void refuse(const std::string& what) const;
    [[noreturn]] void lost();
    bool ended(int& status);
    void end();

    std::string m_path;
    int m_socket = -1;
    pid_t m_child = -1;
    bool m_writes = false;
    bool m_owed = false;  // bytes behind the last reply that nobody has taken
};

}  // namespace bitlathe
