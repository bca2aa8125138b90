// Copies of tests/golden/hdf5/odd.h5 (made by h5py, make.py beside it) and of files of our own.
#include "core/hdf5/hdf5_copy.h"

#include "core/base/error.h"
#include "core/hdf5/hdf5_file.h"
#include "core/hdf5/hdf5_writer.h"
#include "tests/core/full_disk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include <unistd.h>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

const std::string kOdd = BITLATHE_SOURCE_DIR "/tests/golden/hdf5/odd.h5";
const std::vector<float> kValues = {0.0f, -1.5f, 3.25f, 65504.0f};

class Hdf5CopyTest : public testing::Test {
protected:
    void SetUp() override {
        m_folder = fs::temp_directory_path() / ("bitlathe_hdf5_copy_" + std::to_string(::getpid()));
        fs::create_directories(m_folder);
        m_target = (m_folder / "copy.h5").string();
    }
    void TearDown() override { fs::remove_all(m_folder); }
    void copyAll(const std::string& source) {
        Hdf5Copy copy(source, m_target, {});
        for (const std::string& array : copy.arrays()) copy.copy(array);
        copy.close();
    }
    fs::path m_folder;
    std::string m_target;
};

TEST(Hdf5File, ReadsFloatsOfEveryWidthAndOrderOfBytes) {
    const Hdf5File file(kOdd);
    for (const char* name : {"float_be", "double_be", "half_le", "half_be"}) {
        const Tensor values = toFloat32(file.read(name));
        EXPECT_EQ(std::vector<float>(values.as<float>().begin(), values.as<float>().end()), kValues) << name;
    }
    EXPECT_EQ(file.describe("half_be")->type, ElementType::F16);
    for (const char* name : {"bfloat", "bfloat_opaque"}) {
        ASSERT_TRUE(file.describe(name)) << name;
        EXPECT_EQ(file.describe(name)->type, ElementType::BF16) << name;
        const Tensor values = toFloat32(file.read(name));
        EXPECT_EQ(values.as<float>()[1], -1.5f) << name;
        EXPECT_EQ(values.as<float>()[2], 3.25f) << name;
    }
    const Tensor integers = file.read("int_be");
    EXPECT_EQ(integers.as<std::int16_t>()[3], 30000);
    EXPECT_FALSE(file.describe("opaque"));
    EXPECT_THROW(file.read("opaque"), Error);
}

TEST_F(Hdf5CopyTest, HoldsGroupsLinksAttributesAndArrays) {
    copyAll(kOdd);
    const Hdf5File before(kOdd), after(m_target);
    EXPECT_EQ(after.datasets(), before.datasets());
    for (const std::string& name : before.datasets()) {
        EXPECT_EQ(after.describe(name).has_value(), before.describe(name).has_value()) << name;
        if (before.describe(name)) {
            EXPECT_EQ(after.read(name), before.read(name)) << name;
        }
    }
    for (const char* list : {"list", "fixed"}) EXPECT_EQ(after.textsAttribute("/", list), before.textsAttribute("/", list)) << list;
    EXPECT_EQ(after.textAttribute("deep/packed", "unit"), "V");
    EXPECT_TRUE(after.contains("soft"));
    EXPECT_EQ(after.read("soft"), before.read("deep/packed"));
    EXPECT_EQ(after.read("deep/again"), before.read("deep/packed"));
    EXPECT_TRUE(after.contains("/deep/up/deep/packed"));
    EXPECT_TRUE(after.contains("nowhere"));
    EXPECT_FALSE(after.contains("outside"));
    // Names for a second time take no second room.
    EXPECT_LT(fs::file_size(m_target), fs::file_size(kOdd) + 4096);
}

TEST_F(Hdf5CopyTest, PutsOtherValuesWhereAskedAndLeavesOutWhatIsNotWanted) {
    const Tensor values = Tensor::of(Shape{4}, std::vector<float>{1, 2, 3, 4.5f});
    std::vector<float> many(6000, -0.5f);
    {
        Hdf5Copy copy(kOdd, m_target, {"/ordered"});
        for (const std::string& array : copy.arrays()) {
            if (array == "/pairs") continue;
            if (array == "/half_be" || array == "/double_be" || array == "/bfloat" || array == "/bfloat_opaque") copy.replace(array, values);
            else if (array.starts_with("/deep/")) copy.replace(array, Tensor::of(Shape{60, 100}, many));
            else copy.copy(array);
        }
        copy.replace("/new/array", values);
        Hdf5Node node;
        node.add("count", std::int64_t(3));
        copy.node("/own", node);
        copy.attribute("/", "said", "so");
        copy.close();
    }
    const Hdf5File file(m_target);
    EXPECT_EQ(file.describe("half_be")->type, ElementType::F16);
    EXPECT_EQ(file.describe("double_be")->type, ElementType::F64);
    for (const char* name : {"half_be", "double_be", "bfloat", "bfloat_opaque", "new/array"}) EXPECT_EQ(toFloat32(file.read(name)), values) << name;
    EXPECT_EQ(file.describe("bfloat_opaque")->type, ElementType::F32);
    EXPECT_EQ(file.read("deep/again").as<float>()[5999], -0.5f);
    EXPECT_EQ(file.textAttribute("deep/packed", "unit"), "V");
    EXPECT_FALSE(file.contains("/ordered"));
    EXPECT_FALSE(file.contains("/pairs"));
    EXPECT_EQ(*file.node("/own").get<std::int64_t>("count"), 3);
    EXPECT_EQ(file.textAttribute("/", "said"), "so");
}

TEST_F(Hdf5CopyTest, LongTextsAndListsOfLongNamesGoThrough) {
    const std::string source = (m_folder / "long.h5").string(), text(200000, 'x');
    std::vector<std::string> names;
    for (int i = 0; i < 5000; ++i) names.push_back("block_" + std::to_string(i) + "/a_rather_long_name_of_a_layer");
    {
        Hdf5Writer writer(source);
        writer.attribute("/", "model_config", text);
        writer.attribute("/", "layer_names", names);
        writer.close();
    }
    copyAll(source);
    for (const std::string& path : {source, m_target}) {
        const Hdf5File file(path);
        EXPECT_EQ(file.textAttribute("/", "model_config"), text);
        std::vector<std::string> read;
        for (int part = 0;; ++part) {  // as Keras cuts them
            const auto some = file.textsAttribute("/", "layer_names" + std::to_string(part));
            if (!some) break;
            read.insert(read.end(), some->begin(), some->end());
        }
        EXPECT_EQ(read, names);
    }
}

TEST_F(Hdf5CopyTest, AFullDiskIsASentenceAndNoCrash) {
    const auto refusal = [&](rlim_t limit) -> std::string {
        const testing_support::FileSizeLimit full(limit);
        try {
            copyAll(kOdd);
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::Output) << limit;
            return error.message();
        }
        return {};
    };
    for (const rlim_t limit : {rlim_t(100), rlim_t(4096), rlim_t(8192), rlim_t(10000)}) EXPECT_NE(refusal(limit).find("free some room"), std::string::npos) << limit;
    EXPECT_THROW(Hdf5Copy(kOdd, (m_folder / "absent/copy.h5").string(), {}), Error);
    EXPECT_THROW(Hdf5Copy("/absent.h5", m_target, {}), Error);
}

}  // namespace
}  // namespace bitlathe
