#include "core/hdf5/hdf5_file.h"

#include "core/base/error.h"
#include "core/hdf5/reader_wire.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <mutex>

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
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    operator int() const { return m_id; }
    void close() {
        if (m_id >= 0) ::close(m_id);
        m_id = -1;
    }

private:
    int m_id;
};

}  // namespace

struct Hdf5File::Impl {
    std::string path;
    Descriptor socket;
    pid_t child = -1;
    bool owed = false;  // bytes behind the last reply that nobody has taken
    std::mutex mutex;

    Impl(std::string file, int id) : path(std::move(file)), socket(id) {}
    ~Impl() {
        socket.close();  // the child ends at that, unless it hangs
        int status = 0;
        if (child >= 0 && !ended(status)) end();
    }

    // Waits a moment for the child to end by itself.
    bool ended(int& status) {
        constexpr int kTries = 200, kPauseUs = 1000;
        for (int i = 0; i < kTries; ++i) {
            if (::waitpid(child, &status, WNOHANG) != 0) {
                child = -1;
                return true;
            }
            ::usleep(kPauseUs);
        }
        return false;
    }

    void end() {
        ::kill(child, SIGKILL);
        while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {}
        child = -1;
    }

    [[noreturn]] void refuse(const std::string& what) const { refuseInput("'" + path + "': " + what + "; the file may be damaged, make it again"); }

    [[noreturn]] void lost() {
        if (child < 0) refuse("HDF5 gave up on it before");
        int status = 0;
        const bool gone = ended(status);
        if (!gone) end();
        if (gone && WIFSIGNALED(status)) refuse("the HDF5 library crashed on it (signal " + std::to_string(WTERMSIG(status)) + ")");
        refuse(gone ? "the HDF5 library stopped on it" : "the HDF5 library does not come to an end on it");
    }

    Message ask(Operation operation, std::vector<std::string> texts = {}, std::vector<std::int64_t> numbers = {}) {
        if (owed && child >= 0) end();  // what follows would be read as an answer
        if (child < 0) lost();
        if (!send(socket, {static_cast<std::uint32_t>(operation), std::move(texts), std::move(numbers), 0})) lost();
        auto reply = receive(socket, kPatienceMs);
        if (!reply) lost();
        owed = reply->bytesBehind > 0;
        if (static_cast<Status>(reply->kind) == Status::Refused) refuseInput(reply->texts.empty() ? "'" + path + "' cannot be read" : reply->texts[0]);
        return std::move(*reply);
    }

    Hdf5ArrayInfo infoOf(const Message& reply) {
        constexpr std::size_t kMostAxes = 32;
        if (reply.numbers.empty() || reply.numbers.size() > kMostAxes + 1) refuse("its array has no sound shape");
        const std::vector<std::int64_t> dims(reply.numbers.begin() + 1, reply.numbers.end());
        constexpr std::int64_t kMostElements = std::int64_t(1) << 56;
        if (const auto count = checkedCount(dims); !count || *count > kMostElements) refuse("its array has an impossible shape");
        if (reply.numbers[0] < 0 || reply.numbers[0] >= static_cast<std::int64_t>(ElementType::String)) refuse("its array has an unknown type");
        return {static_cast<ElementType>(reply.numbers[0]), Shape(dims)};
    }

    Tensor tensorOf(const Message& reply) {
        const Hdf5ArrayInfo info = infoOf(reply);
        if (static_cast<std::uint64_t>(bytesFor(info.type, info.shape.count())) != reply.bytesBehind) refuse("its array has no sound size");
        std::byte* bytes = nullptr;
        Tensor tensor = Tensor::allocate(info.type, info.shape, bytes);
        if (!receiveBytes(socket, {bytes, reply.bytesBehind}, kPatienceMs)) lost();
        owed = false;
        return tensor;
    }
};

Hdf5File::Hdf5File(const std::string& path) {
    const fs::path program = readerProgram();
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw Error(ErrorKind::Input, "cannot open '" + path + "': no more sockets (" + systemReason(errno) + "); close other programs");
    m_impl = std::make_unique<Impl>(path, ends[0]);
    Descriptor other(ends[1]);
    // Descriptor 3 is the child's; one that lies there already is moved away first, for dup2 onto itself keeps CLOEXEC.
    Descriptor above(::fcntl(other, F_DUPFD_CLOEXEC, 10));
    if (above < 0) throw Error(ErrorKind::Input, "cannot open '" + path + "': no more descriptors (" + systemReason(errno) + "); close other files and programs");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, above, 3);
    posix_spawn_file_actions_addclosefrom_np(&actions, 4);  // a file that is being written would stay locked
    std::string name = program.string(), argument = "--socket";
    std::array<char*, 3> arguments = {name.data(), argument.data(), nullptr};
    const int failed = ::posix_spawn(&m_impl->child, program.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        m_impl->child = -1;
        throw Error(ErrorKind::Input, "cannot open '" + path + "': the program that reads HDF5 does not start (" + systemReason(failed) + "); close other programs");
    }
    m_impl->ask(Operation::Open, {path});
}

Hdf5File::~Hdf5File() = default;

std::vector<std::string> Hdf5File::datasets() const {
    std::lock_guard lock(m_impl->mutex);
    return m_impl->ask(Operation::Datasets).texts;
}

std::optional<Hdf5ArrayInfo> Hdf5File::describe(const std::string& name) const {
    std::lock_guard lock(m_impl->mutex);
    const Message reply = m_impl->ask(Operation::Describe, {name});
    if (static_cast<Status>(reply.kind) == Status::Nothing) return std::nullopt;
    return m_impl->infoOf(reply);
}

Tensor Hdf5File::readRows(const std::string& name, std::int64_t begin, std::int64_t count) const {
    std::lock_guard lock(m_impl->mutex);
    return m_impl->tensorOf(m_impl->ask(Operation::ReadRows, {name}, {begin, count}));
}

Tensor Hdf5File::read(const std::string& name) const {
    std::lock_guard lock(m_impl->mutex);
    return m_impl->tensorOf(m_impl->ask(Operation::Read, {name}));
}

bool Hdf5File::contains(const std::string& path) const {
    std::lock_guard lock(m_impl->mutex);
    return static_cast<Status>(m_impl->ask(Operation::Contains, {path}).kind) == Status::Done;
}

std::optional<std::string> Hdf5File::textAttribute(const std::string& object, const std::string& attribute) const {
    std::lock_guard lock(m_impl->mutex);
    const Message reply = m_impl->ask(Operation::Text, {object, attribute});
    if (static_cast<Status>(reply.kind) == Status::Nothing || reply.texts.empty()) return std::nullopt;
    return reply.texts[0];
}

std::optional<std::vector<std::string>> Hdf5File::textsAttribute(const std::string& object, const std::string& attribute) const {
    std::lock_guard lock(m_impl->mutex);
    Message reply = m_impl->ask(Operation::Texts, {object, attribute});
    if (static_cast<Status>(reply.kind) == Status::Nothing) return std::nullopt;
    return std::move(reply.texts);
}

Hdf5Node Hdf5File::node(const std::string& name) const {
    constexpr std::uint64_t kMostBytes = std::uint64_t(1) << 34;
    std::lock_guard lock(m_impl->mutex);
    const Message reply = m_impl->ask(Operation::Node, {name});
    if (reply.bytesBehind > kMostBytes) m_impl->refuse("'" + name + "' has no sound size");
    std::vector<std::byte> bytes(reply.bytesBehind);
    if (!receiveBytes(m_impl->socket, bytes, kPatienceMs)) m_impl->lost();
    m_impl->owed = false;
    return unpackNode(bytes, m_impl->path);
}

std::vector<std::string> Hdf5File::groups(const std::string& name) const {
    std::lock_guard lock(m_impl->mutex);
    return m_impl->ask(Operation::Groups, {name}).texts;
}

}  // namespace bitlathe
