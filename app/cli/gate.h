// A condition that fails the command: "top1_drop>0.01".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bitlathe::cli {

struct Gate {
    std::string text, figure;
    enum class Test { Less, LessOrEqual, Greater, GreaterOrEqual } test = Test::Greater;
    double bound = 0;
    // True for NaN: a network whose figures are no numbers must not pass.
    bool holds(double value) const noexcept;
};

// Throws Error(Usage) naming what is wrong; `figures` are the names that may be tested.
Gate parseGate(const std::string& text, const std::vector<std::string>& figures);

}  // namespace bitlathe::cli
