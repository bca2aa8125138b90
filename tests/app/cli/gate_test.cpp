#include "app/cli/gate.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bitlathe::cli {
namespace {

const std::vector<std::string> kFigures = {"top1", "top1_drop"};

TEST(Gate, ComparesAsItIsWritten) {
    const Gate gate = parseGate("top1_drop > 0.01", kFigures);
    EXPECT_TRUE(gate.holds(0.02));
    EXPECT_FALSE(gate.holds(0.01));
    EXPECT_TRUE(parseGate("top1>=0.5", kFigures).holds(0.5));
    EXPECT_TRUE(parseGate("top1<=0.5", kFigures).holds(0.5));
    EXPECT_FALSE(parseGate("top1<0.5", kFigures).holds(0.5));
}

TEST(Gate, FailsANetworkWhoseFiguresAreNoNumbers) {
    EXPECT_TRUE(parseGate("top1<0.5", kFigures).holds(std::nan("")));
    EXPECT_TRUE(parseGate("top1>0.5", kFigures).holds(std::nan("")));
}

TEST(Gate, RefusesWhatItCannotTest) {
    for (const char* bad : {"top1", "speed>1", "top1>", "top1>x", ">0.1", "top1=0.5", "top1>0.5x", "top1>nan"}) EXPECT_THROW(parseGate(bad, kFigures), Error) << bad;
}

}  // namespace
}  // namespace bitlathe::cli
