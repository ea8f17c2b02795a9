// Reading our own objects out of a decoded value: each field by name and kind, and none left over.
// Every error is kMalformed and names the object and the field.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "ipld/dag_cbor.h"
#include "ipld/value.h"

namespace timerose::compute {

// The fields of one map. `object` names it in messages: "Invocation". Views must outlive it.
class Fields {
 public:
  static Result<Fields> of(const Value& value, std::string_view object);

  // Null if absent.
  const Value* optional(std::string_view name);
  Result<const Value*> required(std::string_view name);
  // After the last field: an error for one that nobody asked for.
  [[nodiscard]] Status finish() const;

  // Typed, of a field that must be there.
  Result<std::string> text(std::string_view name);
  Result<Bytes> bytes(std::string_view name);
  Result<uint64_t> integer(std::string_view name);
  Result<Cid> link(std::string_view name);
  // Typed, of a field that is left out when it is empty: absent gives the empty value, and an empty
  // value that was written is refused.
  Result<std::optional<std::string>> optional_text(std::string_view name);
  Result<std::optional<uint64_t>> optional_integer(std::string_view name);
  Result<std::optional<Cid>> optional_link(std::string_view name);
  Result<Bytes> bytes_or_empty(std::string_view name);
  Result<std::vector<std::string>> byte_strings(std::string_view name);
  Result<std::vector<Cid>> links(std::string_view name);
  // Lists of [key bytes, value] pairs in ascending order of their keys, each key once.
  Result<std::map<std::string, std::string>> byte_pairs(std::string_view name);
  Result<std::map<std::string, Cid>> link_pairs(std::string_view name);

 private:
  Fields(const Value::Map& map, std::string_view object) : map_(&map), object_(object) {}
  [[nodiscard]] Error wrong(std::string_view name, std::string_view what) const;
  Result<const Value::List*> list(std::string_view name);  // null if absent
  template <typename Take>
  Status for_each_pair(std::string_view name, const Take& take);

  const Value::Map* map_;
  std::string_view object_;
  std::vector<std::string_view> asked_;
};

// Writers of the same forms; the caller has written the field's name.
void write_byte_strings(dag_cbor::Writer& out, const std::vector<std::string>& items);
void write_byte_pairs(dag_cbor::Writer& out, const std::map<std::string, std::string>& pairs);
void write_link_pairs(dag_cbor::Writer& out, const std::map<std::string, Cid>& pairs);

}  // namespace timerose::compute
