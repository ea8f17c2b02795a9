// Paths: CID/a/b through UnixFS directories, DAG-CBOR and DAG-JSON maps and lists, across links.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "blockstore/blockstore.h"
#include "ipld/value.h"

namespace timerose::unixfs {

// "/ipfs/CID/a/b", "CID/a/b" or "ipfs://CID/a/b", taken apart. Segments are not empty.
struct Path {
  Cid root;
  std::vector<std::string> segments;
  static Result<Path> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
};

struct Resolved {
  Cid cid;                         // the last block reached
  std::vector<std::string> rest;   // segments inside that block's value (DAG-CBOR, DAG-JSON)
  std::optional<Value> value;      // the value at `rest`, when there is one
};

// Follows the path. The last link is followed as well (the result names what it points to).
// kNotFound says which segment was not in what, and lists some of what is there;
// kInvalidArgument for a path through a file.
Result<Resolved> resolve(Blockstore& store, const Path& path);
// The same where only a whole block will do: kInvalidArgument if the path ends inside one.
Result<Cid> resolve_to_cid(Blockstore& store, const Path& path);

}  // namespace timerose::unixfs
