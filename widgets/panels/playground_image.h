// The playground's page for classifiers: one image, and the five most probable classes of the float and of the
// quantized network. Values in, signals out.
#pragma once

#include "widgets/panels/class_bars.h"

#include <QImage>
#include <QWidget>
#include <vector>

class QLabel;
class QPushButton;
class QSpinBox;

namespace bitlathe {

struct ImageAnswer {
    std::vector<ClassShare> real, quantized;  // the first five
    QString label;                            // the data's own answer; empty: not known
    double outputDb = 0;                      // SQNR of the outputs
};

class PlaygroundImage : public QWidget {
    Q_OBJECT
public:
    explicit PlaygroundImage(QWidget* parent = nullptr);

    // name: of the dataset or the file; samples: how many there are, 0 for a single image or nothing.
    void setSource(const QString& name, qint64 samples);
    qint64 sample() const;  // from 0
    void setSample(qint64 sample);
    void setImage(const QImage& image);
    void setRecipe(const QString& name);
    void setBusy(bool busy);
    void setProblem(const QString& text);
    void setAnswer(const ImageAnswer* answer);  // null: none yet
    ClassBars& bars(bool quantized) { return quantized ? *m_quantized : *m_real; }
    QString summary() const;

signals:
    void sampleChanged(qint64 sample);
    void openClicked();
    void datasetClicked();

protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void fitImage();
    void showHint();

    QLabel* m_picture;
    QLabel *m_source, *m_problem, *m_summary, *m_realHead, *m_quantizedHead;
    QSpinBox* m_sample;
    ClassBars *m_real, *m_quantized;
    QImage m_image;
    QString m_recipe, m_complaint;
    bool m_busy = false, m_answered = false;
};

}  // namespace bitlathe
