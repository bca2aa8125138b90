// What the hand benchmark saw, edit by edit, and its summary against the bars. Knows no window.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace bitlathe {

struct HandEdit {
    std::string what, scheme;
    double inputMs = 0;              // what the input event itself took
    double firstMs = -1, exactMs = -1;  // from the input event to the end of the paint; -1: not seen
    double stallMs = 0;              // longest time between two chances for an event
    int frames = 0;                  // painted with figures of the new scheme, until the exact ones
};

constexpr double kFirstPictureMs = 16, kExactMs = 100;  // the bars

class HandLog {
public:
    void add(HandEdit edit) { m_edits.push_back(std::move(edit)); }
    // One line per case: median and 95th percentile, and their ratio to the bars.
    void print(std::FILE* to) const;
    // One line per edit, tab-separated, with a heading. False when the file cannot be written.
    bool write(const std::string& path) const;

private:
    std::vector<HandEdit> m_edits;
};

}  // namespace bitlathe
