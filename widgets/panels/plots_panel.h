// The pictures of one layer: its name and figures above, the plots below. Shows snapshots and hands on
// what a hand on a plot asks for; edits nothing.
#pragma once

#include "core/metrics/layer_report.h"
#include "widgets/canvas/canvas.h"
#include "widgets/plots/intent.h"
#include "widgets/plots/plot_scene.h"

#include <QWidget>
#include <memory>

class QLabel;
class QPushButton;
class QStackedWidget;

namespace bitlathe {

class EmptyState;

class PlotsPanel : public QWidget {
    Q_OBJECT
public:
    explicit PlotsPanel(CanvasRenderer renderer, QWidget* parent = nullptr);

    struct Subject {
        QString title, subtitle;  // "conv1"; "Conv · 64 × 3 × 3 × 3 · 1,728 weights"
        QString fixedReason;      // why there is nothing to draw; empty otherwise
        QString refusal;          // what went wrong, where, and the cure; empty otherwise
    };
    void showLayer(const Subject& subject);
    void showNothing();
    // Another report of the layer shown, or null while there is none yet: the old picture stays, greyed.
    void setReport(std::shared_ptr<const LayerReport> report, const QString& label, qint64 bytes);
    // How far the exact figures are, 0 … 1, while the picture is a preview; below 0: nothing to say.
    void setProgress(double fraction);
    void setLogCounts(bool on);
    bool logCounts() const;
    void fit();
    // Turns to the page with the plot of that name; page(): the one turned to last.
    void showPlot(const QString& name);
    QString page() const { return QString::fromStdString(m_scene.front()); }

    Canvas& canvas() { return *m_canvas; }
    PlotScene& scene() { return m_scene; }
    EmptyState& emptyState() { return *m_empty; }

    QSize minimumSizeHint() const override;

signals:
    void intent(const bitlathe::PlotIntent& intent);

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    struct Figure {
        QWidget* box;
        QLabel *value, *caption;
    };
    Figure addFigure(const QString& caption, const QString& tip);
    void fillFigures();
    void elide();

    PlotScene m_scene;
    QLabel* m_title;
    QLabel* m_subtitle;
    Figure m_sqnr, m_rms, m_clipped, m_size;
    QPushButton* m_linear;
    QPushButton* m_log;
    Canvas* m_canvas;
    EmptyState* m_empty;
    QStackedWidget* m_stack;
    std::shared_ptr<const LayerReport> m_report;
    qint64 m_bytes = 0;
    double m_progress = -1;
    bool m_stale = false;  // the report is of another scheme or layer
    QString m_fullTitle, m_fullSubtitle;
};

}  // namespace bitlathe
