// The playground's prompt and how it is continued: examples, length, sampling, how keys and values are remembered.
// Values in, signals out.
#pragma once

#include <QScrollArea>
#include <utility>
#include <vector>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;

namespace bitlathe {

struct PlaygroundAsk {
    QString prompt;
    int tokens = 96;
    double temperature = 0;  // 0: always the most probable token
    int topK = 40;           // 0: all
    double topP = 0.95;      // 1: all
    quint64 seed = 1;
    int keys = 0, values = 0;  // of the cache: as the recipe says, f32, f16, int8, 4 bits
    bool operator==(const PlaygroundAsk&) const = default;
};

class PlaygroundSettings : public QScrollArea {
    Q_OBJECT
public:
    explicit PlaygroundSettings(QWidget* parent = nullptr);

    PlaygroundAsk ask() const;
    void setAsk(const PlaygroundAsk& ask);
    void setExamples(const std::vector<std::pair<QString, QString>>& examples);  // title, prompt
    void setRunnable(bool runnable, const QString& reason);
    void setRunning(bool running);
    bool canRun() const;
    // The quantized side is made again whenever the recipe changes.
    bool follows() const;
    void setFollows(bool follows);

signals:
    void continueClicked();
    void stopClicked();
    void followsChanged(bool follows);
    void cacheChanged();  // how keys and values are held

private:
    void layOut();
    void enable();

    QPlainTextEdit* m_prompt;
    QComboBox* m_examples;
    QSpinBox* m_tokens;
    QDoubleSpinBox* m_temperature;
    QSpinBox* m_topK;
    QDoubleSpinBox* m_topP;
    QSpinBox* m_seed;
    QComboBox *m_keys, *m_values;
    QCheckBox* m_follow;
    QPushButton* m_run;
    QString m_reason;
    bool m_running = false, m_runnable = false;
};

}  // namespace bitlathe
