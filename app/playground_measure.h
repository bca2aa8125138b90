// Perplexity of a text for the playground: both networks over the file's windows, figures as they come. Knows no
// widgets but its page.
#pragma once

#include "app/session.h"
#include "core/base/job_runner.h"
#include "core/quant/recipe.h"

#include <QObject>
#include <memory>
#include <optional>

namespace bitlathe {

class PlaygroundLanguage;
class PlaygroundShelf;
struct LanguageEvaluation;
struct TextMeasurement;

class PlaygroundMeasure : public QObject {
    Q_OBJECT
public:
    PlaygroundMeasure(Session& session, PlaygroundLanguage& page, PlaygroundShelf& shelf, QObject* parent = nullptr);
    ~PlaygroundMeasure() override;

    void start();
    void stop();
    bool running() const { return m_job != 0; }
    void chooseText();

signals:
    void finished();

private:
    void modelChanged();
    void recipeChanged();
    bool isOld() const;  // recipe or importance changed since
    void put(const LanguageEvaluation& sofar, bool finished);

    Session& m_session;
    PlaygroundLanguage& m_page;
    PlaygroundShelf& m_shelf;
    JobSlot<std::shared_ptr<const TextMeasurement>> m_slot;
    Post m_post;
    int m_job = 0;
    std::uint64_t m_run = 0;
    std::optional<Recipe> m_recipe;  // of the figures that are shown
    ImportancePtr m_importance;      // the same
    std::shared_ptr<const LanguageEvaluation> m_shown;
    bool m_finished = false;
};

}  // namespace bitlathe
