// inspect --layer: one layer's weights under one scheme, explained on a weight of its own.
#pragma once

#include "app/cli/command.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace bitlathe {
struct Model;
}

namespace bitlathe::cli {

struct ProjectInput;

struct ExplainOptions {
    std::string layer;           // by name
    std::string recipe, preset;  // whose scheme the layer has
    std::shared_ptr<ProjectInput> project;  // whose recipe it is where neither these nor a format are given; none: 8-bit integers by channel
    std::string format;          // the name of a codec, instead of the scheme's
    int bits = 0;                // 0: the scheme's, or as many as the format has up to 4
    std::optional<std::int64_t> weight;  // in the order of the file
};

// Prints the example. Throws Error for a layer that is not there or not quantizable, and for impossible formats.
int explainLayer(const Model& model, const ExplainOptions& options, Session& session);

}  // namespace bitlathe::cli
