#include "core/base/error.h"

#include <system_error>

namespace bitlathe {

void refuseInput(std::string message) {
    throw Error(ErrorKind::Input, std::move(message));
}

std::string systemReason(int errorNumber) {
    return std::generic_category().message(errorNumber);
}

}  // namespace bitlathe
