// Runs bitlathe-cli as a person does, in a folder of its own per test.
#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <sys/wait.h>

namespace bitlathe {

namespace fs = std::filesystem;
using Json = nlohmann::json;

inline const std::string kDemo = BITLATHE_SOURCE_DIR "/resources/demo/";
inline const std::string kModel = kDemo + "glyphs.onnx", kCalibration = kDemo + "glyphs_calibration.npz", kTest = kDemo + "glyphs_test.npz";

struct Answer {
    int code = -1;  // minus the signal's number when one ended the program
    std::string out, err;
};

class Cli : public testing::Test {
protected:
    void SetUp() override {
        std::string place = testing::TempDir() + "cli_XXXXXX";
        ASSERT_NE(mkdtemp(place.data()), nullptr);
        folder = place;
    }
    void TearDown() override {
        if (!HasFailure()) fs::remove_all(folder);
    }
    Answer cli(const std::string& arguments) { return shell(std::string(BITLATHE_CLI) + " " + arguments); }
    Answer shell(const std::string& command) {
        const std::string err = folder.string() + ".stderr";  // beside it: files() counts what the program left
        Answer answer;
        FILE* pipe = popen(("( " + command + " ) 2>" + err).c_str(), "r");
        char buffer[4096];
        for (std::size_t got; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) answer.out.append(buffer, got);
        const int status = pclose(pipe);
        answer.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        answer.err = contents(err);
        fs::remove(err);
        return answer;
    }
    static std::string contents(const fs::path& path) {
        std::ostringstream text;
        text << std::ifstream(path, std::ios::binary).rdbuf();
        return text.str();
    }
    void write(const std::string& name, const std::string& text) { std::ofstream(folder / name, std::ios::binary) << text; }
    std::string at(const std::string& name) { return (folder / name).string(); }
    std::vector<std::string> files() {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
        std::sort(names.begin(), names.end());
        return names;
    }
    // One sentence for people, with this in it, and nothing on standard output.
    static void expectRefusal(const Answer& answer, int code, const std::string& says) {
        EXPECT_EQ(answer.code, code) << answer.err;
        EXPECT_EQ(answer.out, "");
        EXPECT_EQ(std::count(answer.err.begin(), answer.err.end(), '\n'), 1) << answer.err;
        EXPECT_NE(answer.err.find(says), std::string::npos) << answer.err;
    }
    fs::path folder;
};

}  // namespace bitlathe
