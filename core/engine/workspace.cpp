#include "core/engine/workspace.h"

#include "core/base/error.h"

#include <algorithm>
#include <new>
#include <string>

namespace bitlathe {

namespace {
constexpr std::align_val_t kAlignment{64};
constexpr std::int64_t kSlack = 64;  // vector loads may reach behind the last element
}  // namespace

void Workspace::refuse() const {
    throw Error(ErrorKind::Input, "this run needs more than " + std::to_string(m_limit >> 20) + " MiB for its tensors; choose a smaller batch or a smaller input");
}

Tensor Workspace::allocate(ElementType type, Shape shape, std::byte*& bytes) {
    // Beyond this the number of bytes might not fit its type.
    constexpr std::int64_t kMostElements = std::int64_t(1) << 50;
    if (shape.count() > kMostElements) refuse();
    const std::int64_t size = bytesFor(type, shape.count());
    // Best fit among the free blocks; a block more than four times too large waits for its own kind.
    Block* best = nullptr;
    for (Block& block : m_blocks)
        if (block.bytes.use_count() == 1 && block.size >= size && block.size / 4 <= size + 4096 && (!best || block.size < best->size))
            best = &block;
    if (!best) {
        const std::int64_t rounded = (size + 255) / 256 * 256;
        if (rounded > m_limit - m_held) {  // make room: free blocks go first
            std::erase_if(m_blocks, [&](const Block& block) {
                if (block.bytes.use_count() != 1) return false;
                m_held -= block.size;
                return true;
            });
        }
        if (rounded > m_limit - m_held) refuse();
        auto* fresh = static_cast<std::byte*>(::operator new(static_cast<std::size_t>(rounded + kSlack), kAlignment));
        m_blocks.push_back({std::shared_ptr<std::byte>(fresh, [](std::byte* at) { ::operator delete(at, kAlignment); }), rounded});
        m_held += rounded;
        best = &m_blocks.back();
    }
    bytes = best->bytes.get();
    return Tensor(type, std::move(shape), {bytes, static_cast<std::size_t>(size)}, best->bytes);
}

std::byte* Workspace::ownedBytes(const Tensor& tensor) const noexcept {
    // Two owners: the block list and this tensor.
    if (tensor.owner().use_count() != 2) return nullptr;
    for (const Block& block : m_blocks)
        if (block.bytes.get() == tensor.bytes().data() && block.bytes == tensor.owner()) return block.bytes.get();
    return nullptr;
}

void Workspace::release() {
    std::erase_if(m_blocks, [&](const Block& block) {
        if (block.bytes.use_count() == 1) return false;
        m_held -= block.size;
        return true;
    });
}

}  // namespace bitlathe
