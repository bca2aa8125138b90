// Text from files that goes to screens, JSON and other files.
#pragma once

#include <string>
#include <string_view>

namespace bitlathe {

// UTF-8 without control characters; `lines` allows tabs and line ends.
bool isPlainText(std::string_view text, bool lines = false) noexcept;
// The text itself where it is plain; otherwise with a question mark for everything outside ASCII.
std::string plainText(std::string_view text, bool lines = false);

}  // namespace bitlathe
