// The command palette: every command by name, typed, picked, run. Takes a list of entries; knows no
// commands. A frameless sheet at the top of its window, gone at Escape or when the focus leaves.
#pragma once

#include <QKeySequence>
#include <QWidget>
#include <functional>
#include <vector>

class QLineEdit;
class QListWidget;

namespace bitlathe {

class PaletteBox : public QWidget {
    Q_OBJECT
public:
    struct Entry {
        QString text, category, tip;
        QKeySequence key;
        bool enabled = true;
        std::function<void()> run;
    };
    explicit PaletteBox(QWidget* window);
    void open(std::vector<Entry> entries);
    // How well the typed letters fit: higher is better, below 0 not at all. All words must be found, in
    // any order; a hit at the start of a word counts most.
    static int fit(const QString& typed, const QString& text);

protected:
    bool eventFilter(QObject* object, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void filter();
    void runCurrent();

    QLineEdit* m_typed;
    QListWidget* m_list;
    std::vector<Entry> m_entries;
};

}  // namespace bitlathe
