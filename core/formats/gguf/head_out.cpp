#include "core/formats/gguf/head_out.h"

#include <algorithm>

namespace bitlathe::gguf {

namespace {

template <class T>
void append(std::string& out, T value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); }
void appendText(std::string& out, std::string_view text) {
    append(out, static_cast<std::uint64_t>(text.size()));
    out += text;
}
void appendKey(std::string& out, std::string_view key, ValueType type, std::string_view value) {
    appendText(out, key);
    append(out, static_cast<std::uint32_t>(type));
    out += value;
}

// What takes the place of the source's value, as it stands in the file.
struct Replacement {
    std::string_view key;
    ValueType type;
    std::string value;
    bool used = false;
};

std::vector<Replacement> replacementsOf(const NewKeys& keys) {
    std::vector<Replacement> all;
    for (const auto& [key, number] : keys.numbers) {
        all.push_back({key, ValueType::U32, {}});
        append(all.back().value, number);
    }
    for (const auto& [key, text] : keys.texts) {
        all.push_back({key, ValueType::String, {}});
        appendText(all.back().value, text);
    }
    return all;
}

}  // namespace

void place(const Container& source, std::vector<TensorOut>& tensors) noexcept {
    std::uint64_t at = 0;
    for (TensorOut& tensor : tensors) {
        tensor.offset = at;
        at += padded(tensor.bytes, source.alignment);
    }
}

std::string headOf(const Container& source, const NewKeys& keys, const std::vector<TensorOut>& tensors) {
    std::vector<Replacement> replacements = replacementsOf(keys);
    std::string body;
    std::uint64_t count = 0;
    for (const KeyValue& key : source.keys) {
        const auto found = std::find_if(replacements.begin(), replacements.end(), [&](const Replacement& r) { return r.key == key.key; });
        if (found != replacements.end()) {
            appendKey(body, key.key, found->type, found->value);
            found->used = true;
        } else {
            appendKey(body, key.key, key.type, withLongLengths(key, source.lengthBytes));
        }
        ++count;
    }
    for (const Replacement& one : replacements) {
        if (one.used) continue;
        appendKey(body, one.key, one.type, one.value);
        ++count;
    }
    for (const TensorOut& tensor : tensors) {
        const TensorInfo& info = source.tensors[tensor.source];
        appendText(body, info.name);
        const auto& dims = info.shape.dims();
        append(body, static_cast<std::uint32_t>(dims.size()));
        for (auto dim = dims.rbegin(); dim != dims.rend(); ++dim) append(body, static_cast<std::uint64_t>(*dim));
        append(body, static_cast<std::uint32_t>(tensor.type->id));
        append(body, tensor.offset);
    }
    std::string head = "GGUF";
    append(head, std::uint32_t(3));
    append(head, static_cast<std::uint64_t>(tensors.size()));
    append(head, count);
    head += body;
    head.resize(padded(head.size(), source.alignment), '\0');
    return head;
}

}  // namespace bitlathe::gguf
