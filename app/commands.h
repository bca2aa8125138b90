// Every command of the program, once: its name, its key (which the user may change), and what it does.
// Menus, tool bar, palette and key list all read this list. Knows no particular command.
#pragma once

#include <QKeySequence>
#include <QObject>
#include <QString>
#include <functional>
#include <vector>

class QAction;
class QWidget;

namespace bitlathe {

struct Command {
    QString id;        // stable, in settings: "edit.undo"
    QString category;  // "Edit", for the palette and the key list
    QString text;
    QString tip;
    QString icon;      // of the icon set; may be empty
    QKeySequence key;  // as delivered
    std::function<void()> run;
    std::function<QString()> commandLine;  // the same as a bitlathe-cli command; may be empty
    bool held = false;  // works while its key is held down; the window watches the key itself
};

class Commands : public QObject {
    Q_OBJECT
public:
    explicit Commands(QWidget& window);

    QAction* add(Command command);
    QAction* action(const QString& id) const;  // must exist
    const std::vector<Command>& all() const { return m_commands; }

    QKeySequence key(const QString& id) const;
    // Remembered in the settings; a key that another command had is taken from it, whose name is returned.
    QString setKey(const QString& id, const QKeySequence& key);
    void resetKeys();

signals:
    void keysChanged();
    // Shift was held at the click: the same thing as a command line.
    void commandLineWanted(const QString& line);

private:
    void applyKey(std::size_t index, const QKeySequence& key);
    std::size_t indexOf(const QString& id) const;

    QWidget& m_window;
    std::vector<Command> m_commands;
    std::vector<QAction*> m_actions;
    std::vector<QKeySequence> m_keys;
};

// A word for the shell: quoted where it must be.
QString shellWord(const QString& word);

}  // namespace bitlathe
