#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/text_table.h"

#include "core/engine/operator_list.h"
#include "core/formats/format.h"
#include "core/formats/target.h"
#include "core/kernels/kernel_list.h"
#include "core/quant/codec.h"
#include "core/quant/recipe.h"
#include "core/quant/stored_scale.h"
#include "core/workflow/model_presets.h"

#include <CLI/CLI.hpp>

#include <iostream>

namespace bitlathe::cli {

namespace {

Json codecRows() {
    Json rows = Json::array();
    for (const Codec& codec : codecs()) {
        Json scales = Json::array();
        for (const ScaleType type : codec.scaleTypes) scales.push_back(nameOf(type));
        rows.push_back({{"name", codec.name}, {"label", codec.label}, {"minBits", codec.minBits}, {"maxBits", codec.maxBits}, {"blockSize", codec.blockSize},
                        {"scales", std::move(scales)}, {"formula", codec.formula}, {"explanation", codec.explanation}});
    }
    return rows;
}

Json formatRows() {
    Json rows = Json::array();
    for (const Format& format : formats())
        rows.push_back({{"name", format.name}, {"label", format.label}, {"extensions", format.extensions}, {"reads", format.read != nullptr}, {"writes", format.write != nullptr}});
    return rows;
}

Json presetRows() {
    Json rows = Json::array();
    for (const Preset& preset : modelPresets()) rows.push_back({{"name", preset.name}, {"label", preset.label}, {"description", preset.description}});
    return rows;
}

Json targetRows() {
    Json rows = Json::array();
    for (const Target& target : targets()) rows.push_back({{"name", target.name}, {"label", target.label}});
    return rows;
}

Json kernelRows() {
    Json rows = Json::array();
    for (const KernelRow& kernel : kernelList())
        rows.push_back({{"name", kernel.name}, {"label", kernel.label}, {"kind", kernel.kind}, {"isa", isaName(kernel.isa)}});
    return rows;
}

Json operatorRows() {
    Json rows = Json::array();
    for (const Operator& op : operators()) rows.push_back({{"name", op.name}, {"label", op.label}, {"domain", op.domain}});
    return rows;
}

struct Kind {
    const char* name;
    Json (*rows)();
};
constexpr Kind kKinds[] = {{"codecs", codecRows}, {"formats", formatRows}, {"presets", presetRows},
                           {"targets", targetRows}, {"kernels", kernelRows}, {"operators", operatorRows}};

void print(const Json& rows) {
    TextTable table({{"Name"}, {"What"}});
    for (const Json& row : rows) table.add({row.at("name").get<std::string>(), row.at("label").get<std::string>()});
    std::cout << table.text();
}

}  // namespace

Action listCommand(CLI::App& app, CommonOptions& common) {
    auto what = std::make_shared<std::string>();
    std::vector<std::string> names;
    for (const Kind& kind : kKinds) names.emplace_back(kind.name);
    app.add_option("KIND", *what, "codecs, formats, presets, targets, kernels or operators")->required()->check(CLI::IsMember(names));
    app.add_flag("--json", common.json, "Print one JSON document");
    return [what](Session& session) -> int {
        for (const Kind& kind : kKinds) {
            if (*what != kind.name) continue;
            if (session.json()) printJson(kind.rows());
            else print(kind.rows());
        }
        return kDone;
    };
}

}  // namespace bitlathe::cli
