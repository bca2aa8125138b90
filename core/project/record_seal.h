// The checksum that a record carries in the project file, so that what the disk has changed is noticed. Knows no files.
#pragma once

#include "core/hdf5/hdf5_node.h"

namespace bitlathe {

// The meaning of a number stands in FORMAT.md, not in the file: what is put is what will be read.
void normalise(Hdf5Node& node);
// Adds the checksum of a normalised record to it.
void seal(Hdf5Node& node);
// Takes the checksum off and normalises. False: the record is not what was sealed.
bool unseal(Hdf5Node& node);

}  // namespace bitlathe
