// Snapshots on their way to the screen: newest wins, the reader never waits. Knows no Qt.
#pragma once

#include <atomic>
#include <memory>

namespace bitlathe {

// One slot. post() from any thread; take() from the one reader. post() says whether the slot was
// empty, so that the writer wakes the reader once and not for every snapshot.
template <class T>
class Mailbox {
public:
    ~Mailbox() { delete m_slot.load(); }
    Mailbox() = default;
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    bool post(std::shared_ptr<const T> snapshot) {
        auto* fresh = new std::shared_ptr<const T>(std::move(snapshot));
        auto* old = m_slot.exchange(fresh, std::memory_order_acq_rel);
        delete old;
        return old == nullptr;
    }
    // The newest snapshot, or null when there is none since the last take().
    std::shared_ptr<const T> take() {
        auto* got = m_slot.exchange(nullptr, std::memory_order_acq_rel);
        if (!got) return nullptr;
        std::shared_ptr<const T> snapshot = std::move(*got);
        delete got;
        return snapshot;
    }

private:
    std::atomic<std::shared_ptr<const T>*> m_slot{nullptr};
};

}  // namespace bitlathe
