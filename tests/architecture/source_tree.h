// The project's own sources, for the tests that hold them to the rules.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace bitlathe {

struct SourceFile {
    std::string path;  // from the project's root: "core/base/error.h"
    std::vector<std::string> lines;
};

inline std::vector<SourceFile> sourceTree() {
    namespace fs = std::filesystem;
    const fs::path root = BITLATHE_SOURCE_DIR;
    std::vector<SourceFile> files;
    for (const char* room : {"core", "widgets", "app", "tests"})
        for (const auto& entry : fs::recursive_directory_iterator(root / room)) {
            const auto ending = entry.path().extension();
            if (!entry.is_regular_file() || (ending != ".h" && ending != ".cpp")) continue;
            const std::string path = fs::relative(entry.path(), root).generic_string();
            if (path.find("node_modules") != std::string::npos) continue;
            SourceFile file{path, {}};
            std::ifstream stream(entry.path());
            for (std::string line; std::getline(stream, line);) file.lines.push_back(line);
            files.push_back(std::move(file));
        }
    return files;
}

}  // namespace bitlathe
