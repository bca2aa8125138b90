#include "core/project/project_state.h"

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/save_file.h"
#include "core/base/sha256.h"
#include "core/project/node_fields.h"
#include "core/project/project_store.h"
#include "core/quant/recipe_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <map>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bitlathe {

namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

std::string numbered(const char* collection, std::size_t index) {
    const std::string digits = std::to_string(index);
    return collection + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

constexpr int kMostDepth = 128;  // JSON is written and compared by recursion

Json jsonOf(const Recipe& recipe) { return Json::parse(toJson(recipe)); }

// The change as JSON Patch. Most steps change schemes of a few layers: then only those are looked at, and what
// is found of them is true of the whole.
Json patchBetween(const Recipe& before, const Recipe& after) {
    Recipe a = before, b = after;
    std::erase_if(a.layers, [&](const auto& layer) {
        const auto at = after.layers.find(layer.first);
        return at != after.layers.end() && at->second == layer.second;
    });
    std::erase_if(b.layers, [&](const auto& layer) {
        const auto at = before.layers.find(layer.first);
        return at != before.layers.end() && at->second == layer.second;
    });
    return Json::diff(jsonOf(a), jsonOf(b));
}

// The layer that a path of a patch is in; nothing for the rest of the recipe.
std::optional<std::string> layerIn(const std::string& path) {
    constexpr std::string_view kLayers = "/layers/";
    if (!path.starts_with(kLayers)) return std::nullopt;
    std::string name;
    for (std::size_t at = kLayers.size(); at < path.size() && path[at] != '/'; ++at) {
        const bool escaped = path[at] == '~' && at + 1 < path.size();
        name += escaped ? (path[at + 1] == '1' ? '/' : '~') : path[at];
        at += escaped;
    }
    return name;
}

void eraseFrom(ProjectStore& store, const char* collection, std::size_t count) {
    for (const std::string& key : store.keys(collection))
        if (key >= numbered(collection, count) && key != std::string(collection) + "first") store.erase(key);
}

template <class F>
void fields(F& f, ProjectState& s) {
    f("evaluation_data", s.evaluationData);
    f("calibration_data", s.calibrationData);
    f("calibration_samples", s.calibrationSamples, "samples", "so many calibrate, picked by split_seed; 0: as many as is usual");
    f("split_seed", s.splitSeed);
    f("target", s.target);
    f("output", s.output);
    f("selected_layers", s.selected);
}

std::string textIn(const ProjectStore& store, const std::string& key, const char* name) {
    const auto node = store.find(key);
    const auto* text = node ? node->get<std::string>(name) : nullptr;
    if (!text) refuseInput("'" + store.path().string() + "' lacks '" + name + "' of its record '" + key + "'; use an older copy of it");
    return *text;
}

// The recipe after a patch that made `document` of the recipe before.
Recipe patched(const Recipe& before, const Json& document, const Json& patch, const std::string& source) {
    Json changed = {{"format", document.at("format")}, {"version", document.at("version")}, {"layers", Json::object()}};
    Recipe after = before;
    for (const Json& step : patch) {
        const auto layer = layerIn(step.at("path").get<std::string>());
        if (!layer) return recipeFromJson(document.dump(), source);
        after.layers.erase(*layer);
        if (const auto at = document.at("layers").find(*layer); at != document.at("layers").end()) changed["layers"][*layer] = *at;
    }
    for (auto& [name, scheme] : recipeFromJson(changed.dump(), source).layers) after.layers[name] = scheme;
    return after;
}

RecipePtr recipeOf(const Json& json, const std::string& source) { return std::make_shared<const Recipe>(recipeFromJson(json.dump(), source)); }

Json parsed(const ProjectStore& store, const std::string& key, const char* name) {
    const auto watch = [&](int depth, Json::parse_event_t, Json&) {
        if (depth > kMostDepth) refuseInput("'" + store.path().string() + "' holds a record '" + key + "' that is nested too deeply; use an older copy of it");
        return true;
    };
    Json json = Json::parse(textIn(store, key, name), watch, false);
    if (json.is_discarded()) refuseInput("'" + store.path().string() + "' holds a record '" + key + "' that is no JSON; use an older copy of it");
    return json;
}

// With each path and each value of bounded depth, so is the result; copies of what is there could double it.
void requireShallow(const Json& patch, const std::string& source) {
    for (const Json& step : patch) {
        const auto& path = step.at("path").get_ref<const std::string&>();
        const auto& operation = step.at("op").get_ref<const std::string&>();
        if (operation == "copy" || operation == "move" || std::count(path.begin(), path.end(), '/') > kMostDepth)
            refuseInput("'" + source + "' is a step of the history that Bitlathe does not write; use an older copy of the project");
    }
}

void readHistory(const ProjectStore& store, ProjectState& state) {
    Json now = parsed(store, "history/first", "recipe");
    state.first = recipeOf(now, store.path().string() + ": history/first");
    for (std::size_t i = 0;; ++i) {
        const std::string key = numbered("history/", i);
        if (!store.contains(key)) break;
        RecipePtr recipe;
        try {
            const Json patch = parsed(store, key, "patch");
            requireShallow(patch, store.path().string() + ": " + key);
            now.patch_inplace(patch);
            const Recipe& before = state.steps.empty() ? *state.first : *state.steps.back().recipe;
            recipe = std::make_shared<const Recipe>(patched(before, now, patch, store.path().string() + ": " + key));
        } catch (const Json::exception&) {
            refuseInput("'" + store.path().string() + "' holds a step of its history, '" + key + "', that does not fit the one before; use an older copy of it");
        }
        state.steps.push_back({textIn(store, key, "label"), recipe});
    }
}

}  // namespace

void ProjectStateWriter::putHistory(const ProjectState& state) {
    std::size_t same = 0;
    if (state.first == m_first)
        while (same < std::min(m_steps.size(), state.steps.size()) && m_steps[same].recipe == state.steps[same].recipe && m_steps[same].label == state.steps[same].label) ++same;
    if (state.first != m_first) {
        Hdf5Node first;
        first.about = "The recipe before the first step of the history";
        first.add("recipe", toJson(*state.first));
        m_store.put("history/first", first);
    }
    if (same < state.steps.size()) {
        for (std::size_t i = same; i < state.steps.size(); ++i) {
            Hdf5Node step;
            step.about = "One step of the history: the change from the recipe before it (JSON Patch, RFC 6902)";
            step.add("label", state.steps[i].label);
            step.add("patch", patchBetween(i == 0 ? *state.first : *state.steps[i - 1].recipe, *state.steps[i].recipe).dump());
            m_store.put(numbered("history/", i), step);
        }
    }
    eraseFrom(m_store, "history/", state.steps.size());
    m_first = state.first;
    m_steps = state.steps;
}

void ProjectStateWriter::putSnapshots(const ProjectState& state) {
    for (std::size_t i = 0; i < state.snapshots.size(); ++i) {
        Hdf5Node snapshot;
        snapshot.about = "A recipe kept under a name";
        snapshot.add("name", state.snapshots[i].name);
        snapshot.add("recipe", toJson(*state.snapshots[i].recipe));
        m_store.put(numbered("snapshots/", i), snapshot);
    }
    eraseFrom(m_store, "snapshots/", state.snapshots.size());
}

void putState(ProjectStore& store, const ProjectState& state) { ProjectStateWriter(store).put(state); }

void ProjectStateWriter::put(const ProjectState& state) {
    ProjectStore& store = m_store;
    Hdf5Node model;
    model.about = "The network that is worked on; it stays in its own file";
    std::error_code none;
    const fs::path relative = fs::relative(state.model.path, store.path().parent_path(), none);
    model.add("path", state.model.path.string());
    model.add("path_from_project", none ? std::string() : relative.generic_string());
    model.add("sha256", state.model.sha256);
    model.add("format", state.model.format);
    model.add("file_size", state.model.bytes, "bytes");
    store.put("model", model);

    Hdf5Node recipe;
    recipe.about = "The recipe at work: what quantize and the export use. Its keys are described in resources/recipes/FORMAT.md";
    recipe.add("name", state.recipe()->name);
    recipe.add("recipe", toJson(*state.recipe()));
    store.put("recipe", recipe);
    putHistory(state);

    Hdf5Node at;
    at.about = "Where in the history the recipe at work is, and the recipe that A/B keeps aside";
    at.add("steps_done", std::int64_t(std::min(state.position, state.steps.size())), "steps");
    at.add("at_b", std::int64_t(state.atB));
    if (state.aside) at.add("aside", toJson(*state.aside));
    store.put("position", at);

    putSnapshots(state);
    Hdf5Node settings;
    settings.about = "Data, target and selection";
    ToNode to(settings);
    ProjectState copy = state;
    fields(to, copy);
    store.put("settings", settings);
    if (state.layout.empty()) return;
    Hdf5Node window;
    window.about = "The layout of the window, as its toolkit writes it";
    const std::span<const std::byte> layout(state.layout);
    window.add("layout", Tensor::of<std::uint8_t>(Shape{std::int64_t(layout.size())}, std::span(reinterpret_cast<const std::uint8_t*>(layout.data()), layout.size())));
    store.put("window", window);
}

ProjectState stateOf(const ProjectStore& store) {
    ProjectState state;
    const auto model = store.find("model");
    if (!model) refuseInput("'" + store.path().string() + "' names no model; use an older copy of it");
    FromNode from(*model);
    std::string path, relative;
    from("path", path);
    from("path_from_project", relative);
    from("sha256", state.model.sha256);
    from("format", state.model.format);
    from("file_size", state.model.bytes);
    std::error_code none;
    const fs::path beside = store.path().parent_path() / relative;
    state.model.path = !relative.empty() && fs::is_regular_file(beside, none) ? fs::weakly_canonical(beside, none) : fs::path(path);

    readHistory(store, state);
    if (const auto at = store.find("position")) {
        const auto* done = at->get<std::int64_t>("steps_done");
        const auto* atB = at->get<std::int64_t>("at_b");
        state.position = std::min(std::size_t(done ? std::max<std::int64_t>(*done, 0) : 0), state.steps.size());
        state.atB = atB && *atB != 0;
        if (const auto* aside = at->get<std::string>("aside")) state.aside = std::make_shared<const Recipe>(recipeFromJson(*aside, store.path().string() + ": position"));
    }
    for (const std::string& key : store.keys("snapshots/"))
        state.snapshots.push_back({textIn(store, key, "name"), recipeOf(parsed(store, key, "recipe"), store.path().string() + ": " + key)});
    if (const auto settings = store.find("settings")) {
        FromNode read(*settings);
        fields(read, state);
    }
    if (const auto window = store.find("window"))
        if (const auto* layout = window->get<Tensor>("layout")) state.layout.assign(layout->bytes().begin(), layout->bytes().end());
    return state;
}

void embedModel(ProjectStore& store, const fs::path& model) {
    const auto file = MappedFile::open(model);
    const auto bytes = file->bytes();
    Hdf5Node node;
    node.about = "The model's file itself";
    node.add("name", model.filename().string());
    node.add("sha256", sha256(bytes));
    node.add("bytes", Tensor(ElementType::U8, Shape{std::int64_t(bytes.size())}, bytes, file));
    store.put("embedded_model", std::move(node));
}

void forgetEmbeddedModel(ProjectStore& store) { store.erase("embedded_model"); }
bool hasEmbeddedModel(const ProjectStore& store) { return store.contains("embedded_model"); }

namespace {

// A folder that only this user can put files into: made with mode 0700, or there as one of the user's own and no link.
// Anybody may make a folder of that name under /tmp first, and the model in it would be theirs.
void requirePrivate(const fs::path& folder) {
    std::error_code none;
    fs::create_directories(folder.parent_path(), none);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        throw Error(ErrorKind::Output, "cannot make the folder '" + folder.string() + "' for the model that the project holds: " + systemReason(errno) + "; free some room, or put the model's own file back");
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat info {};
    const bool ours = fd >= 0 && ::fstat(fd, &info) == 0 && info.st_uid == ::geteuid() && ((info.st_mode & 077) == 0 || ::fchmod(fd, 0700) == 0);
    if (fd >= 0) ::close(fd);
    if (!ours)
        throw Error(ErrorKind::Output, "'" + folder.string() + "' is not a folder of your own, so the model that the project holds is not put there; remove it, or put the model's own file back");
}

}  // namespace

std::optional<fs::path> extractModel(const ProjectStore& store, const fs::path& folder) {
    const auto node = store.find("embedded_model");
    if (!node) return std::nullopt;
    const auto* name = node->get<std::string>("name");
    const auto* bytes = node->get<Tensor>("bytes");
    if (!name || !bytes || bytes->type() != ElementType::U8) refuseInput("'" + store.path().string() + "' holds a model that is damaged; use an older copy of it");
    const std::string sum = sha256(bytes->bytes());
    const fs::path place = folder / sum.substr(0, 32), path = place / fs::path(*name).filename();
    requirePrivate(folder);
    requirePrivate(place);
    std::error_code none;
    if (fs::symlink_status(path, none).type() == fs::file_type::regular && fs::file_size(path, none) == bytes->bytes().size() && sha256(MappedFile::open(path)->bytes()) == sum) return path;
    fs::remove(path, none);  // a link would be written through
    SaveFile file(path);
    file.write(bytes->bytes());
    file.commit();
    return path;
}

}  // namespace bitlathe
