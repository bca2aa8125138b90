#include "app/document.h"

#include "tests/widgets/models/sample_model.h"

#include <gtest/gtest.h>

#include <QSignalSpy>

namespace bitlathe {
namespace {

Recipe withBits(const Document& document, std::size_t layer, int bits) {
    return withLayers(document.recipe(), *document.model(), {layer}, [bits](std::size_t, Scheme scheme) {
        if (!scheme.weights) scheme.weights.emplace();
        scheme.weights->bits = bits;
        return scheme;
    });
}

class Documents : public testing::Test {
protected:
    Documents() {
        Recipe recipe;
        recipe.defaults.weights.emplace();
        document.open(sampleModel(), recipe);
    }
    int bits(std::size_t layer) const { return document.schemes()[layer].weights->bits; }
    Document document;
};

TEST_F(Documents, UndoAndRedoGiveTheVeryRecipesBack) {
    const Recipe before = document.recipe();
    document.edit(withBits(document, 0, 4), "4 bits");
    const Recipe after = document.recipe();
    EXPECT_EQ(bits(0), 4);
    document.history().undo();
    EXPECT_EQ(document.recipe(), before);
    document.history().redo();
    EXPECT_EQ(document.recipe(), after);
}

TEST_F(Documents, AnEditThatChangesNothingIsNoStep) {
    document.edit(document.recipe(), "nothing");
    EXPECT_EQ(document.history().count(), 0);
}

TEST_F(Documents, OneGestureIsOneStep) {
    const auto gesture = document.newGesture();
    for (int b : {7, 6, 5, 4}) document.edit(withBits(document, 0, b), "bits", gesture);
    EXPECT_EQ(document.history().count(), 1);
    document.history().undo();
    EXPECT_EQ(bits(0), 8);
}

TEST_F(Documents, SaysWhetherAChangeGoesOnWithTheStepBefore) {
    std::vector<bool> continues;
    QObject::connect(&document, &Document::recipeChanged, [&] { continues.push_back(document.continuesStep()); });
    const auto gesture = document.newGesture();
    for (int b : {7, 6, 5}) document.edit(withBits(document, 0, b), "bits", gesture);
    document.history().undo();
    document.edit(withBits(document, 0, 3), "bits");
    EXPECT_EQ(continues, (std::vector<bool>{false, true, true, false, false}));
}

TEST_F(Documents, TwoGesturesAreTwoSteps) {
    document.edit(withBits(document, 0, 7), "bits", document.newGesture());
    document.edit(withBits(document, 0, 6), "bits", document.newGesture());
    EXPECT_EQ(document.history().count(), 2);
}

TEST_F(Documents, AGestureThatEndsWhereItBeganLeavesNoStep) {
    const auto gesture = document.newGesture();
    document.edit(withBits(document, 0, 5), "bits", gesture);
    document.edit(withBits(document, 0, 8), "bits", gesture);
    EXPECT_EQ(document.history().count(), 0);
    EXPECT_FALSE(document.modified());
}

TEST_F(Documents, ALayerThatGetsWhatTheRulesSayHasNoEntryOfItsOwn) {
    document.edit(withBits(document, 0, 4), "4");
    EXPECT_EQ(document.recipe().layers.size(), 1u);
    document.edit(withBits(document, 0, 8), "8");
    EXPECT_TRUE(document.recipe().layers.empty());
}

TEST_F(Documents, LayersThatCannotBeQuantizedAreLeftAlone) {
    document.edit(withBits(document, 1, 4), "4");
    EXPECT_EQ(document.history().count(), 0);
}

TEST_F(Documents, SavingMakesItCleanAndUndoMakesItDirtyAgain) {
    QSignalSpy modified(&document, &Document::modifiedChanged);
    document.edit(withBits(document, 0, 4), "4");
    EXPECT_TRUE(document.modified());
    document.markSaved("/tmp/recipe.json");
    EXPECT_FALSE(document.modified());
    document.history().undo();
    EXPECT_TRUE(document.modified());
    EXPECT_GE(modified.count(), 3);
}

TEST_F(Documents, RestoringASnapshotIsAStepThatCanBeUndone) {
    document.edit(withBits(document, 0, 4), "4");
    document.takeSnapshot("small");
    document.edit(withBits(document, 2, 2), "2");
    document.restoreSnapshot(0);
    EXPECT_EQ(bits(2), 8);
    document.history().undo();
    EXPECT_EQ(bits(2), 2);
}

TEST_F(Documents, ComparingSwitchesBetweenTwoRecipes) {
    document.toggleAB();
    document.edit(withBits(document, 0, 2), "2");
    document.toggleAB();
    EXPECT_EQ(bits(0), 8);
    document.toggleAB();
    EXPECT_EQ(bits(0), 2);
}

TEST_F(Documents, AnotherModelStartsAnew) {
    document.edit(withBits(document, 0, 4), "4");
    document.takeSnapshot("old");
    document.open(sampleModel(), {});
    EXPECT_EQ(document.history().count(), 0);
    EXPECT_TRUE(document.snapshots().empty());
    EXPECT_FALSE(document.modified());
}

}  // namespace
}  // namespace bitlathe
