// What is picked out of a layer, drawn into other pictures: the bin and the weight on the histogram, the
// channel's own histogram, and the note with the selected weight's figures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "widgets/plots/plot.h"
#include "widgets/plots/step_curve.h"

namespace bitlathe {

// How many weights lie in the interval, by the report's histogram, whose bins it is made of.
std::int64_t litCount(const LayerReport& report, const WeightInterval& interval);
// "2,056 weights, 0.12 %"; for a preview "about …".
std::string litText(const LayerReport& report, const WeightInterval& interval);

// The drawn bins below the pixel column, about three pixels wide, or from the present interval on to there.
WeightInterval binsAt(const PlotFrame& frame, const StepCurve& bins, float pixel, const WeightInterval* extended);

// On the histogram: below the curves the lit bins, above them the selected weight and its level.
void drawLitBins(const PlotFrame& frame, const PlotData& data);
void drawPointOnAxis(const PlotFrame& frame, const PlotData& data);

// The selected channel's own curve, coarse enough that its few weights make a shape; nothing while it is not counted.
std::optional<StepCurve> channelCurve(const PlotData& data);
// Its figures in the upper left corner of the area.
void drawChannelNote(const PlotFrame& frame, const PlotData& data);

// The selected weight as lines of names and values; empty while there is none.
std::vector<std::pair<std::string, std::string>> pointLines(const PlotData& data);
// The same, and what is lit, in the lower left corner of the area.
void drawPointNote(const PlotFrame& frame, const PlotData& data);
// Lines in a box with that corner: its upper left one, or its lower left one.
void drawNote(const PlotFrame& frame, ImVec2 corner, bool lower, const std::vector<std::pair<std::string, std::string>>& lines);

}  // namespace bitlathe
