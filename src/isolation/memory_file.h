// Files in memory that pass between a node and its workers.
#pragma once

#include "base/file.h"

namespace timerose::isolation {

// One with these bytes, which whoever gets the descriptor may replace, until it is sealed.
Result<FileDescriptor> memory_file(ByteView content);

// From here on nobody can change it; gives the memory that it takes. An error if somebody has seen
// to it that he still could.
Result<uint64_t> seal(const FileDescriptor& file);

}  // namespace timerose::isolation
