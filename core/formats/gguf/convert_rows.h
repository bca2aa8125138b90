// One tensor of a checkpoint under GGUF's name, with rows and numbers as GGUF has them, made when they are read. Private
// to this folder.
#pragma once

#include "core/language/architecture.h"
#include "core/model/graph.h"

#include <cstdint>
#include <string>

namespace bitlathe::gguf {

struct TurnedContext {
    const LanguageSpec& spec;
    const Architecture& architecture;
    std::int64_t feedForward = 0;  // numbers inside of the feed-forward part, as config.json says; 0: it does not
};

// Throws Error(Input) naming the tensor where the network that config.json describes has another shape there.
Value turned(const TurnedContext& context, const Value& value, const std::string& name);

const Shape& shapeOf(const Value& value);

}  // namespace bitlathe::gguf
