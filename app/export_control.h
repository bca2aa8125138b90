// Export for its panel: plans what the target would get while one edits, then writes it as a job.
#pragma once

#include "app/run_control.h"
#include "app/session.h"
#include "core/workflow/export.h"

#include <QObject>
#include <QTimer>

namespace bitlathe {

class ExportPanel;

class ExportControl : public QObject {
    Q_OBJECT
public:
    ExportControl(Session& session, RunControl& run, ExportPanel& panel, QObject* parent = nullptr);
    ~ExportControl() override;

    void openPanel();
    void start();
    QString path() const;
    void setPath(const QString& path);
    QString extension() const;  // of the target's files, with the dot
    QString target() const;
    void setTarget(const QString& name);  // where it is among the targets
    bool running() const { return m_job != 0; }

signals:
    void planned(std::shared_ptr<const QuantizedModel> quantized);  // of the present recipe
    void exported(const QString& path, qint64 bytes);
    void failed(const QString& message);

private:
    struct Planned {
        ExportPlan plan;
        std::shared_ptr<const Calibration> calibration;
    };
    struct Written {
        ExportResult result;
        std::shared_ptr<const Calibration> calibration;
    };
    ExportRequest request() const;
    void plan();
    void planSoon();
    void followTarget();

    Session& m_session;
    RunControl& m_run;
    ExportPanel& m_panel;
    JobSlot<Planned> m_planSlot;
    JobSlot<Written> m_writeSlot;
    QTimer m_soon;
    QString m_lastTarget;
    int m_job = 0;
};

}  // namespace bitlathe
