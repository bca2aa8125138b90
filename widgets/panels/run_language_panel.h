// Measuring a language model on text: which text, how much of it, how keys and values are held, which importance encoders obey, and what came
// of it, per run and per weight. Takes and gives plain values; knows no engine and no files.
#pragma once

#include <QString>
#include <QWidget>
#include <vector>

class QComboBox;
class QLabel;
class QPushButton;
class QSpinBox;
class QSplitter;
class QToolButton;
class QTreeWidget;

namespace bitlathe {

class PathEdit;

struct TextFigure {
    double value = 0, error = 0;  // error: one standard error
};

struct TextRunResult {
    QString engine, recipe, text;
    qint64 tokens = 0, windows = 0, windowsDone = 0;  // tokens: that were predicted
    bool running = false, partial = false, stale = false;  // stale: recipe or importance changed since
    TextFigure perplexity, reference, ratio, divergence, sameTop;
    double medianKl = 0, highKl = 0;  // nats; of the 99 %
    double tokensPerSecond = 0, secondsLeft = -1;
    struct Weight {
        QString name;
        double carriedDb = 0;
    };
    std::vector<Weight> weights;
};

struct ImportanceRow {
    QString weight;
    qint64 columns = 0;
    double sum = 0, topShare = 0, evenness = 0, entropyBits = 0;
    std::vector<double> curve;  // share of the sum that the columns up to there hold, the weightiest first
};

struct ImportanceState {
    QString text, tooltip;  // what is in use, in a line
    bool there = false, warning = false, collecting = false;
    std::vector<ImportanceRow> rows;
};

class RunLanguagePanel : public QWidget {
    Q_OBJECT
public:
    enum class What { All, CacheAlone, WeightsAlone };
    explicit RunLanguagePanel(QWidget* parent = nullptr);

    QString textFile() const;
    void setTextFile(const QString& path);
    int context() const;      // tokens of a window
    int mostWindows() const;  // 0: all
    int engine() const;       // 0 simulated, 1 integer
    What what() const;
    void setContext(int tokens, int most);
    void setWhat(What what);

    // The lines of the recipe, as they are written; empty: float32. text: bytes, or why it cannot be.
    void setCache(const QString& keys, const QString& values, const QString& text, bool problem);
    void setImportance(const ImportanceState& state);
    void setRunning(bool running);
    void setRunnable(bool runnable, const QString& reason);
    void setProblem(const QString& text);
    void setResults(const std::vector<TextRunResult>& results, int shown);
    const std::vector<TextRunResult>& results() const { return m_results; }
    const ImportanceState& importance() const { return m_importance; }
    void focusStart();
    QSize sizeHint() const override { return {760, 250}; }

signals:
    void runClicked();
    void stopClicked();
    void browseClicked();
    void settingsChanged();
    void cacheEdited(bool keys, const QString& line);
    void collectClicked();
    void importanceOpenClicked();
    void importanceSaveClicked();
    void importanceForgotten();
    void stopCollectingClicked();
    void resultPicked(int index);
    void weightActivated(const QString& name);

protected:
    void changeEvent(QEvent* event) override;

private:
    void showRuns();
    void showWeights();
    QWidget* makeForm();

    PathEdit* m_text;
    QSpinBox *m_context, *m_windows;
    QComboBox *m_what, *m_engine, *m_keys, *m_values;
    QLabel *m_cacheText, *m_importanceText, *m_problem, *m_hint;
    QToolButton* m_importanceMenu;
    QPushButton* m_run;
    QTreeWidget *m_runs, *m_weights;
    QSplitter* m_tables;
    std::vector<TextRunResult> m_results;
    ImportanceState m_importance;
    QAction *m_collect, *m_save, *m_forget;
    int m_shown = -1;
    bool m_running = false;
};

}  // namespace bitlathe
