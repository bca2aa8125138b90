#include "widgets/canvas/system_appearance.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>

namespace bitlathe {

namespace {

constexpr const char* service = "org.freedesktop.portal.Desktop";
constexpr const char* path = "/org/freedesktop/portal/desktop";
constexpr const char* interface = "org.freedesktop.portal.Settings";
const QString space = QStringLiteral("org.freedesktop.appearance");
const QString scheme = QStringLiteral("color-scheme");

}  // namespace

SystemAppearance::SystemAppearance(QObject* parent) : QObject(parent) {
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected()) return;
    bus.connect(service, path, interface, QStringLiteral("SettingChanged"), this,
                SLOT(onChanged(QString, QString, QDBusVariant)));
    QDBusMessage read = QDBusMessage::createMethodCall(service, path, interface, QStringLiteral("Read"));
    read << space << scheme;
    auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(read, 2000), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher] {
        const QDBusPendingReply<QDBusVariant> reply = *watcher;
        if (!reply.isError()) take(reply.value().variant());
        watcher->deleteLater();
    });
}

void SystemAppearance::onChanged(const QString& changedSpace, const QString& key, const QDBusVariant& value) {
    if (changedSpace == space && key == scheme) take(value.variant());
}

void SystemAppearance::take(const QVariant& value) {
    // Read() wraps the value twice. 1 = prefers dark, 2 = prefers light, 0 = no preference.
    QVariant plain = value;
    while (plain.canConvert<QDBusVariant>()) plain = plain.value<QDBusVariant>().variant();
    const int preference = plain.toInt();
    if (preference == 1 || preference == 2) emit preferred(preference == 1);
}

}  // namespace bitlathe
