// A sorted table of byte strings: small records beside the blocks (the memo, outcomes). Every
// method is thread-safe.
#pragma once

#include <functional>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace timerose {

class Table {
 public:
  virtual ~Table() = default;
  virtual Result<std::optional<Bytes>> get(ByteView key) = 0;
  virtual Status put(ByteView key, ByteView value) = 0;  // durable after flush()
  virtual Status erase(ByteView key) = 0;
  virtual Status flush() = 0;
  // Entries whose key starts with `prefix`, in key order; an error from `visit` ends the walk.
  virtual Status for_each(ByteView prefix,
                          const std::function<Status(ByteView key, ByteView value)>& visit) = 0;
};

}  // namespace timerose
