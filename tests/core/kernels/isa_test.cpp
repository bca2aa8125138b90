#include "core/kernels/isa.h"

#include <gtest/gtest.h>

#include <set>

#include "core/kernels/kernel_list.h"

namespace bitlathe {

TEST(Isa, NamesGoBothWays) {
    for (const Isa isa : isasUpTo(Isa::Amx)) EXPECT_EQ(isaFromName(isaName(isa)), isa);
    EXPECT_EQ(isaFromName("sse9"), std::nullopt);
}

TEST(Isa, CanBeLoweredButNotRaised) {
    EXPECT_EQ(lowered(Isa::Avx512Vnni, Isa::Avx2), Isa::Avx2);
    EXPECT_EQ(lowered(Isa::Avx2, Isa::Amx), Isa::Avx2);
}

TEST(Isa, DetectionAgreesWithTheCompilersOwn) {
    const Isa isa = detectIsa();
    EXPECT_EQ(isa >= Isa::Avx2, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
    EXPECT_EQ(isa >= Isa::Avx512Vnni, __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni"));
}

TEST(KernelList, GivesEveryKindAReferenceLastAndUniqueNames) {
    std::set<std::string_view> names;
    const auto rows = kernelList();
    ASSERT_FALSE(rows.empty());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_TRUE(names.insert(rows[i].name).second) << rows[i].name;
        const bool last = i + 1 == rows.size() || rows[i + 1].kind != rows[i].kind;
        EXPECT_EQ(last, rows[i].isa == Isa::Reference) << rows[i].name;
        if (!last) {
            EXPECT_GT(rows[i].isa, rows[i + 1].isa) << rows[i].name;
        }
        EXPECT_EQ(kernelFor(rows[i].kind, Isa::Reference).isa, Isa::Reference);
        EXPECT_EQ(kernelFor(rows[i].kind, rows[i].isa).name, rows[i].name);
    }
}

}  // namespace bitlathe
