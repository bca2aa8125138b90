#include "app/commands.h"

#include "widgets/canvas/icons.h"

#include <QAction>
#include <QGuiApplication>
#include <QSettings>
#include <QWidget>
#include <cassert>

namespace bitlathe {

Commands::Commands(QWidget& window) : QObject(&window), m_window(window) {}

QAction* Commands::add(Command command) {
    auto* action = new QAction(command.text, this);
    if (!command.icon.isEmpty()) action->setIcon(themeIcon(command.icon));
    const std::size_t index = m_commands.size();
    connect(action, &QAction::triggered, this, [this, index] {
        const Command& command = m_commands[index];
        const bool shiftIsTheKey = m_keys[index].toString().contains(QStringLiteral("Shift"));
        if (command.commandLine && !shiftIsTheKey && (QGuiApplication::keyboardModifiers() & Qt::ShiftModifier)) {
            emit commandLineWanted(command.commandLine());
            return;
        }
        command.run();
    });
    m_window.addAction(action);
    const QVariant kept = QSettings().value(QStringLiteral("keys/") + command.id);
    m_commands.push_back(std::move(command));
    m_actions.push_back(action);
    m_keys.emplace_back();
    applyKey(index, kept.isValid() ? QKeySequence(kept.toString(), QKeySequence::PortableText) : m_commands[index].key);
    return action;
}

void Commands::applyKey(std::size_t index, const QKeySequence& key) {
    m_keys[index] = key;
    const Command& command = m_commands[index];
    QAction* action = m_actions[index];
    action->setShortcut(command.held ? QKeySequence() : key);
    QString tip = command.tip.isEmpty() ? command.text : command.tip;
    if (!key.isEmpty()) tip += QStringLiteral("  (%1)").arg(key.toString(QKeySequence::NativeText));
    if (command.commandLine) tip += QLatin1Char('\n') + tr("Shift-click: the same as a command line");
    action->setToolTip(tip);
}

std::size_t Commands::indexOf(const QString& id) const {
    for (std::size_t i = 0; i < m_commands.size(); ++i)
        if (m_commands[i].id == id) return i;
    assert(false && "no such command");
    return 0;
}

QAction* Commands::action(const QString& id) const { return m_actions[indexOf(id)]; }
QKeySequence Commands::key(const QString& id) const { return m_keys[indexOf(id)]; }

QString Commands::setKey(const QString& id, const QKeySequence& key) {
    QSettings settings;
    QString taken;
    const std::size_t index = indexOf(id);
    for (std::size_t i = 0; i < m_commands.size() && !key.isEmpty(); ++i) {
        if (i == index || m_keys[i] != key) continue;
        taken = m_commands[i].text;
        applyKey(i, {});
        settings.setValue(QStringLiteral("keys/") + m_commands[i].id, QString());
    }
    applyKey(index, key);
    if (key == m_commands[index].key) settings.remove(QStringLiteral("keys/") + id);
    else settings.setValue(QStringLiteral("keys/") + id, key.toString(QKeySequence::PortableText));
    emit keysChanged();
    return taken;
}

void Commands::resetKeys() {
    QSettings().remove(QStringLiteral("keys"));
    for (std::size_t i = 0; i < m_commands.size(); ++i) applyKey(i, m_commands[i].key);
    emit keysChanged();
}

QString shellWord(const QString& word) {
    static const QString plain = QStringLiteral("/._-+=:,@%");
    bool quoted = word.isEmpty();
    for (const QChar c : word) quoted = quoted || !(c.unicode() < 128 && (c.isLetterOrNumber() || plain.contains(c)));
    if (!quoted) return word;
    QString inner = word;
    return QLatin1Char('\'') + inner.replace(QLatin1Char('\''), QStringLiteral("'\\''")) + QLatin1Char('\'');
}

}  // namespace bitlathe
