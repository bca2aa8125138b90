#include "core/engine/operator.h"

#include "core/base/error.h"

#include <algorithm>
#include <mutex>

namespace bitlathe {

std::string placeOf(const Node& node) { return "node '" + node.name + "' (" + node.qualifiedOp() + "): "; }

void PrepareContext::fail(std::string_view what) const { throw Error(ErrorKind::Input, placeOf(node) + std::string(what)); }
void OperatorContext::fail(std::string_view what) const {
    throw Error(ErrorKind::Input, placeOf(node()) + std::string(what));
}
void OperatorContext::refuse(std::string_view what) const {
    throw Error(ErrorKind::Unsupported, placeOf(node()) + std::string(what));
}

const Tensor& OperatorContext::input(std::size_t i) const {
    const Tensor* tensor = optional(i);
    if (!tensor) fail("input " + std::to_string(i) + " is missing; the file is damaged or was written by a faulty exporter");
    return *tensor;
}

std::byte* OperatorContext::outputBytes(std::size_t i, ElementType type, Shape shape) {
    if (!checkedCount(shape.dims())) fail("the shape of its output is impossible: " + toText(shape));
    std::byte* bytes = nullptr;
    Tensor tensor = m_parts.workspace.allocate(type, std::move(shape), bytes);
    if (i < m_outputs.size()) m_outputs[i] = std::move(tensor);
    else m_scratch.push_back(std::move(tensor));
    return bytes;
}

std::byte* OperatorContext::outputBytesOver(std::size_t i, std::size_t over, ElementType type, Shape shape) {
    const Tensor* from = optional(over);
    if (from && over < m_parts.dying.size() && m_parts.dying[over] && i < m_outputs.size() &&
        static_cast<std::int64_t>(from->bytes().size()) == bytesFor(type, shape.count())) {
        if (std::byte* bytes = m_parts.workspace.ownedBytes(*from)) {
            m_outputs[i] = Tensor(type, std::move(shape), from->bytes(), from->owner());
            return bytes;
        }
    }
    return outputBytes(i, type, std::move(shape));
}

std::byte* OperatorContext::scratchBytes(std::int64_t count) {
    std::byte* bytes = nullptr;
    m_scratch.push_back(m_parts.workspace.allocate(ElementType::U8, Shape{count}, bytes));
    return bytes;
}

void OperatorContext::forEach(std::int64_t chunks, const std::function<void(std::int64_t)>& body) {
    m_parts.workers.forEach(chunks, [&](std::int64_t chunk) {
        if (!m_parts.job.stopRequested()) body(chunk);
    });
}

void OperatorContext::forEachWithScratch(std::int64_t chunks, std::int64_t bytes,
                                         const std::function<void(std::int64_t, std::byte*)>& body) {
    const std::int64_t slots = std::min<std::int64_t>(chunks, m_parts.workers.threads());
    if (slots <= 0) return;
    if (bytes == 0) return forEach(chunks, [&](std::int64_t chunk) { body(chunk, nullptr); });
    bytes = (bytes + 63) / 64 * 64;
    std::byte* memory = scratchBytes(slots * bytes);
    std::mutex mutex;
    std::vector<std::byte*> free;
    for (std::int64_t i = 0; i < slots; ++i) free.push_back(memory + i * bytes);
    forEach(chunks, [&](std::int64_t chunk) {
        std::unique_lock lock(mutex);
        std::byte* mine = free.back();
        free.pop_back();
        lock.unlock();
        body(chunk, mine);
        lock.lock();
        free.push_back(mine);
    });
}

void OperatorContext::forRange(std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& body) {
    m_parts.workers.forRange(count, grain, [&](std::int64_t begin, std::int64_t end) {
        if (!m_parts.job.stopRequested()) body(begin, end);
    });
}

}  // namespace bitlathe
