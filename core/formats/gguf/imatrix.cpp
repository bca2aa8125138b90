#include "core/formats/gguf/imatrix.h"

#include "core/base/byte_reader.h"
#include "core/base/mapped_file.h"
#include "core/base/plain_text.h"
#include "core/formats/gguf/container.h"
#include "core/formats/gguf/gguf.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace bitlathe::gguf {

namespace {

void checkValues(const std::vector<float>& values, const std::string& file, const std::string& tensor) {
    if (std::any_of(values.begin(), values.end(), [](float v) { return !(v >= 0) || !std::isfinite(v); }))
        refuseInput("'" + file + "': the importance of '" + tensor + "' holds values that are negative or no numbers; measure it again");
}

[[noreturn]] void refuseDamaged(const std::string& file, const std::string& what) {
    refuseInput("'" + file + "': " + what + "; it is no importance file of llama.cpp, or damaged: make it with llama-imatrix");
}

// entries; each: name, calls, values · calls. Then calls in all and the data set, which older files lack.
Importance readOld(std::span<const std::byte> bytes, const std::string& file, JobContext& job) {
    constexpr std::int32_t kLongestName = 4096;
    ByteReader reader(bytes, file);
    const auto entries = reader.number<std::int32_t>();
    if (entries < 1 || static_cast<std::size_t>(entries) > reader.left() / 12) refuseDamaged(file, "it announces " + std::to_string(entries) + " entries");
    Importance importance;
    for (std::int32_t e = 0; e < entries; ++e) {
        job.checkpoint(static_cast<double>(e) / entries, "reading importance");
        const auto length = reader.number<std::int32_t>();
        if (length < 1 || length > kLongestName) refuseDamaged(file, "entry " + std::to_string(e + 1) + " has a name of " + std::to_string(length) + " bytes");
        const std::string name = plainText(reader.text(static_cast<std::uint64_t>(length)));
        const auto calls = reader.number<std::int32_t>(), count = reader.number<std::int32_t>();
        if (count < 1) refuseDamaged(file, "'" + name + "' has " + std::to_string(count) + " values");
        const auto data = reader.take(static_cast<std::uint64_t>(count) * sizeof(float));
        std::vector<float> values(static_cast<std::size_t>(count));
        std::memcpy(values.data(), data.data(), data.size());
        if (calls > 0)
            for (float& value : values) value /= static_cast<float>(calls);
        checkValues(values, file, name);
        if (!importance.tensors.emplace(name, std::move(values)).second) refuseDamaged(file, "'" + name + "' is there twice");
    }
    if (reader.left() >= 8) {
        importance.chunks = reader.number<std::int32_t>();
        const auto length = reader.number<std::int32_t>();
        if (length > 0) importance.dataset = plainText(reader.text(static_cast<std::uint64_t>(length)));
    }
    return importance;
}

const float* floatsOf(std::span<const std::byte> bytes, const TensorInfo& tensor, const std::string& file) {
    if (tensor.type->element != ElementType::F32) refuseDamaged(file, "tensor '" + std::string(tensor.name) + "' is no float32");
    return reinterpret_cast<const float*>(bytes.data() + tensor.offset);
}

// Pairs of tensors NAME.in_sum2 (matrices × columns) and NAME.counts (one for each matrix).
Importance readNew(std::span<const std::byte> bytes, const std::string& file, JobContext& job) {
    constexpr std::string_view kSums = ".in_sum2", kCounts = ".counts";
    const Container head = parse(bytes, file, job);
    if (const auto type = head.text("general.type"); type != "imatrix") refuseDamaged(file, "it is a GGUF file of type '" + plainText(type) + "'");
    Importance importance;
    if (const KeyValue* chunks = head.find("imatrix.chunk_count")) importance.chunks = static_cast<std::int64_t>(std::min<std::uint64_t>(chunks->integer().value_or(0), 1u << 31));
    if (const KeyValue* size = head.find("imatrix.chunk_size")) importance.chunkTokens = static_cast<std::int64_t>(std::min<std::uint64_t>(size->integer().value_or(0), 1u << 31));
    if (const KeyValue* sets = head.find("imatrix.datasets")) importance.dataset = toText(*sets, head.lengthBytes);
    for (const TensorInfo& sums : head.tensors) {
        if (!sums.name.ends_with(kSums)) continue;
        const std::string name(sums.name.substr(0, sums.name.size() - kSums.size())), counter = name + std::string(kCounts);
        const auto counts = std::find_if(head.tensors.begin(), head.tensors.end(), [&](const TensorInfo& t) { return t.name == counter; });
        if (counts == head.tensors.end()) refuseDamaged(file, "'" + name + "' has sums and no counts");
        const float *from = floatsOf(bytes, sums, file), *tokens = floatsOf(bytes, *counts, file);
        const std::int64_t matrices = counts->shape.count(), all = sums.shape.count();
        if (matrices < 1 || all % matrices != 0) refuseDamaged(file, "'" + name + "' has " + std::to_string(all) + " sums for " + std::to_string(matrices) + " matrices");
        std::vector<float> values(static_cast<std::size_t>(all));
        for (std::int64_t i = 0; i < all; ++i) {
            const float count = tokens[i / (all / matrices)];
            values[static_cast<std::size_t>(i)] = count > 0 ? from[i] / count : 1.0f;
        }
        checkValues(values, file, name);
        importance.tensors.emplace(name, std::move(values));
    }
    if (importance.tensors.empty()) refuseDamaged(file, "it holds no sums");
    return importance;
}

}  // namespace

Importance readImportance(const std::filesystem::path& path, JobContext& job) {
    const auto file = MappedFile::open(path);
    const auto bytes = file->bytes();
    Importance importance = recognizes(bytes) ? readNew(bytes, path.string(), job) : readOld(bytes, path.string(), job);
    importance.file = path.filename().string();
    return importance;
}

}  // namespace bitlathe::gguf
