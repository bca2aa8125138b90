#include "app/cli/gate.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace bitlathe::cli {

bool Gate::holds(double value) const noexcept {
    if (std::isnan(value)) return true;
    switch (test) {
    case Test::Less: return value < bound;
    case Test::LessOrEqual: return value <= bound;
    case Test::Greater: return value > bound;
    case Test::GreaterOrEqual: return value >= bound;
    }
    return false;
}

Gate parseGate(const std::string& text, const std::vector<std::string>& figures) {
    Gate gate;
    gate.text = text;
    std::string plain;
    for (const char c : text)
        if (c != ' ') plain += c;
    const auto at = plain.find_first_of("<>");
    const auto refuse = [&](const std::string& why) -> void {
        throw Error(ErrorKind::Usage, "--fail-if '" + text + "': " + why + "; write e.g. 'top1_drop>0.01'");
    };
    if (at == std::string::npos) refuse("it has no < or >");
    gate.figure = plain.substr(0, at);
    if (std::find(figures.begin(), figures.end(), gate.figure) == figures.end()) {
        std::string names;
        for (const std::string& figure : figures) names += (names.empty() ? "" : ", ") + figure;
        refuse("there is no figure '" + gate.figure + "', there are " + names);
    }
    const bool equal = at + 1 < plain.size() && plain[at + 1] == '=';
    gate.test = plain[at] == '<' ? (equal ? Gate::Test::LessOrEqual : Gate::Test::Less) : (equal ? Gate::Test::GreaterOrEqual : Gate::Test::Greater);
    const std::string number = plain.substr(at + (equal ? 2 : 1));
    char* end = nullptr;
    gate.bound = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0' || !std::isfinite(gate.bound)) refuse("'" + number + "' is not a number");
    return gate;
}

}  // namespace bitlathe::cli
