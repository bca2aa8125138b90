#include "core/hdf5/hdf5_node.h"

#include "core/base/byte_reader.h"

#include <algorithm>
#include <cstring>

namespace bitlathe {

namespace {

class Packer {
public:
    template <class T>
    void number(T value) {
        const auto* at = reinterpret_cast<const std::byte*>(&value);
        m_bytes.insert(m_bytes.end(), at, at + sizeof value);
    }
    void raw(std::span<const std::byte> bytes) {
        number(std::uint64_t(bytes.size()));
        m_bytes.insert(m_bytes.end(), bytes.begin(), bytes.end());
    }
    void text(std::string_view text) { raw(std::as_bytes(std::span(text.data(), text.size()))); }

    void operator()(const std::string& value) { text(value); }
    void operator()(std::int64_t value) { number(value); }
    void operator()(double value) { number(value); }
    void operator()(const std::vector<std::string>& values) {
        number(std::uint64_t(values.size()));
        for (const std::string& value : values) text(value);
    }
    void operator()(const Tensor& tensor) {
        number(std::uint8_t(tensor.type()));
        number(std::uint8_t(tensor.shape().rank()));
        for (const std::int64_t extent : tensor.shape()) number(extent);
        raw(tensor.bytes().first(std::size_t(bytesFor(tensor.type(), tensor.count()))));
    }
    std::vector<std::byte> take() { return std::move(m_bytes); }

private:
    std::vector<std::byte> m_bytes;
};

[[noreturn]] void refuse(const std::string& source) {
    refuseInput("'" + source + "' holds a record that is damaged; use an older copy of it");
}

std::string text(ByteReader& in) { return std::string(in.text(in.number<std::uint64_t>())); }

Tensor tensor(ByteReader& in, const std::string& source) {
    const auto type = in.number<std::uint8_t>();
    if (type >= std::uint8_t(ElementType::String)) refuse(source);
    std::vector<std::int64_t> dims(in.number<std::uint8_t>());
    for (std::int64_t& extent : dims) extent = in.number<std::int64_t>();
    const auto count = checkedCount(dims);
    const auto length = in.number<std::uint64_t>();
    const auto bytes = in.take(length);
    if (!count || *count > std::int64_t(1) << 56 || std::uint64_t(bytesFor(ElementType(type), *count)) != length) refuse(source);
    std::byte* to = nullptr;
    Tensor result = Tensor::allocate(ElementType(type), Shape(std::move(dims)), to);
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return result;
}

Hdf5Value value(ByteReader& in, std::uint8_t kind, const std::string& source) {
    switch (kind) {
    case 0: return text(in);
    case 1: return in.number<std::int64_t>();
    case 2: return in.number<double>();
    case 3: {
        const auto count = in.number<std::uint64_t>();
        if (count > in.left() / sizeof(std::uint64_t)) refuse(source);
        std::vector<std::string> texts;
        texts.reserve(std::size_t(count));
        for (std::uint64_t i = 0; i < count; ++i) texts.push_back(text(in));
        return texts;
    }
    case 4: return tensor(in, source);
    default: refuse(source);
    }
}

}  // namespace

const Hdf5Item* Hdf5Node::find(std::string_view name) const noexcept {
    const auto at = std::find_if(items.begin(), items.end(), [&](const Hdf5Item& item) { return item.name == name; });
    return at == items.end() ? nullptr : &*at;
}

std::vector<std::byte> pack(const Hdf5Node& node) {
    Packer out;
    out.text(node.about);
    out.number(std::uint64_t(node.items.size()));
    std::vector<const Hdf5Item*> items;
    for (const Hdf5Item& item : node.items) items.push_back(&item);
    std::sort(items.begin(), items.end(), [](const Hdf5Item* a, const Hdf5Item* b) { return a->name < b->name; });
    for (const Hdf5Item* item : items) {
        out.number(std::uint8_t(item->value.index()));
        out.text(item->name);
        out.text(item->unit);
        out.text(item->about);
        std::visit(out, item->value);
    }
    return out.take();
}

Hdf5Node unpackNode(std::span<const std::byte> bytes, const std::string& source) {
    ByteReader in(bytes, source);
    Hdf5Node node;
    node.about = text(in);
    const auto count = in.number<std::uint64_t>();
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto kind = in.number<std::uint8_t>();
        Hdf5Item item;
        item.name = text(in);
        item.unit = text(in);
        item.about = text(in);
        item.value = value(in, kind, source);
        node.items.push_back(std::move(item));
    }
    if (in.left() > 0) refuse(source);
    return node;
}

}  // namespace bitlathe
