// Formats side by side on the selected layers, in the real window over the real core.
#include "app/commands.h"
#include "app/duel_control.h"
#include "tests/app/window_rig.h"
#include "widgets/editors/scheme_editor.h"
#include "widgets/models/layer_table_model.h"
#include "widgets/panels/duel_panel.h"
#include "widgets/panels/layer_view.h"
#include "widgets/panels/layers_panel.h"

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QAction>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <algorithm>

namespace bitlathe {
namespace {

class WindowDuel : public testing::Test {
protected:
    void SetUp() override {
        if (Session::demoModel().isEmpty()) GTEST_SKIP() << "the demo model is not in resources/demo";
        ASSERT_TRUE(rig.open(Session::demoModel()));
        rig.window->layers().select({3});
        rig.window->commands().action(QStringLiteral("window.duel"))->trigger();
        ASSERT_TRUE(rig.window->duelPanel().isVisible());
        ASSERT_TRUE(measured());
    }
    bool measured() {
        return WindowRig::waitFor([&] {
            const auto& rows = duel().rows();
            return !rows.empty() && !duel().running() && std::all_of(rows.begin(), rows.end(), [](const DuelRow& r) { return r.exact(); });
        });
    }
    DuelControl& duel() { return rig.window->duel(); }
    DuelPanel& panel() { return rig.window->duelPanel(); }
    Document& document() { return rig.session->document(); }
    const std::optional<QuantSpec>& spec(std::size_t layer) { return document().schemes()[layer].weights; }
    QPoint cell(int row, int column) { return panel().table().visualRect(panel().model().index(row, column)).center(); }
    int rowOf(const char* label) {
        for (int row = 0; row < panel().model().rowCount(); ++row)
            if (panel().model().rowAt(row).label == label) return row;
        return -1;
    }

    WindowRig rig;
};

TEST_F(WindowDuel, MeasuresTheUsualFormatsAndThePresentChoice) {
    QAbstractItemModelTester tester(&panel().model(), QAbstractItemModelTester::FailureReportingMode::Fatal);
    EXPECT_GT(duel().rows().size(), 12u);
    const int now = panel().model().rowOf(*spec(3));
    ASSERT_GE(now, 0);
    const DuelRow& row = panel().model().rowAt(now);
    const ReportPtr report = rig.session->analysis().report(3);
    EXPECT_EQ(row.sqnrDb, report->error.sqnrDb);
    EXPECT_EQ(row.bytes, report->bytesAfter);
    EXPECT_TRUE(panel().model().index(now, 0).data(DuelModel::CurrentRole).toBool());
    EXPECT_GT(std::count_if(duel().rows().begin(), duel().rows().end(), [](const DuelRow& r) { return r.front; }), 2);
}

TEST_F(WindowDuel, AClickTakesTheFormatInOneStep) {
    const int row = rowOf("nf4 group 64");
    ASSERT_GE(row, 0);
    const int steps = document().history().count();
    const auto activations = document().schemes()[3].activations;
    panel().table().scrollTo(panel().model().index(row, 0));
    QTest::mouseClick(panel().table().viewport(), Qt::LeftButton, {}, cell(row, DuelModel::Format));
    EXPECT_EQ(spec(3)->codec, "nf4");
    EXPECT_EQ(document().schemes()[3].activations, activations);
    EXPECT_EQ(document().history().count(), steps + 1);
    EXPECT_TRUE(panel().model().index(rowOf("nf4 group 64"), 0).data(DuelModel::CurrentRole).toBool());
    EXPECT_EQ(rig.session->analysis().report(3)->scheme.weights, spec(3)) << "it was measured already: the figure is there at once";
    document().history().undo();
    EXPECT_EQ(spec(3)->codec, "int");
}

TEST_F(WindowDuel, ThePointerShowsAGhostAndEditsNothing) {
    const int row = rowOf("int4 group 32");
    panel().table().scrollTo(panel().model().index(row, 0));
    QTest::mouseMove(panel().table().viewport(), cell(row, DuelModel::Sqnr));
    const QModelIndex bits = rig.window->layers().view().model()->index(3, LayerTableModel::SchemeColumn);
    ASSERT_TRUE(WindowRig::waitFor([&] { return bits.data(LayerTableModel::GhostRole).toString().contains(QStringLiteral("int4")); }, 5));
    EXPECT_EQ(document().history().count(), 0);
    QEvent leave(QEvent::Leave);
    QCoreApplication::sendEvent(panel().table().viewport(), &leave);
    EXPECT_TRUE(bits.data(LayerTableModel::GhostRole).toString().isEmpty());
}

TEST_F(WindowDuel, FormatsAreAddedRemovedAndBroughtBack) {
    const std::size_t usual = duel().rows().size();
    panel().openEditor();
    SchemeChange change;
    change.format = NumberFormat{"apot", true, true};
    emit panel().editor().edited(change, QStringLiteral("APoT"));
    QSignalSpy added(&panel(), &DuelPanel::added);
    for (QPushButton* button : panel().findChildren<QPushButton*>())
        if (button->text().startsWith(QStringLiteral("Add apot"))) button->click();
    ASSERT_EQ(added.count(), 1);
    ASSERT_TRUE(measured());
    EXPECT_EQ(duel().rows().size(), usual + 1);
    const int row = rowOf("apot4 group 64");
    ASSERT_GE(row, 0);
    panel().table().scrollTo(panel().model().index(row, 0));
    QTest::mouseClick(panel().table().viewport(), Qt::LeftButton, {}, cell(row, DuelModel::Remove));
    EXPECT_EQ(duel().rows().size(), usual);
    EXPECT_EQ(spec(3)->codec, "int") << "removing takes nothing";
    duel().remove(panel().model().rowAt(rowOf("q4_k")).spec);
    EXPECT_EQ(rowOf("q4_k"), -1);
    duel().showUsual();
    ASSERT_TRUE(measured());
    EXPECT_GE(rowOf("q4_k"), 0);
}

TEST_F(WindowDuel, SeveralLayersAreSummed) {
    const int one = rowOf("q8_0");
    const std::int64_t bytes = panel().model().rowAt(one).bytes;
    rig.window->layers().select({3, 4, 5});
    ASSERT_TRUE(measured());
    const DuelRow& row = panel().model().rowAt(rowOf("q8_0"));
    EXPECT_GT(row.bytes, 2 * bytes);
    EXPECT_EQ(row.weights, document().model()->layers[3].shape.count() + document().model()->layers[4].shape.count() + document().model()->layers[5].shape.count());
    const int steps = document().history().count();
    const int take = rowOf("int4 group 128");
    panel().table().scrollTo(panel().model().index(take, 0));
    QTest::mouseClick(panel().table().viewport(), Qt::LeftButton, {}, cell(take, DuelModel::Format));
    for (std::size_t layer : {3u, 4u, 5u}) EXPECT_EQ(spec(layer)->granularity, Granularity(PerGroup{128}));
    EXPECT_EQ(document().history().count(), steps + 1) << "one step for all";
}

TEST_F(WindowDuel, HeadingsSortAndWhatIsNotMeasuredStandsLast) {
    panel().table().sortByColumn(DuelModel::Error, Qt::AscendingOrder);
    for (int row = 1; row < panel().model().rowCount(); ++row) EXPECT_LE(panel().model().rowAt(row - 1).rootMeanSquare, panel().model().rowAt(row).rootMeanSquare);
    panel().table().sortByColumn(DuelModel::Size, Qt::DescendingOrder);
    for (int row = 1; row < panel().model().rowCount(); ++row) EXPECT_GE(panel().model().rowAt(row - 1).bytes, panel().model().rowAt(row).bytes);
    std::vector<DuelRow> rows = duel().rows();
    rows[0].doneFraction = 0;
    panel().model().setRows(rows, std::nullopt);
    EXPECT_EQ(panel().model().rowAt(panel().model().rowCount() - 1).spec, rows[0].spec);
}

TEST_F(WindowDuel, AHiddenPanelMeasuresNothing) {
    rig.window->commands().action(QStringLiteral("window.duel"))->trigger();
    ASSERT_FALSE(panel().isVisible());
    rig.window->layers().select({7});
    EXPECT_FALSE(duel().running());
    rig.window->commands().action(QStringLiteral("window.duel"))->trigger();
    EXPECT_TRUE(measured());
}

}  // namespace
}  // namespace bitlathe
