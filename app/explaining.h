// How the format of the layer looked at works, on one of its weights: asked when somebody looks, made by a job.
// Knows no widgets.
#pragma once

#include "core/base/job_runner.h"
#include "core/model/model.h"
#include "core/quant/scheme.h"
#include "widgets/plots/plot.h"

#include <QObject>
#include <cstdint>
#include <memory>
#include <optional>

namespace bitlathe {

class Workers;

class Explaining : public QObject {
    Q_OBJECT
public:
    // The workers must outlive this.
    Explaining(JobRunner& runner, Workers& workers, QObject* parent = nullptr);
    ~Explaining() override;

    struct Question {
        std::shared_ptr<const Model> model;
        std::size_t layer = 0;
        QuantSpec spec;
        std::int64_t group = 0;               // whose weight is worked through
        std::optional<std::int64_t> weight;   // this one instead, in the file's order
        bool operator==(const Question&) const = default;
    };
    // A question that was asked last does nothing; another one replaces it. No question: nothing to explain.
    void ask(std::optional<Question> question);

signals:
    // Empty: not known yet. Stale: of the scheme before, until the new one comes.
    void explained(const bitlathe::Explanation& explanation);

private:
    Workers& m_workers;
    JobSlot<Explanation> m_slot;
    std::optional<Question> m_asked;
    Explanation m_shown;
};

}  // namespace bitlathe
