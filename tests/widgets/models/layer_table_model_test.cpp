#include "tests/widgets/models/sample_model.h"
#include "widgets/models/layer_proxy.h"
#include "widgets/models/layer_table_model.h"

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QSignalSpy>

namespace bitlathe {
namespace {

using Column = LayerTableModel::Column;

Scheme int4() {
    Scheme scheme;
    scheme.weights.emplace();
    scheme.weights->bits = 4;
    return scheme;
}

std::shared_ptr<const LayerReport> report(std::size_t layer, const Scheme& scheme, double sqnr, double done = 1) {
    auto made = std::make_shared<LayerReport>();
    made->layer = layer;
    made->scheme = scheme;
    made->doneFraction = done;
    made->error.sqnrDb = sqnr;
    return made;
}

class LayerTable : public testing::Test {
protected:
    LayerTable() : tester(&table, QAbstractItemModelTester::FailureReportingMode::Fatal) { table.setModel(sampleModel()); }
    QString text(int row, int column) const { return table.index(row, column).data().toString(); }
    void quantize() { table.setSchemes({}, {int4(), {}, int4()}, {}); }

    LayerTableModel table;
    QAbstractItemModelTester tester;
};

TEST_F(LayerTable, ShowsEveryLayerAtOnceBeforeAnythingIsMeasured) {
    ASSERT_EQ(table.rowCount(), 3);
    EXPECT_EQ(text(0, Column::Name), "blk.0.conv");
    EXPECT_EQ(text(0, Column::Kind), "Conv");
    EXPECT_EQ(text(0, Column::ShapeColumn), QString::fromUtf8("8 × 4 × 3 × 3"));
    EXPECT_EQ(text(0, Column::Parameters), "288");
    EXPECT_EQ(text(1, Column::SchemeColumn), "float32");
    EXPECT_EQ(text(0, Column::Sqnr), QString::fromUtf8("–"));
}

TEST_F(LayerTable, SizesFollowTheSchemeAtOnce) {
    quantize();
    // 288 codes of 4 bits and 8 float32 scales.
    EXPECT_EQ(text(0, Column::Size), "176 B");
    EXPECT_EQ(text(0, Column::Bits), "4");
    EXPECT_EQ(text(0, Column::Sqnr), QString::fromUtf8("…"));
    EXPECT_EQ(text(1, Column::Size), "32 B");
}

TEST_F(LayerTable, TakesReportsOfThePresentSchemeOnly) {
    quantize();
    Scheme other = int4();
    other.weights->bits = 2;
    table.setReports({report(0, other, 3)});
    EXPECT_EQ(text(0, Column::Sqnr), QString::fromUtf8("…"));
    table.setReports({report(0, int4(), 20.84)});
    EXPECT_EQ(text(0, Column::Sqnr), "20.8");
    EXPECT_FALSE(table.index(0, Column::Sqnr).data(LayerTableModel::PreviewRole).toBool());
}

TEST_F(LayerTable, APreviewIsMarkedAsSuch) {
    quantize();
    table.setReports({report(0, int4(), 20, 0.1)});
    EXPECT_TRUE(table.index(0, Column::Sqnr).data(LayerTableModel::PreviewRole).toBool());
}

TEST_F(LayerTable, AnotherSchemeForgetsTheFigure) {
    quantize();
    table.setReports({report(0, int4(), 20)});
    Scheme other = int4();
    other.weights->bits = 2;
    table.setSchemes({}, {other, {}, int4()}, {});
    EXPECT_EQ(text(0, Column::Sqnr), QString::fromUtf8("…"));
}

TEST_F(LayerTable, OnlyRowsThatChangedAreReported) {
    quantize();
    QSignalSpy changes(&table, &QAbstractItemModel::dataChanged);
    table.setSchemes({}, {int4(), {}, {}}, {});
    ASSERT_EQ(changes.count(), 1);
    EXPECT_EQ(changes[0][0].toModelIndex().row(), 2);
    EXPECT_EQ(changes[0][1].toModelIndex().row(), 2);
}

TEST_F(LayerTable, IssuesStandInTheSchemesTooltipWithTheirCure) {
    table.setSchemes({}, {int4(), {}, int4()}, {{Issue::Level::Warning, "head", "4 bits become 8", "choose 8 bits"}});
    EXPECT_EQ(table.index(2, Column::SchemeColumn).data(LayerTableModel::IssueRole).toInt(), 2);
    EXPECT_TRUE(table.index(2, Column::SchemeColumn).data(Qt::ToolTipRole).toString().contains("choose 8 bits"));
    EXPECT_EQ(table.index(0, Column::SchemeColumn).data(LayerTableModel::IssueRole).toInt(), 0);
}

TEST_F(LayerTable, SaysWhatTheTargetGetsWhereThatIsNotWhatWasAsked) {
    quantize();
    Scheme eight = int4();
    eight.weights->bits = 8;
    table.setGot({{0, int4(), ""}, {2, eight, "this consumer has no 4 bits here"}});
    EXPECT_EQ(text(0, Column::SchemeColumn), "int4 channel");
    EXPECT_EQ(text(2, Column::SchemeColumn), QString::fromUtf8("int4 channel → int8 channel"));
    EXPECT_EQ(text(2, Column::Bits), "8") << "size and bits are the file's";
    EXPECT_TRUE(table.index(2, Column::SchemeColumn).data(Qt::ToolTipRole).toString().contains("no 4 bits"));
    EXPECT_GT(table.index(2, Column::SchemeColumn).data(LayerTableModel::IssueRole).toInt(), 1);
    table.setSchemes({}, {int4(), {}, eight}, {});
    EXPECT_EQ(text(2, Column::SchemeColumn), "int8 channel");
}

TEST_F(LayerTable, SeeingFloatShowsTheSourceAndComesBack) {
    quantize();
    table.setReports({report(0, int4(), 20)});
    table.setShowFloat(true);
    EXPECT_EQ(text(0, Column::SchemeColumn), "float32");
    EXPECT_EQ(text(0, Column::Sqnr), QString::fromUtf8("–"));
    table.setShowFloat(false);
    EXPECT_EQ(text(0, Column::Sqnr), "20.0");
}

TEST_F(LayerTable, AGhostShowsSizeAtOnceAndErrorWhenItComes) {
    quantize();
    Scheme two = int4();
    two.weights->bits = 2;
    table.setGhosts({two, {}, int4()});
    EXPECT_EQ(table.index(0, Column::Size).data(LayerTableModel::GhostRole).toString(), "104 B");
    EXPECT_TRUE(table.index(2, Column::Size).data(LayerTableModel::GhostRole).toString().isEmpty());
    table.setGhostReports({report(0, two, 7.5)});
    EXPECT_EQ(table.index(0, Column::Sqnr).data(LayerTableModel::GhostRole).toString(), "7.5");
    table.setGhosts({});
    EXPECT_TRUE(table.index(0, Column::Size).data(LayerTableModel::GhostRole).toString().isEmpty());
}

TEST_F(LayerTable, TheBlocksPartOfANameEndsAtItsLastSeparator) {
    EXPECT_EQ(blockPrefix("blk.1.ffn_gate"), 6);
    EXPECT_EQ(blockPrefix("/layer1/0/conv1"), 10);
    EXPECT_EQ(blockPrefix("head"), 0);
    EXPECT_EQ(blockPrefix("ends."), 0);
}

TEST_F(LayerTable, SortsFiguresAsNumbersAndGivesTheGraphsOrderBack) {
    LayerProxy proxy(table);
    QAbstractItemModelTester proxyTester(&proxy, QAbstractItemModelTester::FailureReportingMode::Fatal);
    proxy.sort(Column::Parameters, Qt::AscendingOrder);
    EXPECT_EQ(proxy.shownLayers(), (std::vector<std::size_t>{1, 2, 0}));
    proxy.sort(-1);
    EXPECT_EQ(proxy.shownLayers(), (std::vector<std::size_t>{0, 1, 2}));
}

TEST_F(LayerTable, FiltersByTheLanguage) {
    quantize();
    LayerProxy proxy(table);
    EXPECT_TRUE(proxy.setFilter("is:quantized -kind:conv").isEmpty());
    EXPECT_EQ(proxy.shownLayers(), (std::vector<std::size_t>{2}));
    EXPECT_FALSE(proxy.setFilter("bits<x").isEmpty());
    EXPECT_EQ(proxy.rowCount(), 3);
}

TEST_F(LayerTable, NoModelIsAnEmptyTable) {
    table.setModel(nullptr);
    EXPECT_EQ(table.rowCount(), 0);
}

}  // namespace
}  // namespace bitlathe
