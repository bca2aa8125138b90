#include "tests/bench/hand_log.h"

#include <algorithm>

namespace bitlathe {
namespace {

// The share-th of the values, 0 … 1; -1 for none.
double quantile(std::vector<double> values, double share) {
    std::erase_if(values, [](double v) { return v < 0; });
    if (values.empty()) return -1;
    std::sort(values.begin(), values.end());
    return values[std::min(values.size() - 1, static_cast<std::size_t>(share * double(values.size())))];
}

}  // namespace

void HandLog::print(std::FILE* to) const {
    std::fprintf(to, "%-22s %5s | %-34s | %-34s | %s\n", "case, milliseconds", "edits", "first picture: median, p95, ÷ bar", "exact: median, p95, ÷ bar", "UI held: median, worst");
    std::vector<std::string> names;
    for (const HandEdit& edit : m_edits)
        if (std::find(names.begin(), names.end(), edit.what) == names.end()) names.push_back(edit.what);
    for (const std::string& name : names) {
        std::vector<double> first, exact, held;
        for (const HandEdit& edit : m_edits) {
            if (edit.what != name) continue;
            first.push_back(edit.firstMs);
            exact.push_back(edit.exactMs);
            held.push_back(edit.stallMs);
        }
        std::fprintf(to, "%-22s %5zu | %8.1f %8.1f %13.2f     | %8.1f %8.1f %13.2f     | %8.1f %8.1f\n", name.c_str(), first.size(), quantile(first, 0.5), quantile(first, 0.95),
                     quantile(first, 0.5) / kFirstPictureMs, quantile(exact, 0.5), quantile(exact, 0.95), quantile(exact, 0.5) / kExactMs, quantile(held, 0.5), quantile(held, 1));
    }
}

bool HandLog::write(const std::string& path) const {
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (!file) return false;
    std::fputs("case\tscheme\tinput_ms\tfirst_ms\texact_ms\tstall_ms\tframes\n", file);
    for (const HandEdit& e : m_edits) std::fprintf(file, "%s\t%s\t%.3f\t%.3f\t%.3f\t%.3f\t%d\n", e.what.c_str(), e.scheme.c_str(), e.inputMs, e.firstMs, e.exactMs, e.stallMs, e.frames);
    return std::fclose(file) == 0;
}

}  // namespace bitlathe
