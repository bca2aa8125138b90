#include "core/project/project_state.h"

#include "core/base/error.h"
#include "core/project/project_store.h"
#include "core/quant/recipe_json.h"
#include "tests/core/full_disk.h"
#include "tests/core/project/temporary_folder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;
using testing_support::TemporaryFolder;

RecipePtr recipeWith(const std::string& name, int bits, const std::vector<std::string>& layers = {}) {
    Recipe recipe = findPreset("int8")->recipe;
    recipe.name = name;
    for (const std::string& layer : layers) {
        Scheme scheme = recipe.defaults;
        scheme.weights->bits = bits;
        recipe.layers[layer] = scheme;
    }
    return std::make_shared<const Recipe>(recipe);
}

ProjectState sample(const fs::path& model) {
    ProjectState state;
    state.model = {model, std::string(64, 'e'), "onnx", 12};
    state.first = recipeWith("int8", 8);
    state.steps = {{"4 bits for größe/conv1", recipeWith("int8", 4, {"größe/conv1"})}, {"4 bits for b", recipeWith("int8", 4, {"größe/conv1", "b"})}, {"named", recipeWith("mine", 4, {"b"})}};
    state.position = 2;
    state.snapshots = {{"first", state.first}, {"größer", state.steps[1].recipe}};
    state.aside = state.steps[0].recipe;
    state.atB = true;
    state.evaluationData = "/data/test.npz:x";
    state.calibrationData = "/data/calibration.npz";
    state.target = "onnxruntime";
    state.output = "/data/out.onnx";
    state.selected = {"b", "größe/conv1"};
    state.layout = {std::byte(0), std::byte(255), std::byte(7)};
    return state;
}

void expectEqual(const ProjectState& a, const ProjectState& b) {
    EXPECT_EQ(a.model, b.model);
    EXPECT_EQ(*a.first, *b.first);
    ASSERT_EQ(a.steps.size(), b.steps.size());
    for (std::size_t i = 0; i < a.steps.size(); ++i) {
        EXPECT_EQ(a.steps[i].label, b.steps[i].label);
        EXPECT_EQ(toJson(*a.steps[i].recipe), toJson(*b.steps[i].recipe)) << i;
    }
    EXPECT_EQ(a.position, b.position);
    EXPECT_EQ(*a.recipe(), *b.recipe());
    ASSERT_EQ(a.snapshots.size(), b.snapshots.size());
    for (std::size_t i = 0; i < a.snapshots.size(); ++i) {
        EXPECT_EQ(a.snapshots[i].name, b.snapshots[i].name);
        EXPECT_EQ(*a.snapshots[i].recipe, *b.snapshots[i].recipe);
    }
    ASSERT_EQ(bool(a.aside), bool(b.aside));
    if (a.aside) { EXPECT_EQ(*a.aside, *b.aside); }
    EXPECT_EQ(a.atB, b.atB);
    EXPECT_EQ(a.evaluationData, b.evaluationData);
    EXPECT_EQ(a.calibrationData, b.calibrationData);
    EXPECT_EQ(a.target, b.target);
    EXPECT_EQ(a.output, b.output);
    EXPECT_EQ(a.selected, b.selected);
    EXPECT_EQ(a.layout, b.layout);
}

TEST(ProjectState, ComesBackFromTheFileAndFromTheJournal) {
    const TemporaryFolder folder;
    const ProjectState state = sample(folder / "net.onnx");
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    putState(*store, state);
    store->save();
    expectEqual(stateOf(*ProjectStore::open(folder / "p.bitlathe", ProjectStore::Access::Look)), state);

    ProjectState later = state;
    later.steps.resize(1);  // undone, and something else done
    later.steps.push_back({"all in 3 bits", recipeWith("3", 3, {"x"})});
    later.position = 2;
    later.snapshots.pop_back();
    later.aside.reset();
    later.selected.clear();
    putState(*store, later);
    store->flush();
    expectEqual(stateOf(*ProjectStore::open(folder / "p.bitlathe", ProjectStore::Access::Look)), later);
}

TEST(ProjectState, TheSameStateAgainWritesNothing) {
    const TemporaryFolder folder;
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    putState(*store, sample(folder / "net.onnx"));
    store->save();
    putState(*store, sample(folder / "net.onnx"));
    EXPECT_FALSE(store->unsaved());
}

TEST(ProjectState, AThousandStepsOverManyLayersStaySmall) {
    const TemporaryFolder folder;
    ProjectState state = sample(folder / "net.onnx");
    std::vector<std::string> layers;
    for (int i = 0; i < 100; ++i) layers.push_back("layer" + std::to_string(i));
    state.first = recipeWith("many", 4, layers);
    state.steps.clear();
    for (int i = 0; i < 1000; ++i) {
        Recipe recipe = *(i == 0 ? state.first : state.steps.back().recipe);
        recipe.layers["layer" + std::to_string(i % 100)].weights->bits = 2 + i % 7;
        state.steps.push_back({"step", std::make_shared<const Recipe>(recipe)});
    }
    state.position = 1000;
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    putState(*store, state);
    store->save();
    EXPECT_LT(fs::file_size(folder / "p.bitlathe"), 3'000'000u);
    expectEqual(stateOf(*store), state);
}

TEST(ProjectState, AModelThatMovedWithItsProjectIsFound) {
    const TemporaryFolder folder;
    fs::create_directories(folder / "a/models");
    std::ofstream(folder / "a/models/net.onnx") << "network";
    {
        const auto store = ProjectStore::create(folder / "a/p.bitlathe");
        putState(*store, sample(folder / "a/models/net.onnx"));
        store->save();
    }
    fs::rename(folder / "a", folder / "b");
    EXPECT_EQ(stateOf(*ProjectStore::open(folder / "b/p.bitlathe", ProjectStore::Access::Look)).model.path, fs::weakly_canonical(folder / "b/models/net.onnx"));
    fs::remove(folder / "b/models/net.onnx");
    EXPECT_EQ(stateOf(*ProjectStore::open(folder / "b/p.bitlathe", ProjectStore::Access::Look)).model.path, folder / "a/models/net.onnx");
}

TEST(ProjectState, AnEmbeddedModelComesOutAgain) {
    const TemporaryFolder folder;
    std::ofstream(folder / "net.onnx") << std::string("net\0work", 8);
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    EXPECT_FALSE(extractModel(*store, folder / "cache"));
    embedModel(*store, folder / "net.onnx");
    store->save();
    fs::remove(folder / "net.onnx");
    const auto look = ProjectStore::open(folder / "p.bitlathe", ProjectStore::Access::Look);
    ASSERT_TRUE(hasEmbeddedModel(*look));
    const auto path = extractModel(*look, folder / "cache");
    ASSERT_TRUE(path);
    EXPECT_EQ(path->filename(), "net.onnx");
    EXPECT_EQ(testing_support::fileText(path->string()), std::string("net\0work", 8));
    forgetEmbeddedModel(*store);
    EXPECT_FALSE(hasEmbeddedModel(*store));
}

TEST(ProjectState, AnEmbeddedModelComesOutIntoAFolderOfTheUsersOwnAlone) {
    const TemporaryFolder folder;
    std::ofstream(folder / "net.onnx") << "network";
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    embedModel(*store, folder / "net.onnx");
    fs::create_directory(folder / "elsewhere");
    fs::create_directory_symlink(folder / "elsewhere", folder / "link");
    EXPECT_THROW(extractModel(*store, folder / "link"), Error);
    EXPECT_TRUE(fs::is_empty(folder / "elsewhere"));
    fs::create_directory(folder / "open");
    fs::permissions(folder / "open", fs::perms::all);
    const auto path = extractModel(*store, folder / "open");
    ASSERT_TRUE(path);
    EXPECT_EQ(fs::status(folder / "open").permissions(), fs::perms::owner_all);
    // What lies there already is taken only when it is the model itself.
    std::ofstream(*path) << "another";
    EXPECT_EQ(testing_support::fileText(extractModel(*store, folder / "open")->string()), "network");
    fs::remove(*path);
    fs::create_symlink(folder / "net.onnx", *path);
    EXPECT_FALSE(fs::is_symlink(*extractModel(*store, folder / "open")));
}

TEST(ProjectState, AProjectWithoutARecipeIsRefused) {
    const TemporaryFolder folder;
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    EXPECT_THROW(stateOf(*store), Error);
    Hdf5Node broken;
    broken.add("recipe", std::string("{"));
    putState(*store, sample(folder / "net.onnx"));
    store->put("history/first", broken);
    EXPECT_THROW(stateOf(*store), Error);
}

TEST(ProjectState, RefusesJsonThatIsNestedTooDeeply) {
    const TemporaryFolder folder;
    const std::size_t depth = 1000000;
    const std::string deep = std::string(depth, '[') + std::string(depth, ']');
    std::string path;
    for (int i = 0; i < 200; ++i) path += "/a";
    const auto refusalWith = [&](const char* key, const char* name, const std::string& text) -> std::string {
        const auto store = ProjectStore::create(folder / "p.bitlathe");
        putState(*store, sample(folder / "net.onnx"));
        Hdf5Node node = *store->find(key);
        std::erase_if(node.items, [&](const Hdf5Item& item) { return item.name == name; });
        node.add(name, text);
        store->put(key, node);
        try {
            stateOf(*store);
        } catch (const Error& error) {
            return error.message();
        }
        return {};
    };
    EXPECT_NE(refusalWith("history/first", "recipe", deep).find("nested too deeply"), std::string::npos);
    EXPECT_NE(refusalWith("history/000000", "patch", deep).find("nested too deeply"), std::string::npos);
    EXPECT_NE(refusalWith("position", "aside", deep).find("nested too deeply"), std::string::npos);
    EXPECT_NE(refusalWith("history/000000", "patch", R"([{"op":"copy","from":"","path":"/a"}])").find("does not write"), std::string::npos);
    EXPECT_NE(refusalWith("history/000000", "patch", R"([{"op":"add","value":1,"path":")" + path + "\"}]").find("does not write"), std::string::npos);
}

}  // namespace
}  // namespace bitlathe
