#include "core/hdf5/reader_process.h"

#include "core/base/error.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bitlathe {

namespace fs = std::filesystem;
using namespace hdf5_wire;

namespace {

constexpr int kPatienceMs = 60'000;  // a healthy file answers in milliseconds

// Beside the running program, or where an installation keeps it.
fs::path readerProgram() {
    std::error_code none;
    const fs::path here = fs::read_symlink("/proc/self/exe", none).parent_path();
    for (const fs::path& place : {here / "bitlathe-hdf5-reader", here / "../libexec/bitlathe/bitlathe-hdf5-reader"})
        if (::access(place.c_str(), X_OK) == 0) return place;
    throw Error(ErrorKind::Unsupported, "the program 'bitlathe-hdf5-reader', which reads HDF5, is missing beside '" + here.string() + "'; install Bitlathe again");
}

class Descriptor {
public:
    explicit Descriptor(int id = -1) : m_id(id) {}
    ~Descriptor() {
        if (m_id >= 0) ::close(m_id);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    operator int() const { return m_id; }
    int release() { return std::exchange(m_id, -1); }

private:
    int m_id;
};

}  // namespace

ReaderProcess::ReaderProcess(const std::string& path) : ReaderProcess(path, start(path)) {
    ask(Operation::Open, {path});  // the other constructor is done: the child is ended where this throws
}

ReaderProcess::ReaderProcess(const std::string& path, Child child) : m_path(path), m_socket(child.socket), m_child(child.process) {}

ReaderProcess::Child ReaderProcess::start(const std::string& path) {
    const fs::path program = readerProgram();
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw Error(ErrorKind::Input, "cannot open '" + path + "': no more sockets (" + systemReason(errno) + "); close other programs");
    Descriptor own(ends[0]), other(ends[1]);
    // Descriptor 3 is the child's; one that lies there already is moved away first, for dup2 onto itself keeps CLOEXEC.
    Descriptor above(::fcntl(other, F_DUPFD_CLOEXEC, 10));
    if (above < 0) throw Error(ErrorKind::Input, "cannot open '" + path + "': no more descriptors (" + systemReason(errno) + "); close other files and programs");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, above, 3);
    posix_spawn_file_actions_addclosefrom_np(&actions, 4);  // a file that is being written would stay locked
    std::string name = program.string(), argument = "--socket";
    std::array<char*, 3> arguments = {name.data(), argument.data(), nullptr};
    pid_t process = -1;
    const int failed = ::posix_spawn(&process, program.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw Error(ErrorKind::Input, "cannot open '" + path + "': the program that reads HDF5 does not start (" + systemReason(failed) + "); close other programs");
    return {own.release(), process};
}

ReaderProcess::~ReaderProcess() {
    if (m_socket >= 0) ::close(std::exchange(m_socket, -1));  // the child ends at that, unless it hangs
    int status = 0;
    if (m_child >= 0 && !ended(status)) end();
}

// Waits a moment for the child to end by itself.
bool ReaderProcess::ended(int& status) {
    constexpr int kTries = 200, kPauseUs = 1000;
    for (int i = 0; i < kTries; ++i) {
        if (::waitpid(m_child, &status, WNOHANG) != 0) {
            m_child = -1;
            return true;
        }
        ::usleep(kPauseUs);
    }
    return false;
}

void ReaderProcess::end() {
    ::kill(m_child, SIGKILL);
    while (::waitpid(m_child, nullptr, 0) < 0 && errno == EINTR) {}
    m_child = -1;
}

void ReaderProcess::refuse(const std::string& what) const { refuseInput("'" + m_path + "': " + what + "; the file may be damaged, make it again"); }

void ReaderProcess::lost() {
    if (m_child < 0) refuse("HDF5 gave up on it before");
    int status = 0;
    const bool gone = ended(status);
    if (!gone) end();
    if (m_writes)
        throw Error(ErrorKind::Output, "cannot copy '" + m_path + "': the HDF5 library " + (gone ? "stopped" : "did not come to an end") +
                                           " while it wrote, on a file that is damaged or a disk that is full; free some room or choose another place");
    if (gone && WIFSIGNALED(status)) refuse("the HDF5 library crashed on it (signal " + std::to_string(WTERMSIG(status)) + ")");
    refuse(gone ? "the HDF5 library stopped on it" : "the HDF5 library does not come to an end on it");
}

Message ReaderProcess::ask(Operation operation, std::vector<std::string> texts, std::vector<std::int64_t> numbers, std::span<const std::byte> bytes) {
    if (m_owed && m_child >= 0) end();  // what follows would be read as an answer
    if (m_child < 0) lost();
    if (!send(m_socket, {static_cast<std::uint32_t>(operation), std::move(texts), std::move(numbers), bytes.size()}) || !sendBytes(m_socket, bytes)) lost();
    auto reply = receive(m_socket, kPatienceMs);
    if (!reply) lost();
    m_owed = reply->bytesBehind > 0;
    if (static_cast<Status>(reply->kind) == Status::Refused) {
        const bool output = !reply->numbers.empty() && reply->numbers[0] == static_cast<std::int64_t>(ErrorKind::Output);
        throw Error(output ? ErrorKind::Output : ErrorKind::Input, reply->texts.empty() ? "'" + m_path + "' cannot be read" : reply->texts[0]);
    }
    return std::move(*reply);
}

Hdf5ArrayInfo ReaderProcess::infoOf(const Message& reply) const {
    constexpr std::size_t kMostAxes = 32;
    if (reply.numbers.empty() || reply.numbers.size() > kMostAxes + 1) refuse("its array has no sound shape");
    const std::vector<std::int64_t> dims(reply.numbers.begin() + 1, reply.numbers.end());
    constexpr std::int64_t kMostElements = std::int64_t(1) << 56;
    if (const auto count = checkedCount(dims); !count || *count > kMostElements) refuse("its array has an impossible shape");
    if (reply.numbers[0] < 0 || reply.numbers[0] >= static_cast<std::int64_t>(ElementType::String)) refuse("its array has an unknown type");
    return {static_cast<ElementType>(reply.numbers[0]), Shape(dims)};
}

Tensor ReaderProcess::tensorOf(const Message& reply) {
    const Hdf5ArrayInfo info = infoOf(reply);
    if (static_cast<std::uint64_t>(bytesFor(info.type, info.shape.count())) != reply.bytesBehind) refuse("its array has no sound size");
    std::byte* bytes = nullptr;
    Tensor tensor = Tensor::allocate(info.type, info.shape, bytes);
    if (!receiveBytes(m_socket, {bytes, reply.bytesBehind}, kPatienceMs)) lost();
    m_owed = false;
    return tensor;
}

std::vector<std::byte> ReaderProcess::bytesOf(const Message& reply) {
    constexpr std::uint64_t kMostBytes = std::uint64_t(1) << 34;
    if (reply.bytesBehind > kMostBytes) refuse("one of its groups has no sound size");
    std::vector<std::byte> bytes(reply.bytesBehind);
    if (!receiveBytes(m_socket, bytes, kPatienceMs)) lost();
    m_owed = false;
    return bytes;
}

}  // namespace bitlathe
