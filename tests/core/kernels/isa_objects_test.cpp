// The ISA files must define no weak symbol: the linker keeps one copy of an inline function for the
// whole program, and that copy must not need AVX-512.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace {

std::vector<std::string> isaObjects() {
    std::ifstream list(BITLATHE_KERNEL_OBJECTS);
    std::vector<std::string> paths;
    for (std::string path; std::getline(list, path);)
        if (path.find("_avx2.cpp") != std::string::npos || path.find("_avx512") != std::string::npos)
            paths.push_back(path);
    return paths;
}

std::vector<std::string> symbolsOf(const std::string& object) {
    std::vector<std::string> lines;
    FILE* pipe = popen((std::string(BITLATHE_NM) + " -C --defined-only '" + object + "'").c_str(), "r");
    if (!pipe) return lines;
    std::array<char, 4096> line;
    while (std::fgets(line.data(), line.size(), pipe)) lines.emplace_back(line.data());
    pclose(pipe);
    return lines;
}

}  // namespace

TEST(IsaObjects, DefineNoWeakSymbols) {
    if (BITLATHE_SANITIZED) GTEST_SKIP() << "sanitizers add weak symbols of their own";
    const auto objects = isaObjects();
    ASSERT_GE(objects.size(), 4u);
    for (const auto& object : objects) {
        const auto symbols = symbolsOf(object);
        ASSERT_FALSE(symbols.empty()) << object;
        for (const auto& line : symbols) {
            const auto kind = line.find_first_of("WVuwv", 16);
            EXPECT_FALSE(line.size() > 18 && kind == 17) << object << ": " << line;
        }
    }
}
