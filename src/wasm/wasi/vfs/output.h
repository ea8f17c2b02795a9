// A directory of the tree as a UnixFS directory: what is below /out when the guest is done. Content
// that still is what its mount held keeps its CID and is not read.
#pragma once

#include "unixfs/importer.h"
#include "unixfs/layout.h"
#include "wasm/wasi/attempt.h"
#include "wasm/wasi/vfs/tree.h"

namespace timerose::wasi::vfs {

Result<unixfs::Imported> write_directory(Tree& tree, const NodePtr& directory,
                                         const unixfs::Layout& layout,
                                         const unixfs::BlockSink& sink);

}  // namespace timerose::wasi::vfs
