// Where a path leads: through UnixFS directories, plain and sharded, and through the values of
// DAG-CBOR, DAG-JSON and JSON blocks (map keys, list indices), across links. A dag-pb block that is
// no UnixFS directory is gone through by the names of its links. "Links" and "Data" also lead into
// the data model of any dag-pb block ("CID/Links/0/Hash") that has no entry of that name. Symbolic
// links are not followed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "blockstore/blockstore.h"
#include "ipld/value.h"
#include "unixfs/path.h"

namespace timerose::unixfs {

// A path may cross this many links without using up a segment: a block that is nothing but a link.
inline constexpr size_t kBareLinksMax = 64;

struct Resolved {
  Cid cid;                        // the last block reached
  std::vector<std::string> rest;  // segments inside that block's value; empty for a whole block
  std::optional<Value> value;     // the value at `rest`, if that is not empty
};

// Follows the path. A link at its end is followed as well (the result names what it points to, and
// that block need not be there).
// kNotFound says which segment was not in what, and lists some of what is there; kInvalidArgument
// for a path through a file, or through a value that has nothing inside.
Result<Resolved> resolve(Blockstore& store, const Path& path);
// The same where only a whole block will do: kInvalidArgument if the path ends inside one.
Result<Cid> resolve_to_cid(Blockstore& store, const Path& path);

}  // namespace timerose::unixfs
