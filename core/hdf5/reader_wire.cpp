#include "core/hdf5/reader_wire.h"

#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>

namespace bitlathe::hdf5_wire {

namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t(1) << 30;  // of a message without raw data

struct Head {
    std::uint32_t kind, texts;
    std::uint64_t numbers, bytes, behind;  // bytes: of the texts with their lengths
};

template <class T>
void put(std::string& to, const T& value) { to.append(reinterpret_cast<const char*>(&value), sizeof value); }

}  // namespace

bool sendBytes(int socket, std::span<const std::byte> bytes) noexcept {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
}

bool receiveBytes(int socket, std::span<std::byte> bytes, int timeoutMs) noexcept {
    while (!bytes.empty()) {
        pollfd wait{socket, POLLIN, 0};
        const int ready = ::poll(&wait, 1, timeoutMs);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        const ssize_t got = ::recv(socket, bytes.data(), bytes.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
    return true;
}

bool send(int socket, const Message& message) noexcept {
    std::string body;
    for (const std::string& text : message.texts) {
        put(body, static_cast<std::uint64_t>(text.size()));
        body += text;
    }
    const Head head{message.kind, static_cast<std::uint32_t>(message.texts.size()), message.numbers.size(), body.size(), message.bytesBehind};
    return sendBytes(socket, std::as_bytes(std::span(&head, 1))) && sendBytes(socket, std::as_bytes(std::span(body.data(), body.size()))) &&
           sendBytes(socket, std::as_bytes(std::span(message.numbers)));
}

std::optional<Message> receive(int socket, int timeoutMs) {
    Head head;
    if (!receiveBytes(socket, std::as_writable_bytes(std::span(&head, 1)), timeoutMs)) return std::nullopt;
    if (head.bytes > kMostBytes || head.numbers > kMostBytes / sizeof(std::int64_t)) return std::nullopt;
    Message message;
    message.kind = head.kind;
    message.bytesBehind = head.behind;
    std::string body(head.bytes, '\0');
    if (!receiveBytes(socket, std::as_writable_bytes(std::span(body.data(), body.size())), timeoutMs)) return std::nullopt;
    std::size_t at = 0;
    for (std::uint32_t i = 0; i < head.texts; ++i) {
        std::uint64_t size = 0;
        if (body.size() - at < sizeof size) return std::nullopt;
        std::memcpy(&size, body.data() + at, sizeof size);
        at += sizeof size;
        if (size > body.size() - at) return std::nullopt;
        message.texts.push_back(body.substr(at, size));
        at += size;
    }
    message.numbers.resize(head.numbers);
    if (!receiveBytes(socket, std::as_writable_bytes(std::span(message.numbers)), timeoutMs)) return std::nullopt;
    return message;
}

}  // namespace bitlathe::hdf5_wire
