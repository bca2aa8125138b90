// Projects on the command line: what the window would export comes out, byte for byte.
#include "core/base/parallel.h"
#include "core/engine/machine.h"
#include "core/project/project_store.h"
#include "core/workflow/evaluation_record.h"
#include "core/workflow/export.h"
#include "core/workflow/kept_calibration.h"
#include "core/workflow/load.h"
#include "core/workflow/project_model.h"
#include "tests/app/cli/cli_rig.h"

namespace bitlathe {
namespace {

class CliProject : public Cli {
protected:
    Machine machine = Machine::detect();
    Workers workers{2};
    JobContext job;

    ProjectState stateFor(const fs::path& modelPath, int bits) {
        model = loadModel(modelPath, machine, job);
        ProjectState state;
        state.model = referenceTo(*model);
        state.first = std::make_shared<const Recipe>(findPreset("int8")->recipe);
        Recipe own = *state.first;
        own.name = "own";
        own.defaults.weights->bits = bits;
        own.defaults.activations->range = Percentile{99.9};
        state.steps = {{"fewer bits", std::make_shared<const Recipe>(own)}, {"undone", state.first}};
        state.position = 1;
        state.snapshots = {{"before", state.first}};
        state.calibrationData = kCalibration;
        state.target = "onnxruntime";
        return state;
    }
    // As the window exports: calibrated with the project, everything of the recipe at work.
    void exportAsTheWindow(const ProjectState& state, ProjectStore& store, const std::string& path) {
        const KeptCalibration kept = calibrateKept({model, *state.recipe(), {state.calibrationData}, state.recipe()->preprocessing}, &store, machine, workers, job);
        ExportRequest request{model, *state.recipe(), kept.ranges, kept.dataSha256, state.target, path};
        exportModel(request, workers, job);
    }
    std::shared_ptr<const Model> model;
};

TEST_F(CliProject, QuantizeWritesWhatTheWindowExports) {
    const ProjectState state = stateFor(kModel, 7);
    const auto store = ProjectStore::create(at("p.bitlathe"));
    putState(*store, state);
    store->save();
    const Answer fresh = cli("quantize " + at("p.bitlathe") + " -o " + at("fresh.onnx"));  // nothing is calibrated yet
    ASSERT_EQ(fresh.code, 0) << fresh.err;
    exportAsTheWindow(state, *store, at("window.onnx"));
    ASSERT_EQ(store->keys("calibrations/").size(), 1u);
    const Answer open = cli("quantize " + at("p.bitlathe") + " -o " + at("open.onnx"));  // while the window has it open and unsaved
    ASSERT_EQ(open.code, 0) << open.err;
    store->save();
    ASSERT_EQ(cli("quantize " + at("p.bitlathe") + " -o " + at("saved.onnx") + " --threads 1").code, 0);
    const std::string expected = contents(at("window.onnx"));
    EXPECT_GT(expected.size(), 1000u);
    for (const char* name : {"fresh.onnx", "open.onnx", "saved.onnx"}) EXPECT_TRUE(contents(at(name)) == expected) << name;
    ASSERT_EQ(cli("quantize " + at("p.bitlathe") + " --preset int8-weights -o " + at("other.onnx")).code, 0);
    EXPECT_FALSE(contents(at("other.onnx")) == expected);
    expectRefusal(cli("quantize " + at("p.bitlathe") + " -o " + at("p.bitlathe")), 2, "p.bitlathe");
}

TEST_F(CliProject, InspectShowsWhatIsInIt) {
    const ProjectState state = stateFor(kModel, 6);
    {
        const auto store = ProjectStore::create(at("p.bitlathe"));
        putState(*store, state);
        KeptEvaluation kept{lastingIdentity(*model), *state.recipe(), kTest, {}};
        kept.evaluation.mode = EngineMode::Integer;
        kept.evaluation.samples = 40;
        kept.evaluation.labelled = true;
        kept.evaluation.top1 = 0.875;
        store->put("evaluations/000000", toNode(kept));
        store->save();
        exportAsTheWindow(state, *store, at("window.onnx"));
    }
    const Json shown = Json::parse(cli("inspect --json " + at("p.bitlathe")).out);
    EXPECT_EQ(shown.at("format"), "bitlathe project");
    EXPECT_EQ(shown.at("recipe"), "own");
    EXPECT_EQ(shown.at("history"), (Json{"fewer bits", "undone"}));
    EXPECT_EQ(shown.at("position"), 1);
    EXPECT_EQ(shown.at("model").at("there"), true);
    EXPECT_EQ(shown.at("evaluations").at(0).at("top1"), 0.875);
    EXPECT_EQ(shown.at("calibrations").at(0).at("data"), kCalibration);
    EXPECT_EQ(shown.at("unsaved"), true);
    const Answer text = cli("inspect " + at("p.bitlathe"));
    EXPECT_NE(text.out.find("1 of 2 steps done"), std::string::npos) << text.out;
    EXPECT_NE(text.out.find("87.50"), std::string::npos) << text.out;
    EXPECT_EQ(files(), (std::vector<std::string>{"p.bitlathe", "p.bitlathe-journal", "window.onnx"}));  // looking changes nothing
}

TEST_F(CliProject, AVanishedModelIsASentenceUnlessTheProjectHoldsIt) {
    fs::copy_file(kModel, at("net.onnx"));
    const ProjectState state = stateFor(at("net.onnx"), 8);
    const auto store = ProjectStore::create(at("p.bitlathe"));
    putState(*store, state);
    store->save();
    ASSERT_EQ(cli("quantize " + at("p.bitlathe") + " -o " + at("a.onnx")).code, 0);
    model.reset();
    fs::rename(at("net.onnx"), at("aside"));
    expectRefusal(cli("quantize " + at("p.bitlathe") + " --quiet -o " + at("b.onnx")), 3, "net.onnx");
    EXPECT_EQ(cli("inspect " + at("p.bitlathe")).code, 0);
    fs::rename(at("aside"), at("net.onnx"));
    embedModel(*store, at("net.onnx"));
    store->save();
    fs::remove(at("net.onnx"));
    ASSERT_EQ(cli("quantize " + at("p.bitlathe") + " --quiet -o " + at("b.onnx")).code, 0);
    EXPECT_TRUE(contents(at("a.onnx")) == contents(at("b.onnx")));
}

TEST_F(CliProject, OtherCommandsTakeProjectsToo) {
    const auto store = ProjectStore::create(at("p.bitlathe"));
    putState(*store, stateFor(kModel, 8));
    store->save();
    const Answer answer = cli("evaluate " + at("p.bitlathe") + " --data " + kTest + " --samples 40 --json");
    ASSERT_EQ(answer.code, 0) << answer.err;
    EXPECT_EQ(Json::parse(answer.out).at("engine"), "integer");
    EXPECT_GT(Json::parse(answer.out).at("top1").get<double>(), 0.8);
}

TEST_F(CliProject, ALayerIsExplainedAndComparedByTheProjectsRecipe) {
    const auto store = ProjectStore::create(at("p.bitlathe"));
    putState(*store, stateFor(kModel, 7));
    store->save();
    const std::string explain = "inspect " + at("p.bitlathe") + " --layer classifier --json";
    const auto scheme = [&](const std::string& more) {
        const Answer answer = cli(explain + more);
        EXPECT_EQ(answer.code, 0) << answer.err;
        return answer.code == 0 ? Json::parse(answer.out).at("scheme").get<std::string>() : std::string();
    };
    EXPECT_EQ(scheme(""), "int7 channel");
    EXPECT_EQ(scheme(" --preset int4-channel"), "int4 channel");
    EXPECT_EQ(scheme(" --format int"), "int4 channel");
    const auto compared = [&](const std::string& more) {
        std::vector<std::string> formats;
        const Answer answer = cli("duel " + at("p.bitlathe") + " --layer classifier --json --sort given" + more);
        EXPECT_EQ(answer.code, 0) << answer.err;
        const Json document = answer.code == 0 ? Json::parse(answer.out) : Json{{"formats", Json::array()}};
        for (const Json& row : document.at("formats")) formats.push_back(row.at("format"));
        return formats;
    };
    const auto all = compared("");
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all.front(), "int7 channel");
    EXPECT_EQ(compared(" --formats 'nf4 group 64'"), std::vector<std::string>{"nf4 group 64"});
    const auto other = compared(" --preset int4-g128");
    EXPECT_EQ(std::count(other.begin(), other.end(), "int7 channel"), 0);
}

TEST_F(CliProject, ADamagedProjectIsASentence) {
    write("short.bitlathe", contents(kModel).substr(0, 0) + "BITLATHE PROJECT\nversion 1\n");
    expectRefusal(cli("inspect " + at("short.bitlathe")), 3, "damaged head");
    write("none.bitlathe", "nothing of the kind");
    expectRefusal(cli("quantize " + at("none.bitlathe") + " --preset int8-weights -o " + at("x.onnx")), 3, "none.bitlathe");
}

}  // namespace
}  // namespace bitlathe
