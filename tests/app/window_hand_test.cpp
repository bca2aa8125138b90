// What the hand must never wait for or lose, in the real window.
#include "tests/app/window_rig.h"
#include "widgets/models/figures.h"
#include "widgets/models/layer_table_model.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/layer_view.h"
#include "widgets/panels/layers_panel.h"

#include <gtest/gtest.h>

#include <QLabel>

namespace bitlathe {
namespace {

class Hand : public testing::Test {
protected:
    void SetUp() override {
        if (Session::demoModel().isEmpty()) GTEST_SKIP() << "the demo model is not in resources/demo";
        ASSERT_TRUE(rig.open(Session::demoModel()));
    }
    void key(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) { QTest::keyClick(&layers().view(), key, modifiers); }
    LayersPanel& layers() { return rig.window->layers(); }
    const Scheme& scheme(std::size_t layer) { return rig.session->document().schemes()[layer]; }

    WindowRig rig;
};

TEST_F(Hand, UndoPaintsTheExactReportOnTheNextFrameWithoutAJob) {
    layers().select({3});
    key(Qt::Key_3);
    ASSERT_TRUE(rig.measured());
    rig.settle();
    const Scheme narrow = scheme(3);
    Canvas& canvas = rig.window->plots().canvas();
    std::shared_ptr<const LayerReport> drawn;
    canvas.setScene([&](CanvasFrame& frame) {
        rig.window->plots().scene().draw(frame);
        drawn = rig.window->plots().scene().data().report;
    });
    rig.settle();
    const quint64 before = canvas.paintCount();
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_TRUE(rig.session->analysis().complete()) << "nothing is left to measure";
    ASSERT_TRUE(WindowRig::waitFor([&] { return canvas.paintCount() > before; }));
    EXPECT_EQ(canvas.paintCount(), before + 1);
    ASSERT_TRUE(drawn);
    EXPECT_NE(drawn->scheme, narrow);
    EXPECT_EQ(drawn->scheme, scheme(3));
    EXPECT_TRUE(drawn->exact());
    canvas.setScene({});
}

TEST_F(Hand, OneBitAndBackIsTheSchemeThatWas) {
    for (const std::size_t layer : {2u, 3u, 5u}) {
        layers().select({layer});
        const Scheme before = scheme(layer);
        for (const Qt::Key bits : {Qt::Key_1, Qt::Key_8}) key(bits);
        EXPECT_EQ(scheme(layer), before);
        key(Qt::Key_1);
        ASSERT_TRUE(rig.measured());
        key(Qt::Key_8);
        ASSERT_TRUE(rig.measured());
        EXPECT_EQ(scheme(layer), before);
        EXPECT_TRUE(scheme(layer).weights->symmetric);
    }
}

TEST_F(Hand, AFilterThatHidesTheSelectedLayerKeepsItSelected) {
    layers().select({3});
    layers().setFilterText("kind:linear");
    EXPECT_EQ(rig.window->editing().selection(), std::vector<std::size_t>{3});
    key(Qt::Key_4);
    EXPECT_EQ(scheme(3).weights->bits, 4);
    layers().setFilterText("");
    EXPECT_EQ(layers().selected(), std::vector<std::size_t>{3});
}

TEST_F(Hand, TheInspectorSaysHowFarTheHistogramsAreApartAndWhatHuffmanWouldMake) {
    layers().select({3});
    key(Qt::Key_4);
    ASSERT_TRUE(rig.measured());
    QStringList texts;
    for (const QLabel* label : rig.window->inspector().findChildren<QLabel*>()) texts << label->text();
    const QString all = texts.join(QLatin1Char('\n'));
    for (const char* name : {"KL, nats", "Cosine", "Largest error", "With Huffman"}) EXPECT_TRUE(all.contains(name)) << name;
    const auto* table = layers().view().model();
    const ReportPtr report = rig.session->analysis().report(3);
    EXPECT_EQ(table->index(3, LayerTableModel::Huffman).data().toString(), bytesText(report->entropy.huffmanBytes));
    EXPECT_LT(report->entropy.huffmanBytes, report->bytesAfter) << "weights are not evenly spread over the codes";
}

}  // namespace
}  // namespace bitlathe
