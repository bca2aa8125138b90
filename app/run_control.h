// Runs the network on data for the run panel: calibrates where the recipe wants it, prepares one of the
// three engines, evaluates, and keeps the results. Also lends calibrated ranges to the export.
#pragma once

#include "app/session.h"
#include "core/quant/activation_range.h"
#include "core/workflow/calibration_choice.h"
#include "core/workflow/evaluate.h"
#include "core/workflow/evaluation_record.h"
#include "widgets/panels/run_panel.h"

#include <QObject>
#include <memory>
#include <optional>
#include <vector>

namespace bitlathe {

// Activation ranges and what they were made from; shared between runs as long as nothing of it changed.
struct Calibration {
    std::shared_ptr<const Model> model;
    CalibrationChoice choice;
    std::vector<std::optional<ActivationSpec>> asked;  // by layer
    std::vector<bool> quantized;                       // by layer
    std::string preprocessing;
    ActivationRanges ranges;
};

class RunControl : public QObject {
    Q_OBJECT
public:
    RunControl(Session& session, RunPanel& panel, QObject* parent = nullptr);
    ~RunControl() override;

    void openPanel();
    void start();
    void stop();
    bool running() const { return m_job != 0 || !m_next.empty(); }

    void setDataset(const QString& path);
    void setPreprocessing(const QString& json);  // one step of the history; refused where it makes no sense
    void chooseDataset();  // ask for a file
    void chooseCalibration();
    QString dataset() const { return m_panel.dataset(); }
    QString calibrationData() const { return m_panel.calibration(); }
    // Which samples calibrate, by what the panel says: for the run, the export and the project alike.
    CalibrationChoice calibrationChoice() const;
    int calibrationSamples() const { return m_panel.calibrationSamples(); }
    int splitSeed() const { return m_panel.splitSeed(); }
    void setSplit(std::int64_t calibrationSamples, std::int64_t seed) { m_panel.setSplit(calibrationSamples, seed); }
    QString engineName() const;
    bool calibrationWanted() const;

    // The carried SQNR of a layer in the newest quantized run; stale when the recipe, or what calibrates, changed since.
    struct Carried {
        double db = 0;
        QString measuredOn;
        bool stale = false;
    };
    std::optional<Carried> carriedSqnr(const std::string& layer) const;
    // The newest run of a quantized network, null when there is none.
    const RunResult* newestQuantized() const;
    const std::vector<RunResult>& results() const { return m_results; }

    // Ranges for the recipe: those of the last calibration where they still fit, else those that the project (null:
    // none) holds, else calibrated on the worker, going on where that was interrupted. Throws Error(Usage) where data is needed and none is given.
    static std::shared_ptr<const Calibration> calibrated(std::shared_ptr<const Model> model, const Recipe& recipe, const CalibrationChoice& choice,
                                                         std::shared_ptr<const Calibration> last, const std::shared_ptr<OpenProject>& project, const Machine& machine,
                                                         Workers& workers, JobContext& job);
    std::shared_ptr<const Calibration> lastCalibration() const { return m_calibration; }
    // Learns the ranges now, without a run: what was interrupted goes on.
    void calibrate();
    // The evaluations that are shown, newest first, as the project keeps them; and back.
    std::vector<std::shared_ptr<const KeptEvaluation>> evaluations() const { return m_kept; }
    void restore(const std::vector<KeptEvaluation>& evaluations);
    void setCalibration(const QString& path) { m_panel.setCalibration(path); }
    void keepCalibration(std::shared_ptr<const Calibration> calibration) { m_calibration = std::move(calibration); }

signals:
    void resultChanged();
    void finished();

private:
    struct Answer {
        std::shared_ptr<const Calibration> calibration;
        Evaluation evaluation;
        std::optional<Evaluation> onCalibration;
    };
    QString askForSamples(const QString& title);
    void startNext();
    void modelChanged();
    void recipeChanged();
    void refresh();
    RunResult resultOf(const KeptEvaluation& kept, bool finished) const;
    void put(const Evaluation& evaluation, const std::optional<Evaluation>& onCalibration, bool finished);
    void put(KeptEvaluation kept, bool finished);

    Session& m_session;
    RunPanel& m_panel;
    JobSlot<Answer> m_slot;
    Post m_post;
    int m_job = 0;
    std::uint64_t m_run = 0;
    std::shared_ptr<const Calibration> m_calibration;
    std::vector<RunResult> m_results;
    std::vector<Recipe> m_recipes;  // of the results
    std::vector<std::shared_ptr<const KeptEvaluation>> m_kept;  // of the results; null while one runs
    JobSlot<std::shared_ptr<const Calibration>> m_calibrateSlot;
    int m_shown = -1;
    EngineMode m_mode = EngineMode::Integer;
    std::vector<EngineMode> m_next;  // still to run, after the one that runs
    Recipe m_recipe;
    QString m_data;
    CalibrationChoice m_choice;  // of the run; without data: nothing calibrates
};

}  // namespace bitlathe
