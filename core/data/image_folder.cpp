#include "core/data/image_folder.h"

#include "core/data/image.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

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

}  // namespace

bool recognizesImageFolder(const std::string& path) { return isFile(fs::path(path) / "labels.csv"); }

Dataset openImageFolder(const std::string& path, const std::string&) {
    const fs::path folder = path;
    const std::vector<Entry> entries = readList(folder);
    Dataset data;
    if (entries.empty()) return data;
    std::vector<std::int64_t> labels;
    if (std::all_of(entries.begin(), entries.end(), [](const Entry& entry) { return asNumber(entry.label).has_value(); })) {
        for (const Entry& entry : entries) labels.push_back(*asNumber(entry.label));
    } else {
        // A number among names is a slip of the pen more often than the name of a class.
        for (const Entry& entry : entries)
            if (asNumber(entry.label))
                refuseInput("'" + (folder / "labels.csv").string() + "': '" + entry.file + "' has the number " + entry.label +
                            " as its label, others have names; give numbers for all or names for all");
        std::map<std::string, std::int64_t> classes;
        for (const Entry& entry : entries) classes.emplace(entry.label, 0);
        for (auto& [name, number] : classes) number = static_cast<std::int64_t>(data.classNames.size()), data.classNames.push_back(name);
        for (const Entry& entry : entries) labels.push_back(classes[entry.label]);
    }
    data.labels = std::move(labels);
    std::vector<std::string> files;
    for (const Entry& entry : entries) files.push_back((folder / entry.file).string());
    const Shape first = readImage(files.front()).shape();
    const auto count = static_cast<std::int64_t>(files.size());
    data.arrays.push_back({"images", ElementType::U8, first, count,
                           [files = std::move(files)](std::int64_t index) { return readImage(files[static_cast<std::size_t>(index)]); }});
    if (isFile(folder / "preprocess.json")) {
        std::ostringstream text;
        text << std::ifstream(folder / "preprocess.json").rdbuf();
        data.preprocessing = text.str();
    }
    return data;
}

}  // namespace bitlathe
