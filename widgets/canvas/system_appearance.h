// Asks the desktop whether it prefers dark, over the freedesktop settings portal on the session bus,
// and says when that changes. Where there is no portal it stays silent. Knows no colours.
#pragma once

#include <QDBusVariant>
#include <QObject>

namespace bitlathe {

class SystemAppearance : public QObject {
    Q_OBJECT
public:
    explicit SystemAppearance(QObject* parent);

signals:
    void preferred(bool dark);

private slots:
    void onChanged(const QString& space, const QString& key, const QDBusVariant& value);

private:
    void take(const QVariant& value);
};

}  // namespace bitlathe
