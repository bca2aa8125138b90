// Networks exported by us and run in ONNX Runtime. `make` writes the files, the inputs and what our engine
// answers; run.mjs lets ONNX Runtime answer; `check` compares, and looks at what its optimiser made.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bitlathe::interop {

struct Case {
    std::string name;           // of the files
    std::string model;          // path
    std::string data;           // path of the dataset; empty: made up
    std::string preprocessing;  // JSON
    std::vector<std::string> presets;  // of the program, or of recipeOf()
};
// Of the corpus and the demo, those that are here.
std::vector<Case> cases();

// Small networks of one pattern each, written into the folder.
std::vector<Case> zoo(const std::filesystem::path& folder);

// Each returns the number of failures, which it has printed.
int make(const std::filesystem::path& folder, const std::string& filter);
int check(const std::filesystem::path& folder);

}  // namespace bitlathe::interop
