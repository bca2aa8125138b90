#include "app/post.h"

#include <QMetaObject>
#include <QObject>

namespace bitlathe {
namespace {

// Lives on the UI thread as the receiver; workers never touch it, only Qt's thread-safe event queue does.
class Receiver : public QObject {
public:
    using QObject::QObject;
};

}  // namespace

Post postTo(QObject* target) {
    auto* receiver = new Receiver(target);
    return [receiver](std::function<void()> function) {
        QMetaObject::invokeMethod(receiver, [function = std::move(function)] { function(); }, Qt::QueuedConnection);
    };
}

}  // namespace bitlathe
