// DAG-JSON (ipld.io/specs/codecs/dag-json): the data model as JSON; links are {"/": "cid"}, bytes
// {"/": {"bytes": "base64"}}. encode writes the canon: no white space, keys sorted by their bytes.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "ipld/value.h"

namespace timerose::dag_json {

inline constexpr size_t kDepthMax = 1024;

// Accepts white space and any key order (as other implementations write); refuses repeated keys,
// bytes after the end, and "/" in a map that is neither a link nor bytes.
Result<Value> decode(ByteView text);
Result<std::string> encode(const Value& value);

}  // namespace timerose::dag_json
