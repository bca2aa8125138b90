#include "app/cli/command.h"

#include "core/kernels/isa.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <unistd.h>

namespace bitlathe::cli {

namespace {

long long nowNs() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

Machine machineFor(const std::string& name) {
    if (name.empty()) return Machine::detect();
    const auto isa = isaFromName(name);
    if (!isa) throw Error(ErrorKind::Usage, "there is no instruction set '" + name + "'; use reference, avx2, avx512vnni or amx");
    return Machine::detect(*isa);
}

}  // namespace

Session::Session(const CommonOptions& options, std::stop_token stop)
    : m_options(options), m_machine(machineFor(options.isa)), m_workers(options.threads),
      m_job(std::move(stop), [this](double fraction, std::string_view what) { progress(fraction, what); }),
      m_terminal(isatty(STDERR_FILENO) != 0), m_startedNs(nowNs()) {}

void Session::note(std::string_view text) {
    if (m_options.quiet) return;
    endProgress();
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

void Session::endProgress() {
    if (m_barShown) std::fprintf(stderr, "\r\033[K");
    m_barShown = false;
}

void Session::progress(double fraction, std::string_view what) {
    if (m_options.quiet) return;
    const long long now = nowNs();
    if (!m_terminal) {  // a pipe or a log: one line every few seconds
        constexpr long long kBetweenNs = 5'000'000'000;
        if (now - std::max(m_lastNs, m_startedNs) < kBetweenNs) return;
        m_lastNs = now;
        std::fprintf(stderr, "%3d %%  %.*s\n", static_cast<int>(fraction * 100), static_cast<int>(what.size()), what.data());
        return;
    }
    if (now - m_lastNs < 50'000'000 || now - m_startedNs < 200'000'000) return;
    m_lastNs = now;
    constexpr int kWidth = 28;
    const int done = static_cast<int>(fraction * kWidth + 0.5);
    std::string bar;
    for (int i = 0; i < kWidth; ++i) bar += i < done ? "█" : "░";
    const double seconds = static_cast<double>(now - m_startedNs) * 1e-9, left = fraction > 0.02 ? seconds / fraction - seconds : 0;
    std::fprintf(stderr, "\r\033[K%s %3d %%  %.*s", bar.c_str(), static_cast<int>(fraction * 100), static_cast<int>(what.size()), what.data());
    if (left > 1) std::fprintf(stderr, "  %d s left", static_cast<int>(left + 0.5));
    std::fflush(stderr);
    m_barShown = true;
}

}  // namespace bitlathe::cli
