// The playground in the window.
#include "app/main_window.h"
#include "app/playground_control.h"
#include "core/model/model.h"
#include "widgets/panels/layers_panel.h"
#include "widgets/panels/message_strip.h"
#include "widgets/panels/playground_panel.h"

#include <QDockWidget>
#include <QFileInfo>
#include <algorithm>

namespace bitlathe {

namespace {
constexpr int kPlaygroundHeight = 372;
}

void MainWindow::connectPlayground() {
    connect(m_playground, &PlaygroundControl::layerWanted, this, [this](const QString& name) {
        const auto& model = m_session.document().model();
        for (std::size_t i = 0; model && i < model->layers.size(); ++i)
            if (model->layers[i].name == name.toStdString()) m_layers->select({i});
    });
}

// The demo opens its playground; other models offer it.
void MainWindow::sayLanguage() {
    if (QFileInfo(m_session.modelPath()).fileName().startsWith(QStringLiteral("tales-"))) return openPlayground();
    m_message->show(MessageStrip::Level::Note, tr("This language model runs here: it continues your text in float and quantized beside each other."),
                    {{tr("Open the playground"), [this] { openPlayground(); }}});
}

void MainWindow::openPlayground() {
    QDockWidget* dock = m_docks[QStringLiteral("playground")];
    const bool fresh = !dock->isVisible() && dock->height() < kPlaygroundHeight;
    dock->show();
    // All of it, where the other panels have room enough.
    if (fresh && !dock->isFloating()) resizeDocks({dock}, {std::min(kPlaygroundHeight, height() / 2)}, Qt::Vertical);
    dock->raise();
}

void MainWindow::openLanguageDemo() {
    const QString demo = Session::demoFile(QStringLiteral(BITLATHE_LANGUAGE_DEMO));
    if (demo.isEmpty()) return;
    discardOr([this, demo] { m_session.open(demo); });
}

}  // namespace bitlathe
