// bitlathe-cli: the core's workflows as commands. No window, no Qt.
#include "app/cli/command.h"

#include <CLI/CLI.hpp>

#include <array>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <thread>

#include <unistd.h>

namespace {

using namespace bitlathe;
using namespace bitlathe::cli;

struct Row {
    const char *name, *help;
    Command make;
};
constexpr std::array kCommands = {
    Row{"inspect", "Show what a model file holds: inputs, outputs, layers", inspectCommand},
    Row{"quantize", "Quantize a model by a recipe and write it", quantizeCommand},
    Row{"run", "Run a model on given inputs and write its outputs", runCommand},
    Row{"evaluate", "Measure a model, float or quantized, on a dataset", evaluateCommand},
    Row{"compare", "Compare two models layer by layer, and by their outputs", compareCommand},
    Row{"duel", "Compare number formats on a layer: error against bytes", duelCommand},
    Row{"bench", "Time a model, layer by layer", benchCommand},
    Row{"importance", "Measure on text how much each column of a language model's weights matters", importanceCommand},
    Row{"tokenize", "Show the tokens that a language model reads a text as", tokenizeCommand},
    Row{"generate", "Continue a text with a language model, float and quantized beside each other", generateCommand},
    Row{"list", "List codecs, formats, presets, targets, kernels or operators", listCommand},
};

int exitCodeOf(ErrorKind kind) {
    switch (kind) {
    case ErrorKind::Usage: return kUsage;
    case ErrorKind::Input: return kInputRefused;
    case ErrorKind::Output: return kInputRefused;
    case ErrorKind::Recipe: return kRecipeImpossible;
    case ErrorKind::Unsupported: return kRecipeImpossible;
    }
    return kInputRefused;
}

// Ctrl+C and a polite kill stop the job at its next checkpoint; a second one ends the program at once.
void stopOnSignals(std::stop_source stop) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([stop, signals]() mutable {
        int number = 0;
        sigwait(&signals, &number);
        stop.request_stop();
        sigwait(&signals, &number);
        _exit(kCancelled);
    }).detach();
}

}  // namespace

int main(int argc, char** argv) {
    std::ios::sync_with_stdio(false);
    std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is then a sentence, as a full disk is
    CLI::App app{"Bitlathe: quantize neural networks and see what it does to them", "bitlathe-cli"};
    app.set_version_flag("--version", "bitlathe-cli " BITLATHE_VERSION);
    app.require_subcommand(1);
    app.failure_message(CLI::FailureMessage::simple);
    CommonOptions common;
    std::array<std::pair<CLI::App*, Action>, kCommands.size()> commands;
    for (std::size_t i = 0; i < kCommands.size(); ++i) {
        CLI::App* sub = app.add_subcommand(kCommands[i].name, kCommands[i].help);
        commands[i] = {sub, kCommands[i].make(*sub, common)};
        sub->add_option("--threads", common.threads, "Threads to use; 0 for all cores")->check(CLI::Range(0, 1024))->group("Common");
        sub->add_option("--isa", common.isa, "Lower the instruction set: reference, avx2, avx512vnni or amx")->group("Common");
        sub->add_flag("--quiet", common.quiet, "No progress, no remarks and no tables beside the figures that were asked for")->group("Common");
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? kDone : kUsage;
    }
    std::stop_source stop;
    stopOnSignals(stop);
    const auto fail = [](const Error& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return exitCodeOf(error.kind());
    };
    try {
        Session session(common, stop.get_token());
        const Outcome<int> outcome = runJob(session.job(), [&](JobContext&) {
            int code = kUsage;
            for (const auto& [sub, action] : commands)
                if (sub->parsed()) code = action(session);
            return code;
        });
        session.endProgress();
        if (outcome.error()) return fail(*outcome.error());
        if (outcome.cancelled()) {
            std::fprintf(stderr, "cancelled; nothing was written\n");
            return kCancelled;
        }
        std::cout.flush();
        if (!std::cout) {
            std::fprintf(stderr, "error: standard output cannot be written; check the disk or the pipe\n");
            return kInputRefused;
        }
        return outcome.value();
    } catch (const Error& error) {  // of the session itself
        return fail(error);
    } catch (const std::exception& mistake) {
        return fail(Error(ErrorKind::Input, std::string("the program made a mistake here (") + mistake.what() + "); the input may be damaged. Nothing was written: please report it"));
    }
}
