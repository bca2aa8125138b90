// What this machine can do at all, measured beside each kernel: the core's multiply-adds and the memory's
// read rate. And how samples are taken: a case and its limits in turns, the best of each, so that a busy
// machine harms both alike.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/big_buffer.h"
#include "core/base/parallel.h"
#include "core/kernels/isa.h"

namespace bitlathe {

struct Machine {
    Isa isa;
    Workers* workers;  // as many threads as the case uses
    std::string only;  // run the cases whose name contains this
    bool wants(const std::string& what) const { return what.find(only) != std::string::npos; }
};

double secondsOf(const std::function<void()>& body);

// Multiply-adds per second of all threads, in registers.
double sampleMultiplies(const Machine& machine);

// Bytes per second of reading [data, data + count) with all threads.
double sampleRead(const Machine& machine, const void* data, std::int64_t count);

// Runs `body`, which does `work` units, and its limit in turns for about `seconds`; best of each.
struct Sample {
    double rate = 0;   // units per second
    double limit = 0;  // units per second
    double ms = 0;     // of the best run
};
Sample sample(double work, double seconds, const std::function<void()>& body, const std::function<double()>& limit);

// One line: name, case, milliseconds, rate, unit, part of the limit.
void printSample(const std::string& kernel, const std::string& what, int threads, const Sample& s, const char* unit);

}  // namespace bitlathe
