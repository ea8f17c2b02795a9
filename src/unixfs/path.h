// A path below a CID, as text and taken apart.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "multiformats/cid.h"

namespace timerose::unixfs {

// What follows the root of a path: "a/b/../c" as segments "a", "c". Only URLs have %-escapes. Empty
// segments and "." are left out and ".." takes back the segment before it; kInvalidArgument if
// there is none.
enum class Escapes { kNone, kPercent };
Result<std::vector<std::string>> parse_segments(std::string_view text, Escapes escapes);
// "/a/b". parse_segments()'s inverse, if no segment holds a '/' or there are escapes.
std::string format_segments(const std::vector<std::string>& segments, Escapes escapes);
// Whether only a URL can say them: a segment holds a '/'.
bool need_escapes(const std::vector<std::string>& segments);

// "CID/a/b", "/ipfs/CID/a/b", "/ipld/CID/a/b" or the URL "ipfs://CID/a/b", whose query
// and fragment are no part of the path. No segment is empty, "." or "..".
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
