#include "core/base/save_file.h"
#include "core/formats/gguf/container.h"
#include "core/formats/gguf/head_out.h"
#include "core/formats/gguf/imatrix.h"

#include <algorithm>

namespace bitlathe::gguf {

namespace {

constexpr std::uint64_t kAlignment = 32;

template <class T>
void append(std::string& out, T value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); }
template <class Length>
void appendText(std::string& out, std::string_view text) {
    append(out, static_cast<Length>(text.size()));
    out += text;
}
void appendKey(std::string& out, std::string_view key, ValueType type) {
    appendText<std::uint64_t>(out, key);
    append(out, static_cast<std::uint32_t>(type));
}

std::string oldForm(const Importance& importance) {
    const auto chunks = static_cast<std::int32_t>(std::max<std::int64_t>(1, importance.chunks));
    std::string out;
    append(out, static_cast<std::int32_t>(importance.tensors.size()));
    for (const auto& [name, means] : importance.tensors) {
        appendText<std::int32_t>(out, name);
        append(out, chunks);
        append(out, static_cast<std::int32_t>(means.size()));
        for (const float mean : means) append(out, mean * static_cast<float>(chunks));
    }
    append(out, chunks);
    appendText<std::int32_t>(out, importance.dataset);
    return out;
}

void appendTensor(std::string& head, std::string_view name, std::uint64_t columns, std::uint64_t& offset) {
    appendText<std::uint64_t>(head, name);
    append(head, std::uint32_t(2));
    append(head, columns);
    append(head, std::uint64_t(1));
    append(head, std::uint32_t(0));  // float32
    append(head, offset);
    offset += padded(columns * sizeof(float), kAlignment);
}

std::string newForm(const Importance& importance) {
    const auto chunks = static_cast<std::uint32_t>(std::max<std::int64_t>(1, importance.chunks)), tokens = static_cast<std::uint32_t>(std::max<std::int64_t>(1, importance.chunkTokens));
    const auto count = static_cast<float>(chunks) * static_cast<float>(tokens);
    std::string out = "GGUF", data;
    append(out, std::uint32_t(3));
    append(out, static_cast<std::uint64_t>(2 * importance.tensors.size()));
    append(out, std::uint64_t(4));
    appendKey(out, "general.type", ValueType::String);
    appendText<std::uint64_t>(out, "imatrix");
    appendKey(out, "imatrix.datasets", ValueType::Array);
    append(out, static_cast<std::uint32_t>(ValueType::String));
    append(out, std::uint64_t(importance.dataset.empty() ? 0 : 1));
    if (!importance.dataset.empty()) appendText<std::uint64_t>(out, importance.dataset);
    appendKey(out, "imatrix.chunk_count", ValueType::U32);
    append(out, chunks);
    appendKey(out, "imatrix.chunk_size", ValueType::U32);
    append(out, tokens);
    std::uint64_t offset = 0;
    for (const auto& [name, means] : importance.tensors) {
        appendTensor(out, name + ".in_sum2", means.size(), offset);
        for (const float mean : means) append(data, mean * count);
        data.resize(offset, '\0');
        appendTensor(out, name + ".counts", 1, offset);
        append(data, count);
        data.resize(offset, '\0');
    }
    out.resize(padded(out.size(), kAlignment), '\0');
    return out + data;
}

}  // namespace

void writeImportance(const std::filesystem::path& path, const Importance& importance) {
    SaveFile file(path);
    file.write(path.extension() == ".dat" ? oldForm(importance) : newForm(importance));
    file.commit();
}

}  // namespace bitlathe::gguf
