// What every subcommand of bitlathe-cli shares: the common options, exit codes, and how results are said.
#pragma once

#include "core/base/error.h"
#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/engine/machine.h"

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace bitlathe::cli {

// The stable contract, README section "Exit codes".
enum ExitCode { kDone = 0, kUsage = 2, kInputRefused = 3, kRecipeImpossible = 4, kGateFailed = 5, kCancelled = 6 };

struct CommonOptions {
    int threads = 0;  // 0: all cores
    std::string isa;  // empty: the best there is
    bool quiet = false;
    bool json = false;
};

// Made once the options are parsed. Progress goes to standard error: a bar on a terminal, nothing elsewhere.
class Session {
public:
    Session(const CommonOptions& options, std::stop_token stop);
    const Machine& machine() const noexcept { return m_machine; }
    Workers& workers() noexcept { return m_workers; }
    JobContext& job() noexcept { return m_job; }
    bool json() const noexcept { return m_options.json; }
    bool quiet() const noexcept { return m_options.quiet; }  // only the result that was asked for
    // A remark for people, on standard error, unless --quiet.
    void note(std::string_view text);
    void endProgress();

private:
    void progress(double fraction, std::string_view what);
    CommonOptions m_options;
    Machine m_machine;
    Workers m_workers;
    JobContext m_job;
    bool m_terminal = false;
    bool m_barShown = false;
    long long m_startedNs = 0, m_lastNs = 0;
};

// A subcommand: adds its options to `app` and returns what to do once they are parsed.
using Action = std::function<int(Session&)>;
using Command = Action (*)(CLI::App& app, CommonOptions& common);

Action inspectCommand(CLI::App& app, CommonOptions& common);
Action quantizeCommand(CLI::App& app, CommonOptions& common);
Action runCommand(CLI::App& app, CommonOptions& common);
Action evaluateCommand(CLI::App& app, CommonOptions& common);
Action compareCommand(CLI::App& app, CommonOptions& common);
Action duelCommand(CLI::App& app, CommonOptions& common);
Action benchCommand(CLI::App& app, CommonOptions& common);
Action importanceCommand(CLI::App& app, CommonOptions& common);
Action tokenizeCommand(CLI::App& app, CommonOptions& common);
Action generateCommand(CLI::App& app, CommonOptions& common);
Action listCommand(CLI::App& app, CommonOptions& common);

}  // namespace bitlathe::cli
