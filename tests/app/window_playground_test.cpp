// The playground, driven through the window.
#include "app/playground_control.h"
#include "app/playground_image_control.h"
#include "app/playground_measure.h"
#include "app/run_control.h"
#include "tests/app/window_rig.h"
#include "widgets/panels/empty_state.h"
#include "widgets/panels/message_strip.h"
#include "widgets/panels/playground_image.h"
#include "widgets/panels/playground_language.h"
#include "widgets/panels/playground_panel.h"
#include "widgets/panels/playground_settings.h"

#include <gtest/gtest.h>

#include <QDir>
#include <QSignalSpy>
#include <QTest>

namespace bitlathe {
namespace {

const QString kDemo = QStringLiteral(BITLATHE_SOURCE_DIR "/resources/demo/");

class WindowPlayground : public testing::Test {
protected:
    PlaygroundPanel& panel() { return rig.window->playgroundPanel(); }
    PlaygroundLanguage& page() { return panel().language(); }
    bool continued() {
        rig.window->playground().continueText();
        return WindowRig::waitFor([&] { return !rig.window->playground().running(); });
    }
    void weights(const char* codec, int bits) {
        Recipe recipe = rig.session->document().recipe();
        recipe.defaults.weights.emplace();
        recipe.defaults.weights->codec = codec;
        recipe.defaults.weights->bits = bits;
        rig.session->document().edit(std::move(recipe), QStringLiteral("test"));
    }
    WindowRig rig;
};

TEST_F(WindowPlayground, BeforeAModelItSaysWhatItIsFor) {
    rig.window->openPlayground();
    EXPECT_TRUE(panel().empty());
}

// 1280 × 800 at 150 %.
TEST_F(WindowPlayground, FitsASmallScreen) {
    ASSERT_TRUE(rig.open(kDemo + QStringLiteral("tales-0.3m.gguf")));
    rig.window->openPlayground();
    QTest::qWait(50);
    const QSize least = rig.window->minimumSizeHint();
    EXPECT_LE(least.width(), 853);
    EXPECT_LE(least.height(), 533);
}

TEST_F(WindowPlayground, ANetworkThatDoesNotRunIsSaidInASentenceAndOneThatDoesIsNot) {
    ASSERT_TRUE(rig.open(kDemo + QStringLiteral("tales-0.3m.gguf")));
    EXPECT_TRUE(rig.session->whyNotRun().isEmpty());
    QDir folder(QStringLiteral(BITLATHE_SOURCE_DIR "/../shared/corpus/bart-g2p-us"));
    if (!folder.exists()) GTEST_SKIP() << "the corpus is not there";
    ASSERT_TRUE(rig.open(folder.filePath(QStringLiteral("model.safetensors"))));
    const QString why = rig.session->whyNotRun();
    EXPECT_TRUE(why.startsWith(QStringLiteral("This language model cannot be run here: it is an encoder with a decoder"))) << why.toStdString();
    EXPECT_TRUE(why.endsWith(QLatin1Char('.')));
    EXPECT_EQ(rig.window->messages().text(), why);
}

TEST_F(WindowPlayground, BothNetworksContinueThePromptAndTheTextsPart) {
    ASSERT_TRUE(rig.open(kDemo + QStringLiteral("tales-0.3m.gguf")));
    rig.window->openPlayground();
    ASSERT_FALSE(panel().empty());
    EXPECT_FALSE(page().settings().ask().prompt.isEmpty()) << "the demo brings examples";
    weights("q4_0", 4);
    PlaygroundAsk ask = page().settings().ask();
    ask.tokens = 48;
    page().settings().setAsk(ask);
    ASSERT_TRUE(continued());
    const Continuation& shown = page().shown();
    EXPECT_EQ(shown.prompt, ask.prompt);
    EXPECT_EQ(shown.real.tokens.size(), 48u);
    EXPECT_EQ(shown.divergence.size(), 48u);
    EXPECT_GE(shown.partsAt(), 0) << "4 bits are too few for a model of this size";
    ASSERT_FALSE(shown.real.tokens.front().best.empty());
    EXPECT_EQ(shown.real.tokens.front().best.front().text, shown.real.tokens.front().text);
    EXPECT_GT(shown.quantized.tokensPerSecond, 0);
}

TEST_F(WindowPlayground, ARecipeThatChangesMakesTheTextStaleAndARunFresh) {
    ASSERT_TRUE(rig.open(kDemo + QStringLiteral("tales-0.3m.gguf")));
    rig.window->openPlayground();
    weights("q4_0", 4);
    ASSERT_TRUE(continued());
    const Continuation four = page().shown();
    EXPECT_FALSE(page().stale());
    page().settings().setFollows(false);
    weights("q8_0", 8);
    EXPECT_TRUE(page().stale());
    rig.session->document().history().undo();
    EXPECT_FALSE(page().stale()) << "back at the recipe of the text";
    rig.session->document().history().redo();
    ASSERT_TRUE(continued());
    EXPECT_FALSE(page().stale());
    EXPECT_EQ(page().shown().real.tokens, four.real.tokens) << "float stays what it was";
    EXPECT_LT(page().shown().meanDivergence(), four.meanDivergence());
}

TEST_F(WindowPlayground, TheQuantizedTextFollowsTheHandAndFloatStays) {
    ASSERT_TRUE(rig.open(kDemo + QStringLiteral("tales-0.3m.gguf")));
    rig.window->openPlayground();
    weights("q8_0", 8);
    ASSERT_TRUE(continued());
    const Continuation eight = page().shown();
    QSignalSpy finished(&rig.window->playground(), &PlaygroundControl::finished);
    weights("q2_k", 2);
    weights("q4_0", 4);
    ASSERT_TRUE(WindowRig::waitFor([&] { return rig.window->playground().running(); }));
    EXPECT_EQ(page().shown().real.tokens, eight.real.tokens) << "nothing jumps meanwhile";
    ASSERT_TRUE(WindowRig::waitFor([&] { return finished.count() > 0; }));
    EXPECT_FALSE(page().stale());
    EXPECT_EQ(page().shown().real.tokens, eight.real.tokens);
    EXPECT_GT(page().shown().meanDivergence(), eight.meanDivergence());
    EXPECT_EQ(finished.count(), 1) << "once, when the hand rests";
}

TEST_F(WindowPlayground, WhatWasStoppedByHandDoesNotStartByItself) {
    ASSERT_TRUE(rig.open(kDemo + QStringLiteral("tales-0.3m.gguf")));
    rig.window->openPlayground();
    ASSERT_TRUE(continued());
    rig.window->playground().stop();
    weights("q4_0", 4);
    EXPECT_FALSE(WindowRig::waitFor([&] { return rig.window->playground().running(); }, 0.7));
    EXPECT_TRUE(page().stale());
}

TEST_F(WindowPlayground, StopKeepsWhatWasWritten) {
    ASSERT_TRUE(rig.open(kDemo + QStringLiteral("tales-0.3m.gguf")));
    rig.window->openPlayground();
    PlaygroundAsk ask = page().settings().ask();
    ask.tokens = 400;
    page().settings().setAsk(ask);
    rig.window->playground().continueText();
    ASSERT_TRUE(WindowRig::waitFor([&] { return page().shown().real.tokens.size() > 2; }));
    rig.window->playground().stop();
    ASSERT_TRUE(WindowRig::waitFor([&] { return !rig.window->playground().running(); }));
    EXPECT_GT(page().shown().real.tokens.size(), 2u);
}

TEST_F(WindowPlayground, PerplexityOfTheTextBesideTheModelIsMeasuredAndGoesStale) {
    ASSERT_TRUE(rig.open(kDemo + QStringLiteral("tales-0.3m.gguf")));
    rig.window->openPlayground();
    EXPECT_TRUE(page().textFile().endsWith(QStringLiteral("language_test.txt")));
    weights("q4_0", 4);
    QSignalSpy finished(&rig.window->playground().measure(), &PlaygroundMeasure::finished);
    rig.window->playground().measure().start();
    ASSERT_TRUE(WindowRig::waitFor([&] { return finished.count() > 0; }));
    EXPECT_TRUE(page().perplexityText().contains(QStringLiteral("10,965 tokens"))) << page().perplexityText().toStdString();
    EXPECT_TRUE(page().perplexityText().contains(QStringLiteral("Float <b>1.42"))) << page().perplexityText().toStdString();
    EXPECT_FALSE(page().perplexityText().contains(QStringLiteral("stale")));
    weights("q8_0", 8);
    EXPECT_TRUE(page().perplexityText().contains(QStringLiteral("stale")));
}

TEST_F(WindowPlayground, TheImageDemoIsNamedByBothAndFollowsTheRecipe) {
    ASSERT_TRUE(rig.open(kDemo + QStringLiteral("glyphs.onnx")));
    QSignalSpy answered(&rig.window->playground().images(), &PlaygroundImageControl::answered);
    rig.window->openPlayground();
    ASSERT_TRUE(WindowRig::waitFor([&] { return answered.count() > 0; })) << "data beside the model is looked at at once";
    ASSERT_FALSE(panel().empty());
    EXPECT_EQ(panel().image().bars(false).shown().size(), 5u);
    EXPECT_TRUE(panel().image().summary().contains(QStringLiteral("The label is"))) << panel().image().summary().toStdString();
    const auto before = panel().image().bars(true).shown();
    const int count = int(answered.count());
    weights("int", 2);
    ASSERT_TRUE(WindowRig::waitFor([&] { return answered.count() > count; }));
    EXPECT_NE(panel().image().bars(true).shown(), before);
}

}  // namespace
}  // namespace bitlathe
