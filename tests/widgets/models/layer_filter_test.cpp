#include "widgets/models/layer_filter.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

LayerRow row() {
    LayerRow row;
    row.name = "blk.1.ffn_gate";
    row.kind = "Linear";
    row.op = "MatMul";
    row.scheme = "int4 group 128";
    row.parameters = 11'534'336;
    row.bytes = 5'945'000;
    row.bits = 4;
    row.sqnrDb = 20.8;
    row.clipped = 0.0012;
    row.quantized = row.quantizable = true;
    return row;
}

bool accepts(const char* text, const LayerRow& facts = row()) { return LayerFilter::parse(QString::fromUtf8(text)).accepts(facts); }

TEST(LayerFilter, EmptyTextAcceptsEverything) {
    EXPECT_TRUE(accepts(""));
    EXPECT_TRUE(LayerFilter::parse(QStringLiteral("   ")).empty());
}

TEST(LayerFilter, PlainWordsAreLookedForInTheNameInAnyCase) {
    EXPECT_TRUE(accepts("FFN"));
    EXPECT_TRUE(accepts("blk.1 gate"));
    EXPECT_FALSE(accepts("blk.2"));
}

TEST(LayerFilter, AllTermsMustHold) {
    EXPECT_TRUE(accepts("kind:linear bits<8 sqnr>20 gate"));
    EXPECT_FALSE(accepts("kind:linear bits<4"));
}

TEST(LayerFilter, ComparisonsKnowTheirEdges) {
    EXPECT_TRUE(accepts("bits<=4"));
    EXPECT_TRUE(accepts("bits>=4"));
    EXPECT_TRUE(accepts("bits=4"));
    EXPECT_FALSE(accepts("bits>4"));
}

TEST(LayerFilter, NumbersTakeUnits) {
    EXPECT_TRUE(accepts("size>5MiB"));
    EXPECT_FALSE(accepts("size>5.8MiB"));
    EXPECT_TRUE(accepts("params>11M"));
    EXPECT_TRUE(accepts("clipped>0.1%"));
    EXPECT_FALSE(accepts("clipped>0.2%"));
    EXPECT_TRUE(accepts("sqnr<21dB"));
}

TEST(LayerFilter, AMinusTurnsATermRound) {
    EXPECT_FALSE(accepts("-kind:linear"));
    EXPECT_TRUE(accepts("-kind:conv -is:float"));
}

TEST(LayerFilter, AFigureThatIsNotThereFitsNoComparison) {
    LayerRow facts = row();
    facts.sqnrDb = std::numeric_limits<double>::quiet_NaN();
    EXPECT_FALSE(accepts("sqnr<20", facts));
    EXPECT_FALSE(accepts("sqnr>20", facts));
}

TEST(LayerFilter, StatesAreKnownByTheirBeginning) {
    LayerRow facts = row();
    EXPECT_FALSE(accepts("is:edited", facts));
    facts.edited = true;
    EXPECT_TRUE(accepts("is:edit", facts));
    EXPECT_TRUE(accepts("is:quantized", facts));
    EXPECT_FALSE(accepts("is:fixed", facts));
}

TEST(LayerFilter, SaysWhatItCouldNotUnderstandAndGoesOn) {
    const LayerFilter filter = LayerFilter::parse(QStringLiteral("bits<many gate"));
    EXPECT_TRUE(filter.problem().contains(QStringLiteral("many")));
    EXPECT_TRUE(filter.accepts(row()));
    EXPECT_FALSE(LayerFilter::parse(QStringLiteral("speed<3")).problem().isEmpty());
    EXPECT_FALSE(LayerFilter::parse(QStringLiteral("is:green")).problem().isEmpty());
}

TEST(LayerFilter, AHalfTypedTermHidesNothing) {
    EXPECT_TRUE(accepts("bits<"));
    EXPECT_TRUE(accepts("kind:"));
    EXPECT_TRUE(LayerFilter::parse(QStringLiteral("bits<")).problem().isEmpty());
}

TEST(LayerFilter, AColonInANameIsPartOfTheName) {
    LayerRow facts = row();
    facts.name = "model:0/conv";
    EXPECT_TRUE(accepts("model:0", facts));
}

TEST(LayerFilter, EveryWordItOffersIsUnderstood) {
    for (const QString& word : layerFilterWords()) EXPECT_TRUE(LayerFilter::parse(word).problem().isEmpty()) << word.toStdString();
}

}  // namespace
}  // namespace bitlathe
