#include "app/cli/layer_figures.h"

#include "app/cli/json_output.h"
#include "app/cli/text_table.h"

#include "core/workflow/analyze.h"

#include <cmath>
#include <iostream>

namespace bitlathe::cli {

LayerFigures measureLayers(const Model& model, const Recipe& recipe, Session& session, JobContext& job) {
    for (const Issue& issue : validate(recipe, model))
        if (issue.level == Issue::Level::Error)
            throw Error(ErrorKind::Recipe, (issue.layer.empty() ? "" : "layer '" + issue.layer + "': ") + issue.message + (issue.cure.empty() ? "" : "; " + issue.cure));
    const auto schemes = schemesFor(recipe, model);
    double all = 1, done = 0;
    for (std::size_t i = 0; i < schemes.size(); ++i) all += double(model.layers[i].parameters);
    LayerFigures figures(schemes.size());
    AnalyzeOptions options;
    options.sampleWeights = 0;
    options.isa = session.machine().isa;
    for (std::size_t i = 0; i < schemes.size(); ++i) {
        const double weights = double(model.layers[i].parameters);
        if (schemes[i].weights && model.layers[i].quantizable) {
            JobContext part = job.part(done / all, (done + weights) / all);
            part.checkpoint(0, "measuring " + model.layers[i].name);
            figures[i] = analyzeLayer(weightSource(model, i), schemes[i], options, nullptr, session.workers(), part);
        }
        done += weights;
    }
    return figures;
}

nlohmann::ordered_json figuresJson(const LayerReport& report) {
    const auto number = [](double v) { return std::isfinite(v) ? Json(v) : Json(nullptr); };
    const QuantizationError& e = report.error;
    return {{"scheme", shortText(report.scheme)}, {"bytesBefore", report.bytesBefore}, {"bytesAfter", report.bytesAfter}, {"bitsPerWeight", report.bitsPerWeight},
            {"meanSquareError", e.meanSquare}, {"sqnrDb", number(e.sqnrDb)}, {"cosine", e.cosine}, {"maximumError", e.maximum}, {"klDivergence", e.klDivergence}, {"clipped", e.clipped},
            {"entropyBitsPerCode", report.entropy.bitsPerCode}, {"huffmanBytes", report.entropy.huffmanBytes}, {"huffmanBitsPerWeight", report.entropy.huffmanBitsPerWeight}, {"note", report.note}};
}

void printFigures(const Model& model, const LayerFigures& figures) {
    TextTable table({{"Layer"}, {"Scheme"}, {"Size", Align::Right}, {"Huffman", Align::Right}, {"SQNR dB", Align::Right}, {"1 − cosine", Align::Right}, {"Largest error", Align::Right}, {"KL nats", Align::Right},
                     {"Clipped %", Align::Right}});
    const auto figure = [](double v) {
        char text[32];
        std::snprintf(text, sizeof text, "%.3g", v);
        return std::string(text);
    };
    for (std::size_t i = 0; i < figures.size(); ++i) {
        if (!figures[i]) continue;
        const LayerReport& r = *figures[i];
        table.add({model.layers[i].name, shortText(r.scheme), bytesText(double(r.bytesAfter)), bytesText(double(r.entropy.huffmanBytes)), std::isfinite(r.error.sqnrDb) ? fixedText(r.error.sqnrDb, 1) : "∞",
                   figure(1 - r.error.cosine), figure(r.error.maximum), figure(r.error.klDivergence), fixedText(100 * r.error.clipped, 2)});
    }
    std::cout << "\nmeasured on every weight; Huffman: the size if the codes were entropy-coded, which no format here stores\n" << table.text();
}

}  // namespace bitlathe::cli
