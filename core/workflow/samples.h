// A dataset as the inputs of one model: which array feeds which input, preprocessing, and batches.
#pragma once

#include "core/data/dataset.h"
#include "core/data/preprocessing.h"
#include "core/model/model.h"
#include "core/tensor/tensor.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bitlathe {

// Streams batches; one thread at a time.
class SampleFeed {
public:
    // A model with one input takes the dataset's first array; one with several takes the arrays that have
    // its inputs' names. Throws Error(Input) naming what does not fit. `preprocessing` is JSON, and wins over
    // what stands beside the data, which wins over the model's own (metadata key bitlathe.preprocess), which is
    // for integer samples alone.
    SampleFeed(const Model& model, const Dataset& data, const std::string& preprocessing = {});

    // Only these samples of the data, in ascending order, from now on; at least one.
    void select(std::vector<std::int64_t> samples);
    std::int64_t samples() const noexcept { return m_selected ? static_cast<std::int64_t>(m_selected->size()) : m_data.count(); }
    // Where sample i of this feed lies in the data.
    std::int64_t indexOf(std::int64_t sample) const noexcept { return m_selected ? (*m_selected)[static_cast<std::size_t>(sample)] : sample; }
    // Samples in one run: what the model fixes, or kBatch where it leaves the batch open.
    std::int64_t batch() const noexcept { return m_batch; }
    std::int64_t batches() const noexcept { return (samples() + m_batch - 1) / m_batch; }
    // The inputs of run i, in the model's order. The last run of a model with a fixed batch repeats its last
    // sample; validIn() says how many count.
    std::vector<Tensor> inputs(std::int64_t run) const;
    std::int64_t validIn(std::int64_t run) const noexcept;
    // Rows of run i along the batch axis, those that only fill up included; 1 for a model without that axis.
    std::int64_t rowsIn(std::int64_t run) const noexcept { return m_fixedBatch ? m_batch : validIn(run); }
    bool labelled() const noexcept { return m_data.labels.has_value(); }
    // Of sample i of this feed; only where labelled().
    std::int64_t label(std::int64_t sample) const noexcept { return (*m_data.labels)[static_cast<std::size_t>(indexOf(sample))]; }
    // What was assumed, for people: "integer samples are used as they are"; empty: nothing.
    const std::string& note() const noexcept { return m_note; }
    const Preprocessing& preprocessing() const noexcept { return m_preprocessing; }  // wherever it came from

    bool fixedBatch() const noexcept { return m_fixedBatch; }
    // Another batch where the model leaves it open; one sample for a model that leaves it open in its inputs
    // but not inside. Says whether that changed anything.
    bool useBatch(std::int64_t samples) noexcept {
        if (m_fixedBatch || m_batch == samples) return false;
        m_batch = samples;
        return true;
    }

    static constexpr std::int64_t kBatch = 8;

private:
    struct Binding {
        std::size_t array;                 // in the dataset
        std::vector<std::int64_t> wanted;  // the input's shape without the batch axis; -1 unknown
        ElementType type;
        bool batchAxis;  // false: the model's input is one sample as it is stored
    };
    Tensor one(const Binding& binding, std::int64_t sample) const;
    Tensor prepared(const Binding& binding, const Tensor& raw) const;

    Dataset m_data;
    std::shared_ptr<const std::vector<std::int64_t>> m_selected;  // null: all
    Preprocessing m_preprocessing;
    std::vector<Binding> m_bindings;
    std::int64_t m_batch = 1;
    bool m_fixedBatch = false;
    std::string m_note;
};

// How many of a tensor's elements belong to samples: those of the first `valid` rows where the tensor has a row
// for each of `rows`, else all.
std::int64_t validCount(const Shape& shape, std::int64_t rows, std::int64_t valid) noexcept;

}  // namespace bitlathe
