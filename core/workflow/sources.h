// Results never take the place of what they were made from.
#pragma once

#include "core/model/model.h"

#include <filesystem>
#include <string>
#include <vector>

namespace bitlathe {

// Throws Error(Usage) naming the source when writing `output` would replace the model's file, a file beside it that
// holds its weights, or one of `sources`: paths of files, FILE:NAME as datasets are named, or folders whose files must
// stay; empty ones are passed over. Looks through links.
void refuseOverwriting(const std::filesystem::path& output, const Model* model, const std::vector<std::string>& sources);

}  // namespace bitlathe
