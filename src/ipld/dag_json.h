// DAG-JSON (ipld.io/specs/codecs/dag-json): the data model as JSON; links are {"/": "cid"}, bytes
// {"/": {"bytes": "base64"}}. encode writes the canon: no white space, keys sorted by their bytes.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "ipld/value.h"

namespace timerose::dag_json {

inline constexpr size_t kDepthMax = 1024;

// Accepts white space, any key order and links in any multibase (as other implementations write);
// refuses repeated keys, bytes after the end, and what the specification reserves: a map whose
// first key is "/" with text or {"bytes": text, ...} as its value, unless it is a whole link or
// bytes. A number with a point or an exponent is a float, any other an integer of -2^64 .. 2^64-1.
Result<Value> decode(ByteView text);
// kMalformed for what the format cannot hold: NaN, text that is not UTF-8, a map that would read
// back as a link or as bytes. Floats are written as short as reads back exactly, with a point or
// exponent.
Result<std::string> encode(const Value& value);

}  // namespace timerose::dag_json
