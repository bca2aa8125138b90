#include "core/workflow/samples.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

Dataset counting(Shape sample, std::int64_t count, std::string name = "inputs") {
    Dataset data;
    data.path = "made.npz";
    data.arrays.push_back({std::move(name), ElementType::F32, sample, count, [sample](std::int64_t index) {
                               return Tensor::of<float>(sample, std::vector<float>(static_cast<std::size_t>(sample.count()), static_cast<float>(index)));
                           }});
    return data;
}

Model taking(std::vector<std::vector<Dim>> shapes) {
    Model model;
    model.name = "m";
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        const ValueId id = model.graph.addValue("in" + std::to_string(i));
        model.graph.values[static_cast<std::size_t>(id)].type = ElementType::F32;
        model.graph.values[static_cast<std::size_t>(id)].shape = shapes[i];
        model.graph.inputs.push_back(id);
    }
    return model;
}

TEST(SampleFeed, AnOpenBatchTakesSeveralAndTheLastIsShorter) {
    const SampleFeed feed(taking({{Dim{-1, "N"}, Dim{4, ""}}}), counting({4}, 11));
    EXPECT_EQ(feed.batch(), SampleFeed::kBatch);
    EXPECT_EQ(feed.batches(), 2);
    EXPECT_EQ(feed.inputs(1)[0].shape(), (Shape{3, 4}));
    EXPECT_EQ(feed.inputs(1)[0].as<float>()[4], 9.0f);
}

TEST(SampleFeed, AFixedBatchIsFilledWithItsLastSample) {
    const SampleFeed feed(taking({{Dim{8, ""}, Dim{2, ""}}}), counting({2}, 10));
    EXPECT_EQ(feed.inputs(1)[0].shape(), (Shape{8, 2}));
    EXPECT_EQ(feed.validIn(1), 2);
    EXPECT_EQ(feed.inputs(1)[0].as<float>()[15], 9.0f);
}

TEST(SampleFeed, ASampleStoredWithItsBatchAxisFits) {
    const SampleFeed feed(taking({{Dim{1, ""}, Dim{3, ""}, Dim{2, ""}, Dim{2, ""}}}), counting({1, 3, 2, 2}, 2));
    EXPECT_EQ(feed.inputs(0)[0].shape(), (Shape{1, 3, 2, 2}));
}

TEST(SampleFeed, SeveralInputsTakeTheArraysWithTheirNames) {
    Dataset data = counting({2}, 3, "in1");
    data.arrays.push_back(counting({5}, 3, "in0").arrays[0]);
    const SampleFeed feed(taking({{Dim{1, ""}, Dim{5, ""}}, {Dim{1, ""}, Dim{2, ""}}}), data);
    EXPECT_EQ(feed.inputs(0)[0].shape(), (Shape{1, 5}));
    EXPECT_EQ(feed.inputs(0)[1].shape(), (Shape{1, 2}));
    EXPECT_THROW(SampleFeed(taking({{Dim{1, ""}}, {Dim{1, ""}}}), counting({2}, 3, "other")), Error);
}

TEST(SampleFeed, SaysThatItUsesRawIntegersAsTheyAre) {
    Dataset data = counting({4}, 2);
    data.arrays[0].type = ElementType::U8;
    data.arrays[0].read = [](std::int64_t) { return Tensor::of<std::uint8_t>({4}, std::vector<std::uint8_t>{1, 2, 3, 4}); };
    EXPECT_NE(SampleFeed(taking({{Dim{-1, ""}, Dim{4, ""}}}), data).note(), "");
    EXPECT_EQ(SampleFeed(taking({{Dim{-1, ""}, Dim{4, ""}}}), data, R"({"scale": 0.5})").note(), "");
    EXPECT_EQ(SampleFeed(taking({{Dim{-1, ""}, Dim{4, ""}}}), data, R"({"scale": 0.5})").inputs(0)[0].as<float>()[3], 2.0f);
}

TEST(SampleFeed, TheModelsOwnPreprocessingIsUsedLast) {
    Model model = taking({{Dim{-1, ""}, Dim{1, ""}}});
    model.metadata.emplace_back("bitlathe.preprocess", R"({"scale": 3})");
    Dataset data = counting({1}, 3);
    data.arrays[0].type = ElementType::U8;
    data.arrays[0].read = [](std::int64_t index) { return Tensor::of<std::uint8_t>({1}, std::vector<std::uint8_t>{static_cast<std::uint8_t>(index)}); };
    EXPECT_EQ(SampleFeed(model, data).inputs(0)[0].as<float>()[2], 6.0f);
    EXPECT_EQ(SampleFeed(model, data, R"({"scale": 1})").inputs(0)[0].as<float>()[2], 2.0f);
}

// Prepared floats were prepared a second time, the ranges learned from them were far too small, and the demo fell to 69 %.
TEST(SampleFeed, TheModelsOwnPreprocessingLeavesFloatsAlone) {
    Model model = taking({{Dim{-1, ""}, Dim{1, ""}}});
    model.metadata.emplace_back("bitlathe.preprocess", R"({"scale": 3})");
    const SampleFeed feed(model, counting({1}, 3));
    EXPECT_EQ(feed.inputs(0)[0].as<float>()[2], 2.0f);
    EXPECT_NE(feed.note(), "");
    EXPECT_EQ(SampleFeed(model, counting({1}, 3), R"({"scale": 3})").inputs(0)[0].as<float>()[2], 6.0f);
}

TEST(SampleFeed, GivesOnlyTheSelectedSamplesAndTheirLabels) {
    Dataset data = counting({4}, 11);
    data.labels = std::vector<std::int64_t>{10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
    SampleFeed feed(taking({{Dim{-1, "N"}, Dim{4, ""}}}), data);
    feed.select({1, 4, 10});
    EXPECT_EQ(feed.samples(), 3);
    EXPECT_EQ(feed.indexOf(2), 10);
    EXPECT_EQ(feed.label(1), 14);
    const auto batch = feed.inputs(0);
    EXPECT_EQ(batch[0].shape(), (Shape{3, 4}));
    EXPECT_EQ(batch[0].as<float>()[4], 4.0f);
    EXPECT_EQ(batch[0].as<float>()[8], 10.0f);
}

TEST(SampleFeed, APictureOfAnotherSizeIsNamed) {
    Dataset data = counting({2, 2}, 3);
    data.arrays[0].read = [](std::int64_t index) { return Tensor::of<float>({2, 2 + index}, std::vector<float>(static_cast<std::size_t>(4 + 2 * index))); };
    data.arrays[0].nameOf = [](std::int64_t index) { return "cats/" + std::to_string(index) + ".png"; };
    const SampleFeed feed(taking({{Dim{-1, ""}, Dim{1, ""}, Dim{2, ""}, Dim{-1, ""}}}), data);
    try {
        feed.inputs(0);
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("cats/1.png"), std::string::npos) << error.message();
        EXPECT_NE(error.message().find("resize"), std::string::npos) << error.message();
    }
    const SampleFeed wrong(taking({{Dim{-1, ""}, Dim{3, ""}, Dim{5, ""}, Dim{5, ""}}}), data);
    try {
        wrong.inputs(0);
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("cats/0.png"), std::string::npos) << error.message();
        EXPECT_NE(error.message().find("3 × 5 × 5"), std::string::npos) << error.message();
    }
}

}  // namespace
}  // namespace bitlathe
