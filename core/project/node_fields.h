// One list of a struct's fields serves for writing it into a record and for reading it back: a function
// `template <class F> void fields(F& f, S& s)` that calls f(name, member, unit, about) for each.
#pragma once

#include "core/hdf5/hdf5_node.h"

#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace bitlathe {

// Writes. Vectors become one-dimensional arrays; empty ones are left out.
class ToNode {
public:
    explicit ToNode(Hdf5Node& node) : m_node(node) {}
    void operator()(const char* name, const std::string& value, const char* unit = "", const char* about = "") { m_node.add(name, value, unit, about); }
    void operator()(const char* name, std::floating_point auto value, const char* unit = "", const char* about = "") { m_node.add(name, double(value), unit, about); }
    void operator()(const char* name, std::integral auto value, const char* unit = "", const char* about = "") { m_node.add(name, std::int64_t(value), unit, about); }
    template <class T>
    void operator()(const char* name, const std::vector<T>& values, const char* unit = "", const char* about = "") {
        if constexpr (std::is_same_v<T, std::string>) m_node.add(name, values, unit, about);
        else if (!values.empty()) m_node.add(name, Tensor::of<T>(Shape{std::int64_t(values.size())}, values), unit, about);
    }

private:
    Hdf5Node& m_node;
};

// Reads; complete() says whether every field was there in the kind that the struct has. Absent vectors are empty.
class FromNode {
public:
    explicit FromNode(const Hdf5Node& node) : m_node(node) {}
    void operator()(const char* name, std::string& value, const char* = "", const char* = "") { take(name, value); }
    void operator()(const char* name, std::floating_point auto& value, const char* = "", const char* = "") {
        double number = 0;
        if (take(name, number)) value = static_cast<std::remove_reference_t<decltype(value)>>(number);
    }
    void operator()(const char* name, std::integral auto& value, const char* = "", const char* = "") {
        std::int64_t number = 0;
        if (take(name, number)) value = static_cast<std::remove_reference_t<decltype(value)>>(number);
    }
    template <class T>
    void operator()(const char* name, std::vector<T>& values, const char* = "", const char* = "") {
        if constexpr (std::is_same_v<T, std::string>) {
            take(name, values);
        } else {
            values.clear();
            const auto* tensor = m_node.get<Tensor>(name);
            if (!tensor) {
                m_complete = m_complete && !m_node.find(name);
            } else if (tensor->type() != ElementOf<T>::type || tensor->shape().rank() != 1) {
                m_complete = false;
            } else {
                const auto all = tensor->as<T>();
                values.assign(all.begin(), all.end());
            }
        }
    }
    bool complete() const noexcept { return m_complete; }

private:
    template <class T>
    bool take(const char* name, T& value) {
        const T* found = m_node.get<T>(name);
        if (found) value = *found;
        else m_complete = false;
        return found;
    }
    const Hdf5Node& m_node;
    bool m_complete = true;
};

}  // namespace bitlathe
