// The playground's page for language models: prompt and sampling on the left, both texts beside each other, the
// divergence of each token under them, perplexity of a text file below. Values in, signals out.
#pragma once

#include "widgets/models/continuation.h"

#include <QWidget>
#include <optional>
#include <utility>
#include <vector>

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;

namespace bitlathe {

class DivergenceStrip;
class TokenText;

struct PlaygroundAsk {
    QString prompt;
    int tokens = 96;
    double temperature = 0;  // 0: always the most probable token
    int topK = 40;           // 0: all
    double topP = 0.95;      // 1: all
    quint64 seed = 1;
    int keys = 0, values = 0;  // of the cache: f32, f16, int8, 4 bits
    bool operator==(const PlaygroundAsk&) const = default;
};

// Where the two first compute something else, while they still read the same.
struct FirstApart {
    QString layer;   // "block 2"
    QString target;  // the layer to show in the table
    double relativeError = 0;
    bool beyond = false;  // further off than what counts as apart; false: this is the furthest
    bool operator==(const FirstApart&) const = default;
};

struct PerplexityFigures {
    QString text;  // the file's name
    qint64 tokens = 0;
    bool finished = false, stale = false;
    double real = 0, realError = 0, quantized = 0, quantizedError = 0;  // perplexity ± one standard error
    double meanKl = 0, medianKl = 0, highKl = 0;  // nats; highKl: the 99th percentile
    double sameTop = 0;                           // share of tokens whose most probable one is float's
    double secondsLeft = -1;                      // below 0: not known
};

class PlaygroundLanguage : public QWidget {
    Q_OBJECT
public:
    explicit PlaygroundLanguage(QWidget* parent = nullptr);

    PlaygroundAsk ask() const;
    void setAsk(const PlaygroundAsk& ask);
    void setExamples(const std::vector<std::pair<QString, QString>>& examples);  // title, prompt
    void setRunnable(bool runnable, const QString& reason);
    void setRunning(bool running);
    void setProblem(const QString& text);  // what, where and the cure; empty: none
    void setRecipe(const QString& name);   // of the quantized side, as it stands over the text
    void setStale(bool stale);             // the recipe has changed since
    void show(const Continuation& continuation);
    void setApart(const FirstApart* apart);  // null: not known
    const Continuation& shown() const { return m_shown; }
    bool stale() const { return m_stale; }

    QString textFile() const;
    void setTextFile(const QString& path);
    void setMeasuring(bool measuring);
    void setPerplexity(const PerplexityFigures* figures);  // null: nothing measured
    QString perplexityText() const;

    TokenText& text(bool quantized) { return quantized ? *m_quantizedText : *m_realText; }
    DivergenceStrip& strip() { return *m_strip; }

signals:
    void continueClicked();
    void stopClicked();
    void browseClicked();
    void measureClicked();
    void stopMeasuringClicked();
    void layerActivated(const QString& name);
    void textFileChanged();

protected:
    void changeEvent(QEvent* event) override;

private:
    QWidget* buildSettings();
    QWidget* buildTexts();
    QWidget* buildPerplexity();
    void showHeads();
    void showSummary();
    void hover(int place);
    void enable();

    QPlainTextEdit* m_prompt;
    QComboBox* m_examples;
    QSpinBox* m_tokens;
    QDoubleSpinBox* m_temperature;
    QSpinBox* m_topK;
    QDoubleSpinBox* m_topP;
    QSpinBox* m_seed;
    QComboBox *m_keys, *m_values;
    QPushButton* m_run;
    QLabel *m_problem, *m_realHead, *m_quantizedHead, *m_summary;
    TokenText *m_realText, *m_quantizedText;
    DivergenceStrip* m_strip;
    QLineEdit* m_file;
    QPushButton* m_measure;
    QLabel* m_figures;
    Continuation m_shown;
    FirstApart m_apart;
    std::optional<PerplexityFigures> m_measured;
    QString m_recipe, m_reason, m_complaint;
    bool m_running = false, m_measuring = false, m_stale = false, m_runnable = false, m_hasApart = false;
};

}  // namespace bitlathe
