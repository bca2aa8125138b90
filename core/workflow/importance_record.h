// The importance that a project works with, where it came from, and whose it is. As a record of the project. Knows no windows.
#pragma once

#include "core/hdf5/hdf5_node.h"
#include "core/quant/importance.h"

#include <memory>
#include <optional>
#include <string>

namespace bitlathe {

struct KeptImportance {
    std::string model;      // lastingIdentity() of the model that it was collected from; of a file: of the model it was opened for
    std::string text;       // the text that it was collected from, or the importance file
    std::string textSha256; // of that file
    bool fromFile = false;  // read from a file of llama.cpp's, not collected here
    bool partial = false;   // collecting was stopped: the windows done by then count
    std::int64_t windowsAsked = 0;
    std::shared_ptr<const Importance> importance;

    // Equal texts, equal importance; begins with a separator, to stand behind a model's identity.
    std::string identity() const;
    std::int64_t tokens() const noexcept { return importance ? importance->chunks * importance->chunkTokens : 0; }
};
Hdf5Node toNode(const KeptImportance& kept);
// Nothing for a record that lacks something.
std::optional<KeptImportance> importanceFrom(const Hdf5Node& node);

}  // namespace bitlathe
