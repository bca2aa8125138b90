// The measuring that the analysis asks for: core's, with the machine's threads and a cache.
#pragma once

#include "app/analysis.h"
#include "app/open_project.h"

namespace bitlathe {

// All three must outlive the function. What the open project holds is not measured again.
MeasureLayer measureWith(Workers& workers, ReportCache& cache, const ProjectShelf& project);

}  // namespace bitlathe
