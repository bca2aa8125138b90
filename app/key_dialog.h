// The list of keys, which is also where they are changed: click a key, press another.
#pragma once

#include <QDialog>

class QLabel;
class QLineEdit;
class QTreeWidget;

namespace bitlathe {

class Commands;

class KeyDialog : public QDialog {
    Q_OBJECT
public:
    KeyDialog(Commands& commands, QWidget* parent = nullptr);

private:
    void fill();
    void change();

    Commands& m_commands;
    QLineEdit* m_filter;
    QTreeWidget* m_list;
    QLabel* m_note;
};

}  // namespace bitlathe
