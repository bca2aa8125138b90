// Damaged versions of a sample file, the same ones in every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace bitlathe {

// The `index`-th damaged version of the sample: bits flipped, bytes replaced by extreme ones, pieces cut out,
// doubled, swapped or overwritten with other pieces, the end cut off. Depends on nothing but its arguments.
std::string mutated(const std::string& sample, std::uint64_t index);

// The same for a serialized ModelProto, one level higher: operators, names, attributes, shapes and the order
// of nodes are changed, and the result is a well-formed message again.
std::string mutatedOnnx(const std::string& sample, std::uint64_t index);

// A file in memory under a path (/proc/self/fd/N), so that readers that map files can be fuzzed without a disk.
class MemoryFile {
public:
    MemoryFile();
    ~MemoryFile();
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    // Replaces the content; nobody may have the old one mapped.
    std::string write(const std::string& bytes);

private:
    int m_fd = -1;
};

}  // namespace bitlathe
