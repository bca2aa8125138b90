// The playground's worker side: which page a model gets, and for language models the continuation of a prompt by the
// float and by the quantized network. Knows no widgets but its panel.
#pragma once

#include "app/session.h"
#include "core/base/job_runner.h"
#include "core/quant/recipe.h"

#include <QObject>
#include <memory>
#include <optional>
#include <vector>

namespace bitlathe {

class PlaygroundImageControl;
class PlaygroundMeasure;
class PlaygroundPanel;
class RunControl;
struct PlaygroundNetworks;
struct SideBySide;

class PlaygroundControl : public QObject {
    Q_OBJECT
public:
    PlaygroundControl(Session& session, RunControl& run, PlaygroundPanel& panel, QObject* parent = nullptr);
    ~PlaygroundControl() override;

    void continueText();
    void stop();
    bool running() const { return m_job != 0; }
    // The open model is a language model that runs here.
    bool continuesText() const { return m_continues; }
    PlaygroundImageControl& images() { return *m_images; }
    PlaygroundMeasure& measure() { return *m_measure; }

signals:
    void finished();
    void layerWanted(const QString& name);

private:
    void modelChanged();
    void recipeChanged();
    void refresh();
    void visible(bool shown);
    void put(const SideBySide& sofar, bool finished);

    Session& m_session;
    PlaygroundPanel& m_panel;
    JobSlot<std::shared_ptr<const SideBySide>> m_slot;
    Post m_post;
    int m_job = 0;
    std::uint64_t m_run = 0;
    std::optional<Recipe> m_recipe;  // of the text that is shown
    bool m_continues = false;
    QString m_prompt;
    std::shared_ptr<const PlaygroundNetworks> m_networks;  // of the last run
    PlaygroundImageControl* m_images;
    PlaygroundMeasure* m_measure;
};

}  // namespace bitlathe
