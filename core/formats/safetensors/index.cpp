#include "core/formats/safetensors/index.h"

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/plain_text.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace bitlathe::safetensors {

namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr std::size_t kMostBytes = 200'000'000;

[[noreturn]] void refuse(const fs::path& path, const std::string& what) { refuseInput("'" + path.string() + "' " + what + "; fetch the model again, or open one of its files"); }

bool isPlainName(const std::string& name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos && name.find('\0') == std::string::npos && isPlainText(name);
}

}  // namespace

Index readIndex(const fs::path& path, JobContext& job) {
    const auto file = MappedFile::open(path);
    const auto bytes = file->bytes();
    if (bytes.size() > kMostBytes) refuse(path, "is too large for an index");
    std::size_t seen = 0;
    const auto shallow = [&](int depth, Json::parse_event_t, Json&) {
        if ((++seen & 4095) == 0) job.checkpoint(0.0, "reading the index");
        if (depth > 8) refuse(path, "is nested too deeply for an index");
        return true;
    };
    const auto* text = reinterpret_cast<const char*>(bytes.data());
    const Json json = Json::parse(text, text + bytes.size(), shallow, /*allow_exceptions=*/false);
    const auto map = json.is_object() ? json.find("weight_map") : json.end();
    if (!json.is_object() || map == json.end() || !map->is_object() || map->empty()) refuse(path, "is no index of a model in several files: it has no 'weight_map'");
    Index index;
    for (const auto& [tensor, name] : map->items()) {
        if ((++seen & 4095) == 0) job.checkpoint(0.0, "reading the index");
        if (!name.is_string() || !isPlainName(name.get<std::string>())) refuse(path, "names no file of its folder for tensor '" + plainText(tensor) + "'");
        index.of.emplace(tensor, name.get<std::string>());
        index.files.push_back(name.get<std::string>());
    }
    std::sort(index.files.begin(), index.files.end());
    index.files.erase(std::unique(index.files.begin(), index.files.end()), index.files.end());
    return index;
}

fs::path indexNaming(const fs::path& file, JobContext& job) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(file.has_parent_path() ? file.parent_path() : fs::path("."), none)) {
        if (!entry.path().filename().string().ends_with(kIndexEnding) || !entry.is_regular_file(none)) continue;
        const Index index = readIndex(entry.path(), job);
        if (std::binary_search(index.files.begin(), index.files.end(), file.filename().string())) return entry.path();
    }
    return {};
}

}  // namespace bitlathe::safetensors
