#include "app/explaining.h"

#include "app/post.h"
#include "core/base/number_text.h"
#include "core/quant/codec.h"
#include "core/quant/worked_example.h"
#include "core/workflow/weight_source.h"

namespace bitlathe {
namespace {

constexpr int priority = 6;  // after the measuring of what is looked at

Explanation explain(const Explaining::Question& question, Workers& workers, JobContext& job) {
    const WeightSource source = weightSource(*question.model, question.layer);
    const auto values = source.values.as<float>();
    if (values.empty()) return {};
    const WorkedExample example = workedExample(values, source.layout, question.spec, question.weight, question.group, workers, job);
    Explanation out;
    out.heading = std::string(codecOf(question.spec).label) + ", weight [" + countText(std::uint64_t(example.channel)) + ", " + countText(std::uint64_t(example.element)) + "]";
    for (const auto& line : example.lines) out.lines.push_back({line.title, line.text});
    return out;
}

}  // namespace

Explaining::Explaining(JobRunner& runner, Workers& workers, QObject* parent) : QObject(parent), m_workers(workers), m_slot(runner, postTo(this)) {}

Explaining::~Explaining() { m_slot.cancel(); }

void Explaining::ask(std::optional<Question> question) {
    if (question == m_asked) return;
    const bool sameLayer = question && m_asked && question->model == m_asked->model && question->layer == m_asked->layer;
    m_asked = std::move(question);
    m_slot.cancel();
    if (sameLayer) m_shown.stale = true;
    else m_shown = {};
    emit explained(m_shown);
    if (!m_asked) return;
    m_slot.start([question = *m_asked, &workers = m_workers](JobContext& job) { return explain(question, workers, job); },
                 [this](Outcome<Explanation> outcome) {
                     if (const Error* error = outcome.error()) m_shown = {"", {{"Refused", error->message()}}, false};
                     else if (outcome.ok()) m_shown = outcome.value();
                     emit explained(m_shown);
                 },
                 {}, priority);
}

}  // namespace bitlathe
