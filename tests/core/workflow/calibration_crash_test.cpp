// Kills a calibrating process at random moments, many times: each next one goes on from where the project says, and
// what comes out in the end are the ranges of a calibration that was never stopped. calibration_crash_test [KILLS [SEED]].
#include "core/base/error.h"
#include "core/project/project_store.h"
#include "core/workflow/kept_calibration.h"
#include "core/workflow/load.h"
#include "tests/core/project/temporary_folder.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace bitlathe;
namespace fs = std::filesystem;

CalibrationWork workFor(int round, const Machine& machine, JobContext& job) {
    const std::string demo = std::string(BITLATHE_SOURCE_DIR) + "/resources/demo/";
    CalibrationWork work;
    work.model = loadModel(demo + "glyphs.onnx", machine, job);
    work.recipe = findPreset("int8")->recipe;
    const RangeRule rules[] = {MinMax{}, Entropy{}, MovingAverage{0.05}, Percentile{99.9}};
    work.recipe.defaults.activations->range = rules[round % 4];
    work.calibration = {demo + "glyphs_calibration.npz", 200 - 8 * (round / 4 % 8)};
    work.keepEveryMs = 0;
    return work;
}

// One thread and nothing left of it in the parent, which forks.
ActivationRanges calibrated(int round, ProjectStore* store) {
    const Machine machine = Machine::detect();
    Workers workers(1);
    JobContext job;
    return calibrateKept(workFor(round, machine, job), store, machine, workers, job).ranges;
}

}  // namespace

int main(int count, char** arguments) {
    const int kills = count > 1 ? std::atoi(arguments[1]) : 200;
    std::mt19937 random(count > 2 ? unsigned(std::atoi(arguments[2])) : 1u);
    const testing_support::TemporaryFolder folder;
    const fs::path path = folder / "p.bitlathe";
    ProjectStore::create(path)->save();
    int round = 0, resumed = 0;
    std::int64_t before = 0;
    try {
        for (int kill = 0; kill < kills; ++kill) {
            const pid_t child = ::fork();
            if (child == 0) {
                try {
                    calibrated(round, ProjectStore::open(path, ProjectStore::Access::Edit).get());
                    std::_Exit(0);
                } catch (const Error& error) {
                    std::fprintf(stderr, "%s\n", error.what());
                    std::_Exit(1);
                }
            }
            std::this_thread::sleep_for(std::chrono::microseconds(20000 + random() % 600000));
            ::kill(child, SIGKILL);
            int status = 0;
            ::waitpid(child, &status, 0);
            if (WIFEXITED(status) && WEXITSTATUS(status) != 0) return 1;
            const auto store = ProjectStore::open(path, ProjectStore::Access::Edit);
            const auto left = interruptedCalibration(*store);
            if (std::size_t(round) < store->keys("calibrations/").size()) {  // it came to its end
                if (left) return std::fprintf(stderr, "kill %d: a finished calibration is said to be interrupted\n", kill), 1;
                ++round;
                before = 0;
            } else {
                const std::int64_t now = left ? left->samples : 0;
                if (now < before) return std::fprintf(stderr, "kill %d: %lld samples were safe, %lld are left\n", kill, static_cast<long long>(before), static_cast<long long>(now)), 1;
                resumed += before > 0;
                before = now;
            }
            if (kill % 7 == 3) store->save();
        }
        const auto store = ProjectStore::open(path, ProjectStore::Access::Edit);
        calibrated(round, store.get());  // the last one comes to its end
        for (int i = 0; i <= round; ++i)
            if (calibrated(i, store.get()) != calibrated(i, nullptr)) return std::fprintf(stderr, "round %d: other ranges than without interruption\n", i), 1;
    } catch (const Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    std::printf("%d kills, %d calibrations, gone on with %d times: the ranges are those of uninterrupted ones\n", kills, round + 1, resumed);
    return 0;
}
