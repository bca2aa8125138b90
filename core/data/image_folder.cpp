#include "core/data/image_folder.h"

#include "core/data/image.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

namespace bitlathe {

namespace fs = std::filesystem;

namespace {

std::string trimmed(std::string text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '"'; };
    while (!text.empty() && blank(text.back())) text.pop_back();
    text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), blank));
    return text;
}

// False too where the name is too long or the folder may not be read.
bool isFile(const fs::path& path) {
    std::error_code why;
    return fs::is_regular_file(path, why);
}

struct Entry {
    std::string file, label;
};

std::vector<Entry> readList(const fs::path& folder) {
    std::vector<Entry> entries;
    std::ifstream list(folder / "labels.csv");
    std::string line;
    for (int number = 1; std::getline(list, line); ++number) {
        if (trimmed(line).empty()) continue;
        const auto comma = line.rfind(',');
        if (comma == std::string::npos)
            refuseInput("'" + (folder / "labels.csv").string() + "', line " + std::to_string(number) + ": expected FILE,LABEL, found '" + line.substr(0, 80) + "'");
        Entry entry{trimmed(line.substr(0, comma)), trimmed(line.substr(comma + 1))};
        const fs::path relative = entry.file;
        if (relative.is_absolute() || std::find(relative.begin(), relative.end(), "..") != relative.end())
            refuseInput("'" + (folder / "labels.csv").string() + "', line " + std::to_string(number) + ": '" + entry.file + "' leaves the folder; name files inside it");
        if (!isFile(folder / relative)) {
            if (number == 1) continue;  // a heading
            refuseInput("'" + (folder / "labels.csv").string() + "', line " + std::to_string(number) + ": there is no file '" + entry.file + "'");
        }
        entries.push_back(std::move(entry));
    }
    return entries;
}

std::optional<std::int64_t> asNumber(const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

bool isPicture(const fs::path& path) {
    std::string ending = path.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return (ending == ".png" || ending == ".jpg" || ending == ".jpeg") && path.filename().string().front() != '.';
}

// What lies in a folder, in the order of the names; nothing where it may not be read. Hidden things are passed over.
// A folder may be linked to where its own pictures are wanted: what is walked through has no links, which may lead in
// circles.
enum class Wanted { Pictures, Folders, OwnFolders };
std::vector<fs::path> namesIn(const fs::path& folder, Wanted wanted) {
    std::vector<fs::path> found;
    std::error_code why;
    for (fs::directory_iterator at(folder, why), end; !why && at != end; at.increment(why)) {
        std::error_code none;
        const fs::path& path = at->path();
        if (path.filename().string().front() == '.') continue;
        const bool fits = wanted == Wanted::Pictures ? isPicture(path) && at->is_regular_file(none) : at->is_directory(none) && (wanted == Wanted::Folders || !at->is_symlink(none));
        if (fits) found.push_back(path.filename());
    }
    std::sort(found.begin(), found.end());
    return found;
}

// Of pictures at any depth, as seen from `folder`. `inside` itself may be a link.
void collect(const fs::path& folder, const fs::path& inside, std::vector<fs::path>& found) {
    constexpr std::ptrdiff_t kDeepest = 32;
    if (std::distance(inside.begin(), inside.end()) > kDeepest) return;
    for (const fs::path& name : namesIn(folder / inside, Wanted::Pictures)) found.push_back(inside / name);
    for (const fs::path& name : namesIn(folder / inside, Wanted::OwnFolders)) collect(folder, inside / name, found);
}

// The first picture at any depth, to know the folder by.
bool holdsPicture(const fs::path& folder, int depth = 0) {
    if (!namesIn(folder, Wanted::Pictures).empty()) return true;
    if (depth > 4) return false;
    const auto folders = namesIn(folder, depth == 0 ? Wanted::Folders : Wanted::OwnFolders);
    return std::any_of(folders.begin(), folders.end(), [&](const fs::path& name) { return holdsPicture(folder / name, depth + 1); });
}

// Gives numbers to labels: their own where all are numbers, else classes in alphabetical order. `refuseMixed` is told
// an entry with a number among names: a slip of the pen more often than the name of a class.
template <class Refuse>
void number(const std::vector<Entry>& entries, Dataset& data, Refuse refuseMixed) {
    std::vector<std::int64_t> labels;
    if (std::all_of(entries.begin(), entries.end(), [](const Entry& entry) { return asNumber(entry.label).has_value(); })) {
        for (const Entry& entry : entries) labels.push_back(*asNumber(entry.label));
    } else {
        for (const Entry& entry : entries)
            if (asNumber(entry.label)) refuseMixed(entry);
        std::map<std::string, std::int64_t> classes;
        for (const Entry& entry : entries) classes.emplace(entry.label, 0);
        for (auto& [name, number] : classes) number = static_cast<std::int64_t>(data.classNames.size()), data.classNames.push_back(name);
        for (const Entry& entry : entries) labels.push_back(classes[entry.label]);
    }
    data.labels = std::move(labels);
}

std::vector<Entry> listed(const fs::path& folder, Dataset& data) {
    std::vector<Entry> entries = readList(folder);
    number(entries, data, [&](const Entry& entry) {
        refuseInput("'" + (folder / "labels.csv").string() + "': '" + entry.file + "' has the number " + entry.label +
                    " as its label, others have names; give numbers for all or names for all");
    });
    return entries;
}

std::vector<Entry> byClass(const fs::path& folder, Dataset& data) {
    std::vector<Entry> entries;
    for (const fs::path& name : namesIn(folder, Wanted::Folders)) {
        std::vector<fs::path> pictures;
        collect(folder, name, pictures);
        // An empty class would shift the numbers of those behind it without a word.
        if (pictures.empty())
            refuseInput("'" + (folder / name).string() + "' holds no PNG or JPEG images, but folders of '" + folder.string() + "' are its classes; fill it or move it elsewhere");
        for (const fs::path& picture : pictures) entries.push_back({picture.string(), name.string()});
    }
    if (const auto loose = namesIn(folder, Wanted::Pictures); !loose.empty() && !entries.empty())
        refuseInput("'" + folder.string() + "' holds images beside the folders of its classes, the first is '" + loose.front().string() +
                    "'; move them into a class, or name each with its label in a labels.csv");
    if (entries.empty()) {
        for (const fs::path& name : namesIn(folder, Wanted::Pictures)) entries.push_back({name.string(), {}});
        return entries;
    }
    number(entries, data, [](const Entry&) {});
    return entries;
}

}  // namespace

bool recognizesImageFolder(const std::string& path) {
    std::error_code none;
    return isFile(fs::path(path) / "labels.csv") || (fs::is_directory(path, none) && holdsPicture(path));
}

Dataset openImageFolder(const std::string& path, const std::string&) {
    const fs::path folder = path;
    Dataset data;
    const std::vector<Entry> entries = isFile(folder / "labels.csv") ? listed(folder, data) : byClass(folder, data);
    if (entries.empty()) return data;
    std::vector<std::string> files;
    for (const Entry& entry : entries) files.push_back(entry.file);
    const auto names = std::make_shared<const std::vector<std::string>>(std::move(files));
    const Shape first = readImage((folder / names->front()).string()).shape();
    data.arrays.push_back({"images", ElementType::U8, first, static_cast<std::int64_t>(names->size()),
                           [names, folder](std::int64_t index) { return readImage((folder / (*names)[static_cast<std::size_t>(index)]).string()); },
                           [names](std::int64_t index) { return (*names)[static_cast<std::size_t>(index)]; }});
    return data;
}

}  // namespace bitlathe
