#include "app/cli/json_output.h"

#include <iostream>

namespace bitlathe::cli {

void printJson(const Json& document) {
    std::cout << document.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

}  // namespace bitlathe::cli
