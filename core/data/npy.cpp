#include "core/data/npy.h"

#include "core/base/mapped_file.h"
#include "core/base/save_file.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

namespace bitlathe {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

struct NpyType {
    std::string_view text;
    ElementType type;
};
constexpr std::array kTypes = {
    NpyType{"<f8", ElementType::F64}, NpyType{"<f4", ElementType::F32}, NpyType{"<f2", ElementType::F16}, NpyType{"<i8", ElementType::I64},
    NpyType{"<i4", ElementType::I32}, NpyType{"<i2", ElementType::I16}, NpyType{"|i1", ElementType::I8},  NpyType{"<u8", ElementType::U64},
    NpyType{"<u4", ElementType::U32}, NpyType{"<u2", ElementType::U16}, NpyType{"|u1", ElementType::U8},  NpyType{"|b1", ElementType::Bool},
};

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
    refuseInput("'" + where + "' is not a NumPy array that can be read: " + why + "; save it again with numpy.save");
}

// The value of 'key' in the header's Python dictionary, up to the comma that ends it.
std::string_view valueOf(std::string_view text, std::string_view key, const std::string& where) {
    const auto at = text.find("'" + std::string(key) + "'");
    if (at == std::string_view::npos) refuse(where, "its header has no '" + std::string(key) + "'");
    auto value = text.substr(at + key.size() + 2);
    const auto from = value.find_first_not_of(": ");
    if (from == std::string_view::npos) refuse(where, "its header ends early");
    return value.substr(from);
}

}  // namespace

std::size_t npyHeaderBytes(std::span<const std::byte> head, const std::string& where) {
    if (head.size() < 12 || std::memcmp(head.data(), kMagic.data(), kMagic.size()) != 0) refuse(where, "it does not begin with NumPy's signature");
    const auto byte = [&](std::size_t i) { return std::to_integer<std::size_t>(head[i]); };
    if (byte(6) < 1 || byte(6) > 3) refuse(where, "format version " + std::to_string(byte(6)) + " is not known");
    const std::size_t length = byte(6) == 1 ? 10 + byte(8) + 256 * byte(9)
                                            : 12 + byte(8) + (byte(9) << 8) + (byte(10) << 16) + (byte(11) << 24);
    if (length > (1u << 20)) refuse(where, "its header claims " + std::to_string(length) + " bytes");
    return length;
}

NpyHeader parseNpyHeader(std::span<const std::byte> head, const std::string& where) {
    NpyHeader header;
    header.dataOffset = npyHeaderBytes(head, where);
    if (header.dataOffset > head.size()) refuse(where, "it ends inside its header");
    const std::size_t from = std::to_integer<int>(head[6]) == 1 ? 10 : 12;
    const std::string_view text(reinterpret_cast<const char*>(head.data()) + from, header.dataOffset - from);

    auto type = valueOf(text, "descr", where);
    const auto close = type.size() > 1 && type[0] == '\'' ? type.find('\'', 1) : std::string_view::npos;
    if (close == std::string_view::npos) refuse(where, "structured arrays are not supported");
    type = type.substr(1, close - 1);
    bool known = false;
    for (const NpyType& row : kTypes)
        if (row.text == type || (type.starts_with('=') && row.text.substr(1) == type.substr(1))) header.type = row.type, known = true;
    if (known) {
        header.elementBytes = bitsOf(header.type) / 8;
    } else if (type.size() > 2 && (type[1] == 'U' || type[1] == 'S')) {
        header.type = ElementType::String;
        std::int64_t length = 0;
        std::from_chars(type.data() + 2, type.data() + type.size(), length);
        if (length < 0 || length > (1 << 20)) refuse(where, "its texts claim " + std::to_string(length) + " characters");
        header.elementBytes = length * (type[1] == 'U' ? 4 : 1);
    } else {
        refuse(where, "element type '" + std::string(type) + "' is not supported");
    }
    if (valueOf(text, "fortran_order", where).starts_with("True"))
        refuseInput("'" + where + "' cannot be streamed by samples: its axes lie in Fortran order, which puts the parts of one sample all over the file; save numpy.ascontiguousarray of it");

    auto dims = valueOf(text, "shape", where);
    if (!dims.starts_with('(')) refuse(where, "its shape cannot be read");
    std::vector<std::int64_t> extents;
    for (std::size_t at = 1; at < dims.size() && dims[at] != ')';) {
        if (dims[at] == ',' || dims[at] == ' ' || dims[at] == 'L') {
            ++at;
            continue;
        }
        std::int64_t extent = 0;
        const auto [end, error] = std::from_chars(dims.data() + at, dims.data() + dims.size(), extent);
        if (error != std::errc() || extents.size() >= 32) refuse(where, "its shape cannot be read");
        extents.push_back(extent);
        at = static_cast<std::size_t>(end - dims.data());
    }
    const auto count = checkedCount(extents);
    if (!count || *count > (std::int64_t(1) << 56) / std::max<std::int64_t>(header.elementBytes, 1)) refuse(where, "its shape is impossibly large");
    header.shape = Shape(std::move(extents));
    return header;
}

namespace {

// Of a file that holds all that it says.
NpyHeader checkedHeader(const MappedFile& file, const std::string& path) {
    const NpyHeader header = parseNpyHeader(file.bytes(), path);
    if (header.type == ElementType::String) refuse(path, "it holds texts, not numbers");
    const auto size = static_cast<std::size_t>(header.shape.count() * header.elementBytes), there = file.bytes().size() - header.dataOffset;
    if (there < size)
        refuse(path, "it should hold " + std::to_string(size) + " bytes of " + toText(header.shape) + " elements, but ends after " + std::to_string(there));
    return header;
}

}  // namespace

Tensor readNpy(const std::string& path) {
    const auto file = MappedFile::open(path);
    const NpyHeader header = checkedHeader(*file, path);
    const auto data = file->bytes().subspan(header.dataOffset);
    const auto size = static_cast<std::size_t>(header.shape.count() * header.elementBytes);
    if (reinterpret_cast<std::uintptr_t>(data.data()) % 8 == 0) return Tensor(header.type, header.shape, data, file);
    std::byte* bytes = nullptr;
    Tensor tensor = Tensor::allocate(header.type, header.shape, bytes);
    std::memcpy(bytes, data.data(), size);
    return tensor;
}

std::string npyHeaderFor(const Tensor& tensor) {
    std::string_view type;
    for (const NpyType& row : kTypes)
        if (row.type == tensor.type()) type = row.text;
    assert(!type.empty());
    std::string dims;
    for (const auto extent : tensor.shape()) dims += std::to_string(extent) + ", ";
    if (tensor.shape().rank() > 1) dims.resize(dims.size() - 2);
    else if (tensor.shape().rank() == 1) dims.pop_back();
    std::string text = "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (" + dims + "), }";
    text.append(64 - (10 + text.size() + 1) % 64, ' ');
    text += '\n';
    std::string header(kMagic);
    header += {'\x01', '\x00', static_cast<char>(text.size() & 255), static_cast<char>(text.size() >> 8)};
    return header + text;
}

void writeNpy(const std::string& path, const Tensor& tensor) {
    SaveFile file(path);
    file.write(npyHeaderFor(tensor));
    file.write(tensor.bytes());
    file.commit();
}

bool recognizesNpy(const std::string& path) {
    char head[6] = {};
    std::ifstream(path, std::ios::binary).read(head, sizeof head);
    return std::string_view(head, sizeof head) == kMagic;
}

namespace {

// Samples of a file that may be larger than memory: each is copied out of the mapping, whose pages are given back
// every few megabytes.
class NpyStream {
public:
    NpyStream(std::shared_ptr<const MappedFile> file, ElementType type, Shape sample, std::size_t offset)
        : m_file(std::move(file)), m_type(type), m_sample(std::move(sample)), m_offset(offset), m_bytes(static_cast<std::size_t>(bytesFor(m_type, m_sample.count()))) {}

    Tensor read(std::int64_t index) {
        const auto from = m_file->bytes().subspan(m_offset + static_cast<std::size_t>(index) * m_bytes, m_bytes);
        std::byte* to = nullptr;
        Tensor tensor = Tensor::allocate(m_type, m_sample, to);
        if (m_bytes > 0) std::memcpy(to, from.data(), m_bytes);
        refuseLostPages(from);
        m_touched += m_bytes + kLeastTouched;
        m_low = std::min(m_low, from.data()), m_high = std::max(m_high, from.data() + m_bytes);
        if (m_touched >= kMostTouched) {
            m_file->release({m_low, m_high});
            m_touched = 0, m_low = from.data() + m_bytes, m_high = from.data();
        }
        return tensor;
    }

private:
    static constexpr std::size_t kMostTouched = std::size_t(4) << 20, kLeastTouched = 4096;  // a far sample brings a page
    std::shared_ptr<const MappedFile> m_file;
    ElementType m_type;
    Shape m_sample;
    std::size_t m_offset, m_bytes, m_touched = 0;
    const std::byte* m_low = m_file->bytes().data() + m_file->bytes().size();
    const std::byte* m_high = m_file->bytes().data();
};

// x.npy has its labels in a file beside it that is called so: nothing when there is none.
std::optional<std::vector<std::int64_t>> labelsBeside(const std::filesystem::path& path, std::int64_t count) {
    for (const std::string& name : labelNamesFor(path.stem().string())) {
        const std::filesystem::path file = path.parent_path() / (name + ".npy");
        std::error_code none;
        if (file == path || !std::filesystem::is_regular_file(file, none)) continue;
        const bool meant = name != "label" && name != "y" && name != "labels";  // those may belong to another file of the folder
        const Tensor labels = readNpy(file.string());
        const bool fits = (labels.shape() == Shape{count} || labels.shape() == Shape{count, 1}) && isInteger(labels.type());
        if (fits) return toInt64(labels);
        if (meant)
            refuseInput("'" + file.string() + "' should label the samples of '" + path.filename().string() + "', but is " + std::string(nameOf(labels.type())) + " of " + toText(labels.shape()) +
                        " for " + std::to_string(count) + " samples; give one integer for each, or call it something else");
    }
    return std::nullopt;
}

}  // namespace

Dataset openNpy(const std::string& path, const std::string&) {
    const auto file = MappedFile::open(path);
    const NpyHeader header = checkedHeader(*file, path);
    if (header.shape.rank() < 1) refuse(path, "it is a single number, not a list of samples");
    Dataset data;
    const Shape sample(std::vector<std::int64_t>(header.shape.begin() + 1, header.shape.end()));
    const auto stream = std::make_shared<NpyStream>(file, header.type, sample, header.dataOffset);
    data.arrays.push_back({"inputs", header.type, sample, header.shape[0], [stream](std::int64_t index) { return stream->read(index); }});
    data.labels = labelsBeside(path, header.shape[0]);
    return data;
}

}  // namespace bitlathe
