// Runs one sample or image through the float and the quantized network for the playground, again whenever the recipe
// changes while the page is seen. Knows no widgets but its page.
#pragma once

#include "app/session.h"
#include "core/base/job_runner.h"
#include "core/quant/recipe.h"

#include <QObject>
#include <QTimer>
#include <memory>
#include <optional>

namespace bitlathe {

class PlaygroundImage;
class RunControl;
struct SampleAnswer;

class PlaygroundImageControl : public QObject {
    Q_OBJECT
public:
    // run: whose dataset and calibration are used.
    PlaygroundImageControl(Session& session, RunControl& run, PlaygroundImage& page, QObject* parent = nullptr);
    ~PlaygroundImageControl() override;

    // A model that could be a classifier: one image-like input.
    static bool fits(const Model& model);
    void setActive(bool active);  // its page is seen
    void openImage(const QString& path);
    void chooseImage();

signals:
    void answered();

private:
    // What a run needs, kept for the next one as long as it fits. Immutable.
    struct Ready;
    struct Answer;
    void modelChanged();
    void changed();
    void start();
    void put(const Answer& answer);

    Session& m_session;
    RunControl& m_run;
    PlaygroundImage& m_page;
    JobSlot<std::shared_ptr<const Answer>> m_slot;
    QTimer m_wait;  // a hand that drags a slider asks once
    QString m_image;  // a file; empty: the dataset
    QString m_dataset;
    std::shared_ptr<const Ready> m_ready;
    bool m_active = false, m_dirty = true;
};

}  // namespace bitlathe
