#include "core/formats/gguf/tensor_out.h"

#include "core/base/mapped_file.h"
#include "core/quant/gguf_stream.h"
#include "core/tensor/convert.h"
#include "core/tensor/packed_tensor.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <cstring>

namespace bitlathe::gguf {

namespace {

constexpr std::int64_t kSlice = std::int64_t(1) << 20;  // values between two writes
constexpr std::int64_t kChunk = std::int64_t(1) << 15;  // values of one thread at a time, at least a row
constexpr std::size_t kCopy = std::size_t(4) << 20;     // bytes

const GgufForm* formOf(const GgmlType& type) noexcept {
    for (const GgufForm& form : kGgufForms)
        if (form.id == type.id) return &form;
    return nullptr;
}

// Rows of the source as float32.
class Rows {
public:
    explicit Rows(const TensorTask& task)
        : m_task(task), m_bytes(task.value.blocks ? task.value.blocks->bytes : task.value.packed ? std::span<const std::byte>() : task.value.constant->bytes()),
          m_shape(task.value.blocks ? task.value.blocks->shape : task.value.packed ? task.value.packed->shape : task.value.constant->shape()),
          m_columns(m_shape.rank() > 0 ? m_shape[m_shape.rank() - 1] : 1), m_rows(m_columns > 0 ? m_shape.count() / m_columns : 0) {}

    std::int64_t columns() const noexcept { return m_columns; }
    std::int64_t rows() const noexcept { return m_rows; }
    std::int64_t perMatrix() const noexcept { return m_shape.rank() > 1 ? m_shape[m_shape.rank() - 2] : 1; }

    // As they lie in the file; nothing of packed weights.
    std::span<const std::byte> bytes(std::int64_t first, std::int64_t end) const noexcept {
        if (m_task.value.packed) return {};
        const auto row = static_cast<std::size_t>(m_columns / m_task.from.blocks.values * m_task.from.blocks.bytes);
        return m_bytes.subspan(static_cast<std::size_t>(first) * row, static_cast<std::size_t>(end - first) * row);
    }
    // Points into the file where the values lie there as floats, else into scratch.
    std::span<const float> floats(std::int64_t first, std::int64_t end, std::vector<float>& scratch) const {
        const auto from = bytes(first, end);
        const auto count = static_cast<std::size_t>((end - first) * m_columns);
        if (m_task.value.packed) {
            scratch.resize(count);
            m_task.value.packed->decode(first, end, scratch);
            return scratch;
        }
        if (m_task.from.element == ElementType::F32) return {reinterpret_cast<const float*>(from.data()), count};
        scratch.resize(count);
        if (!m_task.from.element) m_task.from.blocks.decode(from, scratch);
        else
            for (std::size_t i = 0; i < count; ++i) scratch[i] = static_cast<float>(elementAt(*m_task.from.element, from.data(), static_cast<std::int64_t>(i)));
        return scratch;
    }
private:
    const TensorTask& m_task;
    std::span<const std::byte> m_bytes;
    const Shape& m_shape;
    std::int64_t m_columns, m_rows;
};

std::int64_t notFiniteIn(std::span<const float> x) noexcept {
    std::int64_t count = 0;
    for (const float v : x) count += v - v != 0.0f;
    return count;
}
void toPlain(const GgmlType& to, std::span<const float> x, std::span<std::byte> out) noexcept {
    if (to.element == ElementType::F32) {
        std::memcpy(out.data(), x.data(), x.size_bytes());
        return;
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
        const std::uint16_t word = to.element == ElementType::F16 ? floatToHalf(x[i]) : floatToBfloat(x[i]);
        std::memcpy(out.data() + 2 * i, &word, sizeof word);
    }
}

using Write = std::function<void(std::span<const std::byte>)>;

// The importance of the columns of one matrix.
std::span<const float> importanceOf(const TensorTask& task, const Rows& rows, std::int64_t matrix) noexcept {
    const auto columns = static_cast<std::size_t>(rows.columns());
    return task.importance.size() > columns ? task.importance.subspan(static_cast<std::size_t>(matrix) * columns, columns) : task.importance;
}

// From plain floats to blocks: matrix after matrix, or all at once where their columns count alike.
std::int64_t stream(const TensorTask& task, const GgufForm& form, const Rows& rows, Workers& workers, JobContext& job, const Write& write) {
    const bool apart = task.importance.size() > static_cast<std::size_t>(rows.columns());
    const std::int64_t step = apart ? rows.perMatrix() : rows.rows();
    std::int64_t notFinite = 0;
    for (std::int64_t first = 0; first < rows.rows(); first += step) {
        JobContext part = job.part(double(first) / double(rows.rows()), double(first + step) / double(rows.rows()));
        const GgufRows layout{form, rows.columns(), importanceOf(task, rows, first / rows.perMatrix())};
        std::int64_t done = first;
        notFinite += streamGguf(layout, *task.from.element, rows.bytes(first, first + step), [&](std::span<const std::byte> bytes) {
            write(bytes);
            const std::int64_t end = done + static_cast<std::int64_t>(bytes.size()) / layout.rowBytes();
            if (task.file) task.file->release(rows.bytes(done, end));
            done = end;
        }, workers, part, task.isa);
    }
    return notFinite;
}

// Rows [first, end) of one matrix through floats, for all other pairs of types. Returns how many values are NaN or
// infinite.
std::int64_t encode(const TensorTask& task, const Rows& rows, std::int64_t first, std::int64_t end, std::span<std::byte> out) {
    std::vector<float> scratch;
    const auto x = rows.floats(first, end, scratch);
    const GgufForm* form = formOf(task.to);
    if (form) return packGgufRows({*form, rows.columns(), importanceOf(task, rows, first / rows.perMatrix())}, x, out, task.isa);
    toPlain(task.to, x, out);
    return notFiniteIn(x);
}

void copy(const TensorTask& task, JobContext& job, const Write& write) {
    const auto all = task.value.blocks ? task.value.blocks->bytes : task.value.constant->bytes();
    for (std::size_t at = 0; at < all.size(); at += kCopy) {
        const auto part = all.subspan(at, std::min(kCopy, all.size() - at));
        write(part);
        if (task.file) task.file->release(part);
        job.checkpoint(static_cast<double>(at) / static_cast<double>(all.size()), task.value.name);
    }
}

}  // namespace

std::int64_t writeTensor(const TensorTask& task, Workers& workers, JobContext& job, const std::function<void(std::span<const std::byte>)>& write) {
    if (task.from.id == task.to.id && !task.value.packed) {
        copy(task, job, write);
        return 0;
    }
    const Rows rows(task);
    if (const GgufForm* form = formOf(task.to); form && !task.value.packed && task.from.element && streamsGguf(*task.from.element) && rows.rows() > 0)
        return stream(task, *form, rows, workers, job, write);
    const std::int64_t columns = std::max<std::int64_t>(rows.columns(), 1), perMatrix = std::max<std::int64_t>(rows.perMatrix(), 1);
    const std::int64_t perSlice = std::max<std::int64_t>(kSlice / columns, 1), perChunk = std::max<std::int64_t>(kChunk / columns, 1);
    const auto rowBytes = static_cast<std::size_t>(columns / task.to.blocks.values * task.to.blocks.bytes);
    std::vector<std::byte> out(static_cast<std::size_t>(std::min(perSlice, rows.rows())) * rowBytes);
    std::atomic<std::int64_t> notFinite{0};
    for (std::int64_t first = 0; first < rows.rows(); first += perSlice) {
        const std::int64_t end = std::min(first + perSlice, rows.rows());
        workers.forRange(end - first, perChunk, [&](std::int64_t begin, std::int64_t stop) {
            for (std::int64_t row = first + begin; row < first + stop;) {  // a piece never spans two matrices
                const std::int64_t next = std::min(first + stop, (row / perMatrix + 1) * perMatrix);
                notFinite += encode(task, rows, row, next, std::span(out).subspan(static_cast<std::size_t>(row - first) * rowBytes, static_cast<std::size_t>(next - row) * rowBytes));
                row = next;
            }
        });
        write(std::span<const std::byte>(out).first(static_cast<std::size_t>(end - first) * rowBytes));
        if (task.file) task.file->release(rows.bytes(first, end));
        job.checkpoint(static_cast<double>(end) / static_cast<double>(rows.rows()), task.value.name);
    }
    return notFinite;
}

}  // namespace bitlathe::gguf
