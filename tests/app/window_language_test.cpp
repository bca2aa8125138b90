// A language model measured on text, its KV cache and the importance of its columns, driven through the window.
#include "app/importance_control.h"
#include "app/project_control.h"
#include "app/run_language_control.h"
#include "core/formats/gguf/imatrix.h"
#include "tests/app/window_rig.h"
#include "widgets/panels/run_language_panel.h"

#include <gtest/gtest.h>

#include <QDir>
#include <QFile>

namespace bitlathe {
namespace {

const QString kDemo = QStringLiteral(BITLATHE_SOURCE_DIR "/resources/demo/");

class WindowLanguage : public testing::Test {
protected:
    RunLanguageControl& run() { return rig.window->runLanguage(); }
    ImportanceControl& importance() { return rig.window->importance(); }
    RunLanguagePanel& panel() { return *rig.window->findChild<RunLanguagePanel*>(); }
    // Few windows of a short text.
    void open(const QString& name, int lines = 60) {
        ASSERT_TRUE(rig.open(kDemo + name));
        const QString path = folder.filePath(QStringLiteral("tale.txt"));
        QFile file(path);
        ASSERT_TRUE(file.open(QIODevice::WriteOnly));
        for (int i = 0; i < lines; ++i) file.write("Once upon a time there was a little fox. The fox lived in the forest and was happy. One day the fox met a bear.\n");
        file.close();
        text = path;
        run().setText(path);
        panel().setContext(128, 512);
    }
    void weights(const char* codec, int bits) {
        Recipe recipe = rig.session->document().recipe();
        recipe.defaults.weights.emplace();
        recipe.defaults.weights->codec = codec;
        recipe.defaults.weights->bits = bits;
        rig.session->document().edit(std::move(recipe), QStringLiteral("test"));
    }
    bool measured() {
        run().start();
        return WindowRig::waitFor([&] { return !run().running(); });
    }
    bool collected(const QString& from) {
        importance().collect(from);
        return WindowRig::waitFor([&] { return !importance().running(); }) && rig.measured();
    }
    WindowRig rig;
    QTemporaryDir folder;
    QString text;
};

TEST_F(WindowLanguage, TheRunPanelAsksForTextAndGivesTheFiguresOfBothNetworks) {
    open(QStringLiteral("tales-0.3m.gguf"));
    ASSERT_TRUE(run().takes());
    EXPECT_TRUE(panel().isVisibleTo(rig.window.get()) || panel().parentWidget()) << "the page of language models";
    weights("q4_0", 4);
    ASSERT_TRUE(measured());
    ASSERT_EQ(panel().results().size(), 1u);
    const TextRunResult& result = panel().results().front();
    EXPECT_GT(result.tokens, 100);
    EXPECT_EQ(result.windowsDone, result.windows);
    EXPECT_FALSE(result.partial);
    EXPECT_GT(result.perplexity.value, 1);
    EXPECT_GT(result.perplexity.error, 0);
    EXPECT_NEAR(result.ratio.value, result.perplexity.value / result.reference.value, 1e-9);
    EXPECT_GT(result.divergence.value, 0);
    EXPECT_GT(result.sameTop.value, 0.3);
    EXPECT_GT(result.weights.size(), 10u) << "what each weight carries";
    std::size_t carried = 0;
    for (const Layer& layer : rig.session->document().model()->layers) carried += run().carriedSqnr(layer.name).has_value();
    EXPECT_EQ(carried, result.weights.size()) << "for the layer table";
}

TEST_F(WindowLanguage, OtherNetworksKeepThePanelOfSamples) {
    ASSERT_TRUE(rig.open(Session::demoModel()));
    EXPECT_FALSE(run().takes());
    EXPECT_FALSE(panel().isVisible());
}

TEST_F(WindowLanguage, AStopKeepsTheFiguresThatWereReachedAndSaysSo) {
    open(QStringLiteral("tales-3.5m.gguf"), 4000);
    run().start();
    ASSERT_TRUE(WindowRig::waitFor([&] { return !panel().results().empty() && panel().results().front().tokens > 0; }));
    EXPECT_TRUE(panel().results().front().running) << "figures come while it runs";
    EXPECT_GE(panel().results().front().secondsLeft, 0);
    run().stop();
    ASSERT_TRUE(WindowRig::waitFor([&] { return !run().running(); }));
    ASSERT_EQ(panel().results().size(), 1u);
    EXPECT_TRUE(panel().results().front().partial);
    EXPECT_FALSE(panel().results().front().running);
    EXPECT_LT(panel().results().front().windowsDone, panel().results().front().windows);
    EXPECT_TRUE(run().evaluations().front()->partial) << "kept as what it is";
}

TEST_F(WindowLanguage, TheCacheIsAPartOfTheRecipeWithItsBytesAndItsError) {
    open(QStringLiteral("tales-1m.gguf"));
    Document& document = rig.session->document();
    emit panel().cacheEdited(true, QStringLiteral("int8,0=f16"));
    emit panel().cacheEdited(false, QStringLiteral("q4"));
    EXPECT_EQ(document.recipe().cache.all, (CacheTypes{CacheType::Int8, CacheType::Int4}));
    EXPECT_EQ(document.recipe().cache.blocks.at(0).keys, CacheType::F16);
    panel().setWhat(RunLanguagePanel::What::CacheAlone);
    ASSERT_TRUE(measured());
    EXPECT_GT(panel().results().front().divergence.value, 0) << "of the cache alone";
    EXPECT_TRUE(panel().results().front().recipe.contains(QStringLiteral("keys int8, f16 in block 0; values int4"))) << panel().results().front().recipe.toStdString();
    EXPECT_FALSE(panel().results().front().stale);
    document.history().undo();
    EXPECT_FALSE(document.recipe().cache.all.values) << "undone as any edit";
    EXPECT_TRUE(panel().results().front().stale);
    emit panel().cacheEdited(false, QStringLiteral("int9"));
    EXPECT_FALSE(document.recipe().cache.all.values) << "a refusal changes nothing";
    emit panel().cacheEdited(true, QString());
    EXPECT_TRUE(document.recipe().cache.empty()) << "an empty line is the usual again";
}

TEST_F(WindowLanguage, ATypeThatCannotHoldAHeadIsAnIssue) {
    open(QStringLiteral("tales-0.3m.gguf"));  // heads of 16
    emit panel().cacheEdited(true, QStringLiteral("int8"));
    const auto& issues = rig.session->document().issues();
    EXPECT_TRUE(std::any_of(issues.begin(), issues.end(), [](const Issue& issue) { return issue.level == Issue::Level::Error && issue.message.find("keys of 16 numbers") != std::string::npos; }));
}

TEST_F(WindowLanguage, AnotherImportanceMakesResultsOfCodedWeightsOld) {
    open(QStringLiteral("tales-0.3m.gguf"));
    weights("q4_0", 4);
    ASSERT_TRUE(measured());
    EXPECT_FALSE(panel().results().front().stale);
    ASSERT_TRUE(collected(text));
    EXPECT_TRUE(panel().results().front().stale);
    importance().forget();
    EXPECT_FALSE(panel().results().front().stale);
}

TEST_F(WindowLanguage, ImportanceIsCollectedAndSteersReportsAndIsForgotten) {
    open(QStringLiteral("tales-3.5m.gguf"));
    weights("q4_k", 4);
    ASSERT_TRUE(rig.measured());
    std::size_t layer = 0;
    while (!rig.session->document().model()->layers[layer].quantizable || rig.session->document().model()->layers[layer].name.find("ffn_down") == std::string::npos) ++layer;
    const double before = rig.session->analysis().report(layer)->error.sqnrDb;
    ASSERT_TRUE(collected(text));
    const ImportancePtr made = rig.session->importance();
    ASSERT_TRUE(made);
    EXPECT_FALSE(made->kept.partial);
    EXPECT_GT(made->kept.tokens(), 1000);
    EXPECT_EQ(made->kept.textSha256.size(), 64u);
    EXPECT_GT(panel().importance().rows.size(), 20u) << "statistics by weight";
    const ImportanceRow& row = panel().importance().rows.front();
    EXPECT_GT(row.topShare, 0.1);
    EXPECT_LE(row.evenness, 1.0);
    ASSERT_FALSE(row.curve.empty());
    EXPECT_DOUBLE_EQ(row.curve.back(), 1.0);
    const ReportPtr with = rig.session->analysis().report(layer);
    EXPECT_NE(with->error.sqnrDb, before) << "the encoder obeys it";
    EXPECT_NE(with->note.find("importance"), std::string::npos) << with->note;
    importance().forget();
    ASSERT_TRUE(rig.measured());
    EXPECT_EQ(rig.session->analysis().report(layer)->error.sqnrDb, before);
}

TEST_F(WindowLanguage, ImportanceGoesToLlamaCppsFilesAndBack) {
    open(QStringLiteral("tales-0.3m.gguf"));
    ASSERT_TRUE(collected(text));
    const auto made = rig.session->importance();
    for (const char* name : {"i.dat", "i.gguf"}) {
        const QString path = folder.filePath(QString::fromLatin1(name));
        importance().saveFile(path);
        ASSERT_TRUE(WindowRig::waitFor([&] { return QFile::exists(path); }));
        importance().forget();
        EXPECT_FALSE(rig.session->importance());
        importance().openFile(path);
        ASSERT_TRUE(WindowRig::waitFor([&] { return !importance().running(); }));
        const auto read = rig.session->importance();
        ASSERT_TRUE(read) << name;
        EXPECT_TRUE(read->kept.fromFile);
        EXPECT_EQ(read->columns()->tensors.size(), made->columns()->tensors.size());
    }
    importance().forget();
    importance().openFile(text);
    ASSERT_TRUE(WindowRig::waitFor([&] { return !importance().running(); }));
    EXPECT_FALSE(rig.session->importance()) << "a text is no importance";
}

TEST_F(WindowLanguage, AProjectKeepsResultsImportanceAndCache) {
    open(QStringLiteral("tales-0.3m.gguf"));
    weights("q4_0", 4);
    emit panel().cacheEdited(true, QStringLiteral("f16"));
    ASSERT_TRUE(collected(text));
    ASSERT_TRUE(measured());
    const TextRunResult before = panel().results().front();
    const std::string identity = rig.session->importance()->identity;
    const QString path = folder.filePath(QStringLiteral("p.bitlathe"));
    bool saved = false;
    rig.window->project().saveAs(path, [&] { saved = true; });
    ASSERT_TRUE(WindowRig::waitFor([&] { return saved; }));
    rig.window.reset();
    rig.session.reset();  // the lock goes with it
    WindowRig again;
    ASSERT_TRUE(again.open(path));
    ASSERT_TRUE(WindowRig::waitFor([&] { return again.session->importance() != nullptr; }));
    EXPECT_EQ(again.session->importance()->identity, identity);
    EXPECT_FALSE(again.window->importance().stale());
    auto& results = again.window->findChild<RunLanguagePanel*>()->results();
    ASSERT_TRUE(WindowRig::waitFor([&] { return !results.empty(); }));
    EXPECT_EQ(results.front().perplexity.value, before.perplexity.value);
    EXPECT_EQ(results.front().weights.size(), before.weights.size());
    EXPECT_FALSE(results.front().stale);
    EXPECT_EQ(again.session->document().recipe().cache.all.keys, CacheType::F16);
}

}  // namespace
}  // namespace bitlathe
