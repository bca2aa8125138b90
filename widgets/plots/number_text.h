// Numbers as people read them, for plots; the functions are the core's.
#pragma once

#include "core/base/number_text.h"
