// Running the network on data: what to run on, which engine, and what came of it. Takes and gives plain
// values; knows no engine and no files.
#pragma once

#include <QWidget>
#include <optional>
#include <vector>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;
class QSplitter;
class QTreeWidget;

namespace bitlathe {

struct RunLayerRow {
    QString name, kernel, reason;  // reason: why in float, where integers were asked for
    double ownDb = 0, carriedDb = 0, medianMs = 0;
    bool integer = false;
};

// Above 0: worse on the held-out samples; chance: two standard errors.
struct RunGap {
    double gap = 0, chance = 0;
    bool beyond = false;
};

// The same figures on the samples that calibrated, and how the two compare.
struct RunCalibrationPart {
    QString data, text;  // text: what it means, in a sentence
    qint64 samples = 0;
    bool labelled = false, overfits = false;
    double top1 = 0, top5 = 0, floatTop1 = 0, agreement = 1, outputDb = 0;
    RunGap agreementGap, dbGap;
    std::optional<RunGap> lossGap;
};

struct RunResult {
    QString engine, recipe, data;
    qint64 samples = 0;
    bool labelled = false, finished = false, stale = false;  // stale: the recipe changed since
    double top1 = 0, top5 = 0, floatTop1 = 0, agreement = 1, outputDb = 0, samplesPerSecond = 0;
    std::vector<RunLayerRow> layers;
    QString note;
    bool heldOut = false;  // of data that was split: the samples that did not calibrate
    std::optional<RunCalibrationPart> calibration;
};

class RunPanel : public QWidget {
    Q_OBJECT
public:
    explicit RunPanel(QWidget* parent = nullptr);

    QString dataset() const;
    QString calibration() const;
    int engine() const;  // 0 float, 1 simulated, 2 integer, 3 all three
    int mostSamples() const;  // 0: all
    int calibrationSamples() const;  // 0: as many as is usual
    int splitSeed() const;
    void setSplit(qint64 calibrationSamples, qint64 seed);
    void setDataset(const QString& path);
    void setCalibration(const QString& path);
    void setEngine(int engine);
    void setPreprocessing(const QString& json);
    void setCalibrationNeeded(bool needed);
    void setRunning(bool running);
    void setRunnable(bool runnable, const QString& reason);
    void setProblem(const QString& text);  // what, where and the cure; empty: none
    void setResults(const std::vector<RunResult>& results, int shown);
    void focusStart();
    QSize sizeHint() const override { return {760, 250}; }

signals:
    void runClicked();
    void stopClicked();
    void dataBrowseClicked();
    void calibrationBrowseClicked();
    void settingsChanged();
    void preprocessingEdited(const QString& json);
    void preprocessingBrowseClicked();
    void resultPicked(int index);
    void layerActivated(const QString& name);

protected:
    void changeEvent(QEvent* event) override;

private:
    void showLayers(const RunResult& result);
    void showVerdict(const RunResult& result);

    QLineEdit* m_data;
    QLineEdit* m_calibration;
    QLabel* m_calibrationLabel;
    QComboBox* m_engine;
    QSpinBox* m_samples;
    QSpinBox* m_calibrationSamples;
    QSpinBox* m_seed;
    QLineEdit* m_preprocessing;
    QPushButton* m_run;
    QLabel* m_problem;
    QTreeWidget* m_runs;
    QTreeWidget* m_layers;
    QSplitter* m_tables;
    QLabel* m_hint;
    QLabel* m_verdict;
    std::vector<RunResult> m_results;
    int m_shown = -1;
    bool m_running = false;
};

}  // namespace bitlathe
