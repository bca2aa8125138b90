// What a node carries beside its inputs. The names and meanings are ONNX's.
#pragma once

#include "core/tensor/tensor.h"

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace bitlathe {

// Something we keep and write back but do not look into: a subgraph, a sparse tensor, a type.
struct OpaqueAttribute {
    std::string bytes;  // the serialized AttributeProto
    bool operator==(const OpaqueAttribute&) const = default;
};

using Attribute = std::variant<std::int64_t, float, std::string, Tensor, std::vector<std::int64_t>, std::vector<float>,
                               std::vector<std::string>, OpaqueAttribute>;
using Attributes = std::map<std::string, Attribute, std::less<>>;

}  // namespace bitlathe
