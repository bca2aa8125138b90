// "Run this on the UI thread": the one place where Qt appears between workers and the window.
#pragma once

#include "core/base/job_runner.h"

class QObject;

namespace bitlathe {

// The functions run on the target's thread, in order, and not after the target died.
Post postTo(QObject* target);

}  // namespace bitlathe
