#include "app/post.h"

#include <QMetaObject>
#include <QObject>
#include <memory>
#include <mutex>

namespace bitlathe {
namespace {

// What a worker may still hold when the window has gone.
struct Door {
    std::mutex mutex;
    QObject* receiver = nullptr;
};

// Lives on the UI thread; closes the door when it dies, so that a late worker finds nobody and leaves.
class Receiver : public QObject {
public:
    Receiver(QObject* parent, std::shared_ptr<Door> door) : QObject(parent), m_door(std::move(door)) { m_door->receiver = this; }
    ~Receiver() override {
        std::lock_guard lock(m_door->mutex);
        m_door->receiver = nullptr;
    }

private:
    std::shared_ptr<Door> m_door;
};

}  // namespace

Post postTo(QObject* target) {
    auto door = std::make_shared<Door>();
    new Receiver(target, door);
    return [door](std::function<void()> function) {
        std::lock_guard lock(door->mutex);
        if (!door->receiver) return;
        QMetaObject::invokeMethod(door->receiver, [function = std::move(function)] { function(); }, Qt::QueuedConnection);
    };
}

}  // namespace bitlathe
