// A path below a CID, as text and taken apart.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "multiformats/cid.h"

namespace timerose::unixfs {

// "CID/a/b", "/ipfs/CID/a/b", "/ipld/CID/a/b" or the URL "ipfs://CID/a/b". Only the URL has
// %-escapes; its query and fragment are no part of the path. Empty segments and "." are left out
// and
// ".." takes back the segment before it, so no segment is one of these.
struct Path {
  Cid root;
  std::vector<std::string> segments;

  // kInvalidArgument for text that is no such path, also for ".." above the CID.
  static Result<Path> parse(std::string_view text);
  // "/ipfs/CID/a/b"; as a URL if a segment holds a '/', which only a URL can say. parse()'s
  // inverse.
  [[nodiscard]] std::string to_string() const;
};

}  // namespace timerose::unixfs
