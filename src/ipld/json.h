// Plain JSON (RFC 8259; multicodec json): the data model but for links and bytes, which it cannot
// hold, and with no reserved maps. Numbers, order and limits as in dag_json.h.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "ipld/value.h"

namespace timerose::json {

Result<Value> decode(ByteView text);
Result<std::string> encode(const Value& value);

}  // namespace timerose::json
