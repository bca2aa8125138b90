// The whole scheme of one or several layers as fields: value in, signal out. Where layers differ a
// field says so, and an edit changes only what it names. Knows no recipes.
#pragma once

#include "widgets/editors/scheme_change.h"

#include <QWidget>
#include <array>

namespace bitlathe {

class BitsEditor;
class Choice;
class GranularityEditor;
class LevelsEditor;
class RangeEditor;
struct Codec;

class SchemeEditor : public QWidget {
    Q_OBJECT
public:
    explicit SchemeEditor(QWidget* parent = nullptr);

    void show(const std::vector<Scheme>& schemes);  // empty: nothing to edit, all fields disabled
    void setScaleCounts(std::array<std::int64_t, 3> counts);
    void setFoundRange(double lo, double hi);
    int groupSize() const;
    // The text of a file of levels that levelsFileWanted() asked for; source names it.
    void offerLevels(const QString& text, const QString& source);

signals:
    // what: the edit in words, without the layers ("4 bits").
    void edited(const bitlathe::SchemeChange& change, const QString& what);
    void gestureBegan();
    void gestureEnded();
    void hovered(const bitlathe::SchemeChange& change);
    void hoverEnded();
    void levelsFileWanted();

private:
    void offerFormats();
    std::optional<int> indexOf(const std::optional<NumberFormat>& format);
    void showScales(const Codec* codec, const std::optional<ScaleType>& scale);

    Choice* m_format;
    std::vector<NumberFormat> m_formats;  // by the choice's value
    LevelsEditor* m_levels;
    BitsEditor* m_bits;
    GranularityEditor* m_granularity;
    QWidget* m_scaleRow;
    Choice* m_scale;
    RangeEditor* m_range;
    Choice* m_activations;
    RangeEditor* m_activationRange;
};

}  // namespace bitlathe
