#include "core/kernels/read_bytes.h"

#include <cstring>

#include "core/kernels/read_bytes_kernels.h"

namespace bitlathe {

std::uint64_t readBytes(Isa isa, const void* data, std::int64_t count) noexcept {
    const std::int64_t whole = isa >= Isa::Avx2 ? count / readStep * readStep : 0;
    std::uint64_t sum = isa >= Isa::Avx512Vnni ? readBytesAvx512(data, whole) : isa >= Isa::Avx2 ? readBytesAvx2(data, whole) : 0;
    const char* bytes = static_cast<const char*>(data);
    for (std::int64_t i = whole; i < count; i += 8) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, bytes + i, static_cast<std::size_t>(count - i < 8 ? count - i : 8));
        sum += eight;
    }
    return sum;
}

}  // namespace bitlathe
