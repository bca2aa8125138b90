#include "core/model/model.h"

#include "core/base/mapped_file.h"

namespace bitlathe {

void releasePages(const Model& model, std::span<const std::byte> read) noexcept {
    if (model.file) model.file->release(read);
    for (const auto& shard : model.shards) shard->release(read);
}

}  // namespace bitlathe
