#include "core/data/npy.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace bitlathe {
namespace {

std::string npy(const std::string& dictionary, const std::string& data) {
    std::string head("\x93NUMPY\x01\x00", 8);
    head += static_cast<char>(dictionary.size());
    head += '\0';
    return head + dictionary + data;
}

std::string write(const std::string& bytes) {
    const auto path = (std::filesystem::path(testing::TempDir()) / "a.npy").string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
}

std::string refusal(const std::string& bytes) {
    try {
        readNpy(write(bytes));
        return "";
    } catch (const Error& error) {
        return error.message();
    }
}

TEST(Npy, ComesBackAsItWasWritten) {
    const auto path = (std::filesystem::path(testing::TempDir()) / "b.npy").string();
    for (const Tensor& tensor : {Tensor::of<float>({2, 2}, std::vector<float>{1, -2, 3, 4}), Tensor::scalar(std::int64_t(-5)),
                                 Tensor::of<std::uint8_t>({3}, std::vector<std::uint8_t>{1, 2, 255})}) {
        writeNpy(path, tensor);
        EXPECT_EQ(readNpy(path), tensor);
    }
}

TEST(Npy, SaysWhatItDoesNotSupport) {
    EXPECT_NE(refusal(npy("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "12345678")).find("<c8"), std::string::npos);
    EXPECT_NE(refusal(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", "1234")).find("Fortran"), std::string::npos);
    EXPECT_NE(refusal(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "1234")).find("structured"), std::string::npos);
}

TEST(Npy, AnEmptyElementTypeIsRefusedAndNotACrash) {
    for (const char* type : {"", "=", "<", "<U99999999999999999999"})
        EXPECT_NE(refusal(npy("{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (1,), }", "1234")), "") << type;
}

TEST(Npy, RefusesAShapeThatIsNotThere) {
    EXPECT_NE(refusal(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "1234")), "");
    EXPECT_NE(refusal(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9), }", "1234")), "");
    EXPECT_NE(refusal("\x93NUMPY"), "");
    EXPECT_NE(refusal(""), "");
}

}  // namespace
}  // namespace bitlathe
