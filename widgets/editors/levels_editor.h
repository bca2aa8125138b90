// The levels of a person's own table: how many there are, and a field to write or paste them in. Says what is
// wrong while they are being written. Reads no files: whoever does brings their text.
#pragma once

#include <QWidget>
#include <optional>
#include <vector>

class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace bitlathe {

class LevelsEditor : public QWidget {
    Q_OBJECT
public:
    explicit LevelsEditor(QWidget* parent = nullptr);

    // The table that all layers share; nothing: mixed. Leaves alone what is being written.
    void show(const std::optional<std::vector<float>>& table);
    // As if the text had been pasted and applied; source names it in messages.
    void offerText(const QString& text, const QString& source);

signals:
    void edited(const std::vector<float>& levels);
    void fileWanted();

private:
    void check();
    void apply();
    void unfold(bool open);

    QLabel* m_summary;
    QPushButton* m_write;
    QWidget* m_field;
    QPlainTextEdit* m_text;
    QLabel* m_problem;
    QPushButton* m_apply;
    std::optional<std::vector<float>> m_table;
    QString m_source;
};

}  // namespace bitlathe
