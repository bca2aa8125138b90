#include "core/quant/recipe_json_text.h"

#include "core/base/error.h"

#include <nlohmann/json.hpp>

#include <set>
#include <vector>

namespace bitlathe {

using Json = nlohmann::json;

namespace {
constexpr std::size_t kMaxBytes = std::size_t{16} << 20;
}

Json parsedRecipe(std::string_view text, const std::string& source) {
    if (text.size() > kMaxBytes) throw Error(ErrorKind::Recipe, "recipe '" + source + "' is larger than 16 MiB; this is no recipe");
    std::vector<std::set<std::string>> open;  // keys of the objects that are being read
    std::string twice;
    constexpr int kMostDepth = 128;  // JSON is written by recursion
    const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (depth > kMostDepth) throw Error(ErrorKind::Recipe, "recipe '" + source + "' is nested too deeply; this is no recipe");
        if (event == Json::parse_event_t::object_start) open.emplace_back();
        if (event == Json::parse_event_t::object_end) open.pop_back();
        if (event == Json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second && twice.empty())
            twice = parsed.get<std::string>();
        return true;
    };
    try {
        Json document = Json::parse(text, watch);
        if (!twice.empty()) throw Error(ErrorKind::Recipe, "recipe '" + source + "': the key '" + twice + "' is given twice in one object; keep one");
        return document;
    } catch (const Json::exception& error) {
        std::string reason = error.what();
        if (const auto at = reason.find("] "); at != std::string::npos) reason.erase(0, at + 2);
        throw Error(ErrorKind::Recipe, "recipe '" + source + "' is not valid JSON: " + reason);
    }
}

}  // namespace bitlathe
