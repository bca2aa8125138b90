#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/formats/onnx/onnx.h"
#include "tests/core/formats/text_model.h"

#include <gtest/gtest.h>

#include <cstring>

namespace bitlathe {
namespace {

std::string externalModel(const std::string& entries) {
    return modelBytes(graphText("output { name: 'y' } initializer { name: 'w' dims: 2 data_type: 1 data_location: EXTERNAL " + entries +
                                " } node { op_type: 'Identity' input: 'w' output: 'y' }"));
}

std::string entry(const std::string& key, const std::string& value) { return "external_data { key: '" + key + "' value: '" + value + "' } "; }

std::string refusal(const Folder& folder, const std::string& entries) {
    writeFile(folder.path() / "m.onnx", externalModel(entries));
    JobContext context;
    try {
        onnx::read(folder.path() / "m.onnx", context);
    } catch (const Error& error) {
        return error.message();
    }
    return {};
}

TEST(ExternalData, StaysInItsOwnMappedFile) {
    const Folder folder;
    std::string bytes(16, '\0');
    const float values[2] = {1.5f, -2.0f};
    std::memcpy(bytes.data() + 8, values, 8);
    writeFile(folder.path() / "w.bin", bytes);
    writeFile(folder.path() / "m.onnx", externalModel(entry("location", "w.bin") + entry("offset", "8") + entry("length", "8")));
    JobContext context;
    const Model model = onnx::read(folder.path() / "m.onnx", context);
    const Tensor& tensor = *model.graph.constant(model.graph.nodes[0].input(0));
    EXPECT_EQ(tensor, Tensor::of(Shape{2}, std::vector<float>{1.5f, -2.0f}));
    EXPECT_EQ(model.weightFiles, std::vector<std::filesystem::path>{folder.path() / "w.bin"});
    const auto file = std::static_pointer_cast<const MappedFile>(tensor.owner());
    EXPECT_EQ(tensor.bytes().data(), file->bytes().data() + 8);
}

TEST(ExternalData, RefusesPathsThatLeaveTheFolder) {
    const Folder folder;
    for (const char* path : {"/etc/hostname", "../w.bin", "a/../../w.bin", "a\\\\..\\\\w.bin"})
        EXPECT_NE(refusal(folder, entry("location", path)).find("leaves the model's own folder"), std::string::npos) << path;
}

TEST(ExternalData, RefusesWhatIsMissingOrOutside) {
    const Folder folder;
    writeFile(folder.path() / "w.bin", std::string(10, '\0'));
    EXPECT_NE(refusal(folder, entry("location", "gone.bin")).find("'gone.bin', which is missing"), std::string::npos);
    EXPECT_NE(refusal(folder, "").find("no name"), std::string::npos);
    EXPECT_NE(refusal(folder, entry("location", "w.bin") + entry("offset", "4")).find("which has only 10 bytes"), std::string::npos);
    EXPECT_NE(refusal(folder, entry("location", "w.bin") + entry("offset", "18446744073709551615")).find("which has only 10 bytes"), std::string::npos);
    EXPECT_NE(refusal(folder, entry("location", "w.bin") + entry("length", "4")).find("needs 8 bytes but 4"), std::string::npos);
    EXPECT_NE(refusal(folder, entry("location", "w.bin") + entry("offset", "-1")).find("is no number"), std::string::npos);
    EXPECT_EQ(refusal(folder, entry("location", "w.bin")), "");
}

}  // namespace
}  // namespace bitlathe
