// What an edit does to the selected layers: figures before → after. Takes texts and whether the change
// is for the better; knows no reports.
#pragma once

#include <QWidget>
#include <vector>

class QGridLayout;
class QLabel;

namespace bitlathe {

struct EffectRow {
    enum class Turn { Same, Better, Worse };
    QString name, before, after, tip;
    Turn turn = Turn::Same;
    bool preview = false;  // the figure is not final
    bool operator==(const EffectRow&) const = default;
};

class EffectTable : public QWidget {
    Q_OBJECT
public:
    explicit EffectTable(QWidget* parent = nullptr);
    void show(const std::vector<EffectRow>& rows);

protected:
    void changeEvent(QEvent* event) override;

private:
    void fill();
    struct Line {
        QLabel *name, *before, *arrow, *after;
    };
    QGridLayout* m_grid;
    std::vector<Line> m_lines;
    std::vector<EffectRow> m_rows;
};

}  // namespace bitlathe
