// The list of plots: one row each. A plot draws an immutable snapshot into its card and appends
// intents; what it must remember between frames is in a PlotState. Knows no windows and no recipe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics/layer_report.h"
#include "core/metrics/value_patch.h"
#include "widgets/canvas/canvas_texture.h"
#include "widgets/plots/plot_frame.h"

namespace bitlathe {

// One width of a size-against-error curve, or one format beside it.
struct SizePoint {
    int bits = 0;
    double bitsPerWeight = 0;
    std::int64_t bytes = 0;
    double sqnrDb = 0;
    std::string_view format, codec;  // of a row of codecs(): "NF4", "nf4"; empty on a curve, whose format is the scheme's own
    friend bool operator==(const SizePoint&, const SizePoint&) = default;
};

struct SizeCurve {
    std::string label;  // "group 128"
    std::vector<SizePoint> points;
    friend bool operator==(const SizeCurve&, const SizeCurve&) = default;
};

// A number format explained on a weight of the layer that is shown: title and text of each line.
struct Explanation {
    std::string heading;  // "Integer: channel 23, element 290"
    std::vector<std::pair<std::string, std::string>> lines;
    bool stale = false;   // of the scheme before; the new one is being made
    friend bool operator==(const Explanation&, const Explanation&) = default;
};

struct ValueMapState;

// What there is to show. The report may be missing: then a plot shows its empty state.
struct PlotData {
    std::shared_ptr<const LayerReport> report;
    std::shared_ptr<const LayerReport> ghost;  // as it was before the last edit
    float ghostStrength = 0;                   // 1 fading to 0
    std::string quantizedLabel;                // "int4 group 128"
    bool logCounts = false;
    bool floatOnly = false;                    // the hand holds "see float": no bars, no handles
    WeightSelection selection;
    std::shared_ptr<const ChannelView> channel;   // of the selected channel; null until it is counted
    std::shared_ptr<const WeightPoint> point;     // of the selected weight; null until it is known
    std::shared_ptr<const ValuePatch> patch;      // the newest one
    std::shared_ptr<const ValuePatch> wholePatch; // the newest one of a whole layer
    std::int64_t groupSize = 0;                   // elements that share a scale; 0: no groups
    std::vector<SizeCurve> sizeCurves;         // the current one first
    int currentBits = 0;                       // marked on the first curve; 0: none
    std::vector<SizePoint> otherFormats;       // of about the current size
    Explanation explanation;                   // empty: none yet
};

enum class ClipEnd { Lo, Hi };

struct PlotState {
    PlotView view;
    bool keyboard = false;                 // this plot has the keys
    std::optional<ClipEnd> focused;        // clip handle that arrow keys move
    std::optional<ClipEnd> held;           // clip handle under the pressed button
    std::optional<Extent> clipWish;        // as dragged, until a report that knows it arrives
    const LayerReport* wishedOn = nullptr;
    std::optional<Extent> fit;             // of x, kept while the layer stays: an edit must not move the axis
    CanvasTexture texture;                 // of the map
    const LayerReport* textureOf = nullptr;
    int textureStep = 0;
    float scrolled = 0;                    // of a card of text, pixels
    std::shared_ptr<ValueMapState> valueMap;  // made by the value map for itself
};

struct Plot {
    const char* name;   // stable, for settings
    const char* label;  // for people
    const char* tab;    // one or two words, where plots share a page
    float leastWidth;   // logical pixels below which it says nothing
    bool weightAxis;    // its x are weights: zooms with all others of the kind
    void (*draw)(PlotContext&, PlotState&, PlotRect, const PlotData&);
};

void drawWeightHistogram(PlotContext&, PlotState&, PlotRect, const PlotData&);
void drawTransferCurve(PlotContext&, PlotState&, PlotRect, const PlotData&);
void drawErrorHistogram(PlotContext&, PlotState&, PlotRect, const PlotData&);
void drawChannelRanges(PlotContext&, PlotState&, PlotRect, const PlotData&);
void drawErrorMap(PlotContext&, PlotState&, PlotRect, const PlotData&);
void drawValueMap(PlotContext&, PlotState&, PlotRect, const PlotData&);
void drawSizeAgainstError(PlotContext&, PlotState&, PlotRect, const PlotData&);
void drawExplanation(PlotContext&, PlotState&, PlotRect, const PlotData&);

inline constexpr std::array plots{
    Plot{"weights", "Weight distribution", "Weights", 220, true, drawWeightHistogram},
    Plot{"transfer", "Transfer curve", "Transfer", 220, true, drawTransferCurve},
    Plot{"errors", "Quantization error", "Error", 200, false, drawErrorHistogram},
    Plot{"channels", "Range by output channel", "Channels", 200, false, drawChannelRanges},
    Plot{"map", "RMS error map", "Error map", 200, false, drawErrorMap},
    Plot{"values", "Value and bit map", "Values", 320, false, drawValueMap},
    Plot{"size", "Size against error", "Size", 230, false, drawSizeAgainstError},
    Plot{"how", "How it works", "How", 380, false, drawExplanation},
};

}  // namespace bitlathe
