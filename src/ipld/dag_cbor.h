// DAG-CBOR (ipld.io/specs/codecs/dag-cbor): the strict subset in which one value has one encoding.
//
// Decoding refuses what encoding would not produce: integers or lengths that are not shortest,
// indefinite lengths, unsorted or repeated keys, keys that are not text, text that is not UTF-8,
// tags other than 42, floats of 16 or 32 bits, NaN and infinities, simple values other than false,
// true and null, bytes after the end. The message says which rule and at which byte.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "ipld/value.h"

namespace timerose::dag_cbor {

inline constexpr size_t kDepthMax = 1024;

Result<Value> decode(ByteView bytes);
// kMalformed for what the format cannot hold (NaN, an integer out of range, text that is not
// UTF-8).
Result<Bytes> encode(const Value& value);

// Calls `visit` for each link, in order, without building the tree; the same strictness as decode.
Status for_each_link(ByteView bytes, const std::function<Status(const Cid&)>& visit);

// Writes one value front to back without a tree. The caller keeps the canon: the announced number
// of items, keys in DagCborKeyOrder (both checked in debug builds), text that is UTF-8, floats that
// are finite. One Writer writes one value.
class Writer {
 public:
  explicit Writer(Bytes& out) : out_(out) {}
  void null();
  void boolean(bool value);
  void integer(uint64_t value);
  void negative(int64_t value);             // any int64_t, in its shortest form
  void negative_minus_one(uint64_t value);  // the integer -1 - value
  void floating(double value);
  void text(std::string_view value);
  void bytes(ByteView value);
  void link(const Cid& cid);
  void list(uint64_t items);
  void map(uint64_t entries);

 private:
  // A list or map that is not complete; `left` counts keys and values alike.
  struct Open {
    uint64_t left;
    bool is_map;
    bool has_key;
    std::string last_key;
  };
  void head(uint8_t major, uint64_t argument);
  void begin_item(bool is_text, std::string_view text);
  void open(uint64_t items, bool is_map);
  Bytes& out_;
  // Used by debug builds only, but the layout is the same in all.
  std::vector<Open> open_;
  bool begun_ = false;
};

}  // namespace timerose::dag_cbor
