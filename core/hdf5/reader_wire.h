// What Hdf5File and its child process say to each other over a socket: a request is an operation with texts and
// numbers, a reply a status with texts and numbers, and bytes behind it. Both ends are this program's; still, the
// parent checks every length, for the child reads hostile files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bitlathe::hdf5_wire {

enum class Operation : std::uint32_t { Open, Datasets, Describe, ReadRows, Read, Contains, Text, Texts, Node, Groups,
                                       CopyStart, CopyArray, CopyReplace, CopyNode, CopyAttribute, CopyEnd };
enum class Status : std::uint32_t { Done, Nothing, Refused };  // Refused: the first text says why, the first number is the ErrorKind

struct Message {
    std::uint32_t kind = 0;  // Operation or Status
    std::vector<std::string> texts;
    std::vector<std::int64_t> numbers;
    std::uint64_t bytesBehind = 0;  // of raw data that follow the message
};

// Without the raw data. False when the other end is gone, or for `timeoutMs` (-1: never) says nothing.
bool send(int socket, const Message& message) noexcept;
bool sendBytes(int socket, std::span<const std::byte> bytes) noexcept;
std::optional<Message> receive(int socket, int timeoutMs);
bool receiveBytes(int socket, std::span<std::byte> bytes, int timeoutMs) noexcept;

}  // namespace bitlathe::hdf5_wire
