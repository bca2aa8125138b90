#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/save_file.h"
#include "core/formats/gguf/container.h"
#include "core/formats/gguf/file_type.h"
#include "core/formats/gguf/gguf.h"
#include "core/formats/gguf/head_out.h"
#include "core/formats/gguf/tensor_out.h"
#include "core/formats/gguf/types.h"
#include "core/formats/gguf/writer.h"

#include <array>
#include <cstring>
#include <map>

namespace bitlathe::gguf {

namespace {

constexpr std::uint32_t kQuantizationVersion = 2;  // GGML_QNT_VERSION

// A fast sum over bytes, however they are cut: four lanes of 8 bytes. Finds slips, not forgers.
class Checksum {
public:
    void add(std::span<const std::byte> bytes) noexcept {
        m_count += bytes.size();
        if (m_held > 0) {
            const std::size_t part = std::min(kStep - m_held, bytes.size());
            std::memcpy(m_rest.data() + m_held, bytes.data(), part);
            m_held += part;
            bytes = bytes.subspan(part);
            if (m_held < kStep) return;
            step(m_rest.data());
            m_held = 0;
        }
        while (bytes.size() >= kStep) {
            step(bytes.data());
            bytes = bytes.subspan(kStep);
        }
        std::memcpy(m_rest.data(), bytes.data(), bytes.size());
        m_held = bytes.size();
    }
    std::uint64_t sum() noexcept {
        std::memset(m_rest.data() + m_held, 0, kStep - m_held);
        step(m_rest.data());
        std::uint64_t all = m_count;
        for (const std::uint64_t lane : m_lanes) all = (all ^ lane) * kPrime;
        return all;
    }

private:
    static constexpr std::size_t kStep = 32;
    static constexpr std::uint64_t kPrime = 0x9e3779b97f4a7c15;
    void step(const std::byte* at) noexcept {
        for (std::size_t l = 0; l < m_lanes.size(); ++l) {
            std::uint64_t word;
            std::memcpy(&word, at + 8 * l, sizeof word);
            m_lanes[l] = (m_lanes[l] ^ word) * kPrime;
            m_lanes[l] ^= m_lanes[l] >> 32;
        }
    }
    std::array<std::uint64_t, 4> m_lanes{1, 2, 3, 4};
    std::array<std::byte, kStep> m_rest{};
    std::size_t m_held = 0;
    std::uint64_t m_count = 0;
};

struct Plan {
    Container head;  // of the source
    std::vector<TensorOut> tensors;
    NewKeys keys;
};

Container sourceHead(const Model& source, JobContext& job) {
    Container head = parse(source.file->bytes(), source.source.string(), job);
    const auto same = [&](const TensorInfo& tensor, const Value& value) {
        const auto bytes = value.blocks ? value.blocks->bytes : value.constant->bytes();
        return tensor.name == value.name && tensor.shape == (value.blocks ? value.blocks->shape : value.constant->shape()) && tensor.bytes == bytes.size() &&
               source.file->bytes().data() + tensor.offset == bytes.data();
    };
    if (!std::equal(head.tensors.begin(), head.tensors.end(), source.graph.values.begin(), source.graph.values.end(), same))
        throw Error(ErrorKind::Input, "'" + source.source.string() + "' was changed since it was opened; open it again");
    return head;
}

Plan planOf(const Container& head, const WeightsRequest& request, const WriteOptions& options) {
    const Model& source = request.source;
    Plan plan;
    plan.head = head;
    for (std::size_t i = 0; i < plan.head.tensors.size(); ++i) plan.tensors.push_back({i, plan.head.tensors[i].type, 0, plan.head.tensors[i].bytes});
    bool weighted = false;
    std::vector<StoredLayer> stored;
    for (const LayerOutcome& outcome : request.layers) {
        if (!outcome.got.weights) continue;
        const Layer& layer = source.layers[outcome.layer];
        TensorOut& tensor = plan.tensors[static_cast<std::size_t>(layer.weight)];
        tensor.type = typeOf(outcome.got.weights->codec);
        tensor.bytes = static_cast<std::uint64_t>(bytesFor(tensor.type->blocks, layer.parameters));
        weighted = weighted || (request.importance && !request.importance->of(source.graph.value(layer.weight).name).empty());
    }
    place(plan.head, plan.tensors);
    for (std::size_t l = 0; l < source.layers.size(); ++l)
        if (source.layers[l].quantizable && source.layers[l].weight != kNoValue) stored.push_back({l, plan.tensors[static_cast<std::size_t>(source.layers[l].weight)].type});

    // What most weights are.
    std::map<int, std::int64_t> weights;
    for (const TensorOut& tensor : plan.tensors) weights[tensor.type->id] += plan.head.tensors[tensor.source].shape.rank() > 1 ? plan.head.tensors[tensor.source].shape.count() : 0;
    const auto most = std::max_element(weights.begin(), weights.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    plan.keys.numbers = {{"general.quantization_version", kQuantizationVersion}, {"general.file_type", fileTypeOf(source, stored, weighted, *ggmlTypeOf(most->first))}};
    plan.keys.texts = options.metadata;
    if (weighted) {
        plan.keys.texts.emplace_back("quantize.imatrix.file", request.importance->file);
        plan.keys.texts.emplace_back("quantize.imatrix.dataset", request.importance->dataset);
        plan.keys.numbers.emplace_back("quantize.imatrix.entries_count", static_cast<std::uint32_t>(request.importance->tensors.size()));
        plan.keys.numbers.emplace_back("quantize.imatrix.chunks_count", static_cast<std::uint32_t>(request.importance->chunks));
    }
    return plan;
}

// The file as it was meant: head, types, places, and every tensor's bytes.
void verify(const std::filesystem::path& path, const Plan& plan, const std::vector<std::uint64_t>& sums, const std::string& name, JobContext& job) {
    const auto file = MappedFile::open(path);
    const auto differs = [&](const std::string& what) -> void {
        throw Error(ErrorKind::Output, "'" + name + "' does not read back as it was written (" + what + "); the disk may be failing, write to another place. Nothing was changed");
    };
    const Container head = parse(file->bytes(), name, job);
    if (head.tensors.size() != plan.tensors.size()) differs("the number of tensors");
    for (std::size_t i = 0; i < head.tensors.size(); ++i) {
        const TensorInfo &got = head.tensors[i], &meant = plan.head.tensors[plan.tensors[i].source];
        if (got.name != meant.name || got.shape != meant.shape || got.type != plan.tensors[i].type || got.bytes != plan.tensors[i].bytes) differs("tensor '" + std::string(meant.name) + "'");
        Checksum sum;
        constexpr std::uint64_t kPart = std::uint64_t(4) << 20;
        for (std::uint64_t at = 0; at < got.bytes; at += kPart) {
            const auto part = file->bytes().subspan(got.offset + at, std::min(kPart, got.bytes - at));
            sum.add(part);
            file->release(part);
            job.checkpoint(static_cast<double>(i) / static_cast<double>(head.tensors.size()), "reading the file again");
        }
        if (sum.sum() != sums[i]) differs("the data of tensor '" + std::string(meant.name) + "'");
    }
}

WeightsWritten write(const WeightsRequest& request, const std::filesystem::path& path, const WriteOptions& options, Workers& workers, JobContext& job) {
    return writeWith(sourceHead(request.source, job), request, path, options, workers, job);
}

std::int64_t bytesOf(const Layer& layer, const std::optional<QuantSpec>& spec) { return spec ? bytesFor(typeOf(spec->codec)->blocks, layer.parameters) : layer.bytes; }

}  // namespace

WeightsWritten writeWith(const Container& head, const WeightsRequest& request, const std::filesystem::path& path, const WriteOptions& options, Workers& workers, JobContext& job) {
    const Model& source = request.source;
    const Plan plan = planOf(head, request, options);
    JobContext writing = job.part(0.0, 0.85), checking = job.part(0.85, 1.0);
    SaveFile file(path);
    file.write(headOf(plan.head, plan.keys, plan.tensors));
    double all = 1, done = 0;
    for (const TensorOut& tensor : plan.tensors) all += static_cast<double>(plan.head.tensors[tensor.source].bytes);
    WeightsWritten written;
    std::vector<std::uint64_t> sums;
    const std::string zeros(plan.head.alignment, '\0');
    for (const TensorOut& tensor : plan.tensors) {
        const TensorInfo& info = plan.head.tensors[tensor.source];
        const Value& value = source.graph.values[tensor.source];
        const TensorTask task{value, value.packed ? *ggmlTypeNamed("f32") : *info.type, *tensor.type, request.importance ? request.importance->of(value.name) : std::span<const float>(), source.file.get(), request.isa};
        JobContext part = writing.part(done / all, (done + static_cast<double>(info.bytes)) / all);
        Checksum sum;
        written.notFinite += writeTensor(task, workers, part, [&](std::span<const std::byte> bytes) {
            sum.add(bytes);
            file.write(bytes);
        });
        sums.push_back(sum.sum());
        file.write(std::string_view(zeros).substr(0, padded(tensor.bytes, plan.head.alignment) - tensor.bytes));
        done += static_cast<double>(info.bytes);
    }
    verify(file.temporaryPath(), plan, sums, path.string(), checking);
    file.commit();
    return written;
}

const WeightsFormat kWeights = {&choose, &bytesOf, &write};

}  // namespace bitlathe::gguf
