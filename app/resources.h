// What the program computes with: made once in main(), handed down, shared by everything.
#pragma once

#include "core/base/job_runner.h"
#include "core/base/parallel.h"
#include "core/engine/machine.h"

namespace bitlathe {

struct Resources {
    Machine machine;
    Workers& workers;   // the crew that loops run on
    JobRunner& runner;  // the threads that jobs run on
};

}  // namespace bitlathe
