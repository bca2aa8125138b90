// The measuring that the analysis asks for: core's, with the machine's threads and a cache.
#pragma once

#include "app/analysis.h"

namespace bitlathe {

// The workers and the cache must outlive the function.
MeasureLayer measureWith(Workers& workers, ReportCache& cache);

}  // namespace bitlathe
