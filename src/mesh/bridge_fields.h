// "Fields": how lists and records cross the C ABI of the bridge (timerose_host.h).
#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace timerose::mesh {

// Writes fields one after the other.
class FieldWriter {
 public:
  FieldWriter& add(ByteView field);
  FieldWriter& add(std::string_view field) { return add(as_bytes(field)); }
  [[nodiscard]] ByteView view() const { return bytes_; }

 private:
  Bytes bytes_;
};

// Reads them in the same order; past the last one, and where a length is wrong, it gives nothing.
class FieldReader {
 public:
  explicit FieldReader(ByteView bytes) : left_(bytes) {}
  [[nodiscard]] bool done() const { return left_.empty(); }
  ByteView next();
  std::string next_text() { return std::string(as_text(next())); }
  std::vector<std::string> next_texts();

 private:
  ByteView left_;
};

}  // namespace timerose::mesh
