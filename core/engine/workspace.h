// Scratch memory for runs: blocks that are used again as soon as no tensor refers to them. One run at a
// time per workspace; keep it between runs so that they allocate nothing. Knows no operators.
#pragma once

#include "core/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace bitlathe {

class Workspace {
public:
    // limitBytes: what the tensors of one run may take together; more throws Error(Input).
    explicit Workspace(std::int64_t limitBytes = std::int64_t(64) << 30) : m_limit(limitBytes) {}
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    // Uninitialised, 64-byte aligned, and readable for 64 bytes behind the end.
    Tensor allocate(ElementType type, Shape shape, std::byte*& bytes);
    // The writable bytes of a tensor whose block belongs to this workspace and that nobody else refers
    // to; null otherwise.
    std::byte* ownedBytes(const Tensor& tensor) const noexcept;
    // Gives up the blocks that are still referred to: their tensors leave the run and keep them.
    void release();

    std::int64_t heldBytes() const noexcept { return m_held; }

private:
    [[noreturn]] void refuse() const;
    struct Block {
        std::shared_ptr<std::byte> bytes;
        std::int64_t size = 0;
    };
    std::vector<Block> m_blocks;
    std::int64_t m_limit = 0;
    std::int64_t m_held = 0;
};

}  // namespace bitlathe
