#include "core/base/sha256.h"

#include <gtest/gtest.h>

#include <string_view>

namespace bitlathe {
namespace {

std::string sumOf(std::string_view text) { return sha256(std::as_bytes(std::span(text.data(), text.size()))); }

TEST(Sha256, AgreesWithTheStandardsExamples) {
    EXPECT_EQ(sumOf(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sumOf("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sumOf("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, IsTheSameHoweverTheBytesArrive) {
    const std::string text(1000, 'a');
    for (std::size_t step : {1, 3, 63, 64, 65, 200}) {
        Sha256 sum;
        for (std::size_t at = 0; at < text.size(); at += step)
            sum.add(std::as_bytes(std::span(text).subspan(at, std::min(step, text.size() - at))));
        EXPECT_EQ(sum.hex(), sumOf(text)) << step;
    }
}

}  // namespace
}  // namespace bitlathe
