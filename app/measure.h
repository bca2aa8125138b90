// The measuring that the analysis asks for: core's, with the machine's threads and a cache.
#pragma once

#include "app/analysis.h"
#include "app/importance_in_use.h"
#include "app/open_project.h"

namespace bitlathe {

// All must outlive the function. What the open project holds is not measured again; it holds reports without importance alone.
MeasureLayer measureWith(Workers& workers, ReportCache& cache, const ProjectShelf& project, const ImportanceShelf& importance);

}  // namespace bitlathe
