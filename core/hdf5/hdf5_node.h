// A group of an HDF5 file with all that lies directly in it, as one value, and the same as plain bytes. Knows no
// file and not the library.
#pragma once

#include "core/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace bitlathe {

// In a file: numbers and short texts are attributes of the group, the rest are arrays in it.
using Hdf5Value = std::variant<std::string, std::int64_t, double, std::vector<std::string>, Tensor>;

struct Hdf5Item {
    std::string name;
    Hdf5Value value;
    std::string unit;   // "dB", "bytes"; the attribute "unit" of an array, "NAME.unit" beside an attribute
    std::string about;  // what it means; the attribute "about" of an array, not kept for attributes
    bool operator==(const Hdf5Item&) const = default;
};

struct Hdf5Node {
    std::string about;  // the group's attribute "about"
    std::vector<Hdf5Item> items;

    const Hdf5Item* find(std::string_view name) const noexcept;
    // Null where there is no such item or it is of another kind. Numbers of one kind do not pass for the other.
    template <class T>
    const T* get(std::string_view name) const noexcept {
        const Hdf5Item* item = find(name);
        return item ? std::get_if<T>(&item->value) : nullptr;
    }
    void add(std::string name, Hdf5Value value, std::string unit = {}, std::string about = {}) {
        items.push_back({std::move(name), std::move(value), std::move(unit), std::move(about)});
    }
    bool operator==(const Hdf5Node&) const = default;
};

// Little-endian bytes, items in name order: nodes with equal items have equal bytes.
std::vector<std::byte> pack(const Hdf5Node& node);
// Throws Error(Input) naming `source` for bytes that are no node. Tensors are copied.
Hdf5Node unpackNode(std::span<const std::byte> bytes, const std::string& source);

}  // namespace bitlathe
