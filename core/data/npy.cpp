#include "core/data/npy.h"

#include "core/base/mapped_file.h"
#include "core/base/save_file.h"

#include <array>
#include <cassert>
#include <charconv>
#include <cstring>
#include <fstream>

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
    if (valueOf(text, "fortran_order", where).starts_with("True")) refuse(where, "its axes are in Fortran order");

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

Tensor readNpy(const std::string& path) {
    const auto file = MappedFile::open(path);
    const NpyHeader header = parseNpyHeader(file->bytes(), path);
    if (header.type == ElementType::String) refuse(path, "it holds texts, not numbers");
    const auto data = file->bytes().subspan(header.dataOffset);
    const auto size = static_cast<std::size_t>(header.shape.count() * header.elementBytes);
    if (data.size() < size)
        refuse(path, "it should hold " + std::to_string(size) + " bytes of " + toText(header.shape) + " elements, but ends after " + std::to_string(data.size()));
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

Dataset openNpy(const std::string& path, const std::string&) {
    const Tensor all = readNpy(path);
    if (all.shape().rank() < 1) refuse(path, "it is a single number, not a list of samples");
    Dataset data;
    Shape sample(std::vector<std::int64_t>(all.shape().begin() + 1, all.shape().end()));
    const auto bytes = static_cast<std::size_t>(bytesFor(all.type(), sample.count()));
    data.arrays.push_back({"inputs", all.type(), sample, all.shape()[0], [all, sample, bytes](std::int64_t index) {
                               return Tensor(all.type(), sample, all.bytes().subspan(static_cast<std::size_t>(index) * bytes, bytes), all.owner());
                           }});
    return data;
}

}  // namespace bitlathe
