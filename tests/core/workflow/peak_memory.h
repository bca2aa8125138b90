// The most memory that this process had in use since it was last asked, as Linux counts it: with the pages of
// mapped files.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace bitlathe {

class PeakMemory {
public:
    PeakMemory() { restart(); }
    void restart() {
        std::ofstream("/proc/self/clear_refs") << "5";  // forgets the peak
        m_start = field("VmRSS:");
    }
    bool works() const { return m_start > 0 && field("VmHWM:") > 0 && field("VmHWM:") < m_start + (std::int64_t(32) << 20); }
    std::int64_t grownBytes() const { return field("VmHWM:") - m_start; }

private:
    static std::int64_t field(const std::string& name) {
        std::ifstream file("/proc/self/status");
        std::string word;
        while (file >> word)
            if (word == name && file >> word) return std::stoll(word) * 1024;
        return 0;
    }
    std::int64_t m_start = 0;
};

}  // namespace bitlathe
