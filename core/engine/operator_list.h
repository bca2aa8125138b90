// Every operator that the engine runs, in one ordered list.
#pragma once

#include "core/engine/operator.h"

#include <span>
#include <string_view>

namespace bitlathe {

// By family, for people; names are unique within a domain.
std::span<const Operator> operators() noexcept;

// "ai.onnx" means "". Null where the engine lacks the operator.
const Operator* findOperator(std::string_view op, std::string_view domain) noexcept;
bool isRunnable(std::string_view op, std::string_view domain) noexcept;

}  // namespace bitlathe
