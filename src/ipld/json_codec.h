// The reader and the writer behind DAG-JSON and plain JSON. Internal to this folder.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "ipld/value.h"

namespace timerose::json {

enum class Dialect { kJson, kDagJson };

Result<Value> read(ByteView text, Dialect dialect);
Result<std::string> write(const Value& value, Dialect dialect);

inline const char* name_of(Dialect dialect) {
  return dialect == Dialect::kJson ? "JSON" : "DAG-JSON";
}

}  // namespace timerose::json
