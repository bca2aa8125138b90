// The playground's worker side: which page a model gets, and for language models the continuation of a prompt by the
// float and by the quantized network. Knows no widgets but its panel.
#pragma once

#include "app/session.h"
#include "core/base/job_runner.h"
#include "core/quant/recipe.h"

#include "widgets/panels/playground_language.h"
#include "widgets/panels/playground_settings.h"

#include <QObject>
#include <QTimer>
#include <memory>
#include <optional>
#include <vector>

namespace bitlathe {

class PlaygroundImageControl;
class PlaygroundMeasure;
class PlaygroundPanel;
class PlaygroundShelf;
class RunControl;
struct Parting;
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
    bool isOld() const;  // recipe or importance changed since
    void refresh();
    void visible(bool shown);
    void follow();  // the recipe has changed: again, when it has come to rest
    void start(const PlaygroundAsk& ask, bool again);
    void end();
    void put(const SideBySide& sofar, bool finished);
    FirstApart placesOf(const Parting& parting) const;

    Session& m_session;
    PlaygroundPanel& m_panel;
    JobSlot<std::shared_ptr<const SideBySide>> m_slot;
    Post m_post;
    int m_job = 0;
    std::uint64_t m_run = 0;
    std::optional<Recipe> m_recipe;  // of the text that is shown
    ImportancePtr m_importance;      // the same
    bool m_continues = false;
    PlaygroundAsk m_ask;   // of the text that is shown
    QTimer m_rest;
    bool m_stopped = false;             // by hand: what was written stays until asked again
    std::optional<ShownSide> m_before;  // float's text of the same question, on the screen until there is more of it
    std::unique_ptr<PlaygroundShelf> m_shelf;
    std::shared_ptr<const PlaygroundNetworks> m_networks;  // of the text that is shown; released when it is made again
    PlaygroundImageControl* m_images;
    PlaygroundMeasure* m_measure;
};

}  // namespace bitlathe
