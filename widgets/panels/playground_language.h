// The playground's page for language models: prompt and sampling on the left, both texts beside each other, the
// divergence of each token under them, perplexity of a text file below. Values in, signals out.
#pragma once

#include "widgets/models/continuation.h"

#include <QStringList>
#include <QWidget>
#include <optional>

class QLabel;
class QLineEdit;
class QPushButton;

namespace bitlathe {

class DivergenceStrip;
class PlaygroundSettings;
class TokenText;

// Where the two first compute something else, while they still read the same.
struct FirstApart {
    struct Place {
        QString name;    // "blk.2.ffn_down", "block 2"; empty: not known
        QString target;  // the layer to show in the table
        double error = 0;
        bool beyond = false;  // the first beyond the threshold; false: none is, and this is the furthest
        bool operator==(const Place&) const = default;
    };
    Place product, block;
    double threshold = 0;
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

    PlaygroundSettings& settings() { return *m_settings; }
    void setRunnable(bool runnable, const QString& reason);
    void setRunning(bool running);
    void setProblem(const QString& text);  // what, where and the cure; empty: none
    void setRecipe(const QString& name);   // of the quantized side, as it stands over the text
    void setStale(bool stale);             // the recipe has changed since
    void show(const Continuation& continuation);
    void setApart(const FirstApart* apart);   // null: not known
    void setNotes(const QStringList& notes);  // layers that run otherwise than the recipe asks for, a sentence each
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
    QWidget* buildTexts();
    QWidget* buildPerplexity();
    void showHeads();
    void showSummary();
    void hover(int place);
    void enable();
    static QString apartText(const FirstApart& apart);
    QString summaryTip() const;

    PlaygroundSettings* m_settings;
    QLabel *m_problem, *m_realHead, *m_quantizedHead, *m_summary;
    TokenText *m_realText, *m_quantizedText;
    DivergenceStrip* m_strip;
    QLineEdit* m_file;
    QPushButton* m_measure;
    QLabel* m_figures;
    Continuation m_shown;
    std::optional<FirstApart> m_apart;
    QStringList m_notes;
    std::optional<PerplexityFigures> m_measured;
    QString m_recipe, m_reason, m_complaint;
    bool m_running = false, m_measuring = false, m_stale = false, m_runnable = false;
};

}  // namespace bitlathe
