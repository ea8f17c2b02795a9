// The IPLD data model: one value of any kind, as a tree.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "multiformats/cid.h"

namespace timerose {

// DAG-CBOR's map order: shorter keys first, then by bytes. Every Map is kept in it.
struct DagCborKeyOrder {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }
};

class Value {
 public:
  enum class Kind { kNull, kBool, kInteger, kFloat, kString, kBytes, kList, kMap, kLink };
  using Integer = __int128;  // DAG-CBOR's whole range, -2^64 .. 2^64-1
  using List = std::vector<Value>;
  using Map = std::map<std::string, Value, DagCborKeyOrder>;

  Value() = default;  // null
  // NOLINTBEGIN(google-explicit-constructor): literals read as the values they are.
  Value(std::nullptr_t) {}
  Value(bool value) : data_(value) {}
  Value(int value) : data_(Integer{value}) {}
  Value(int64_t value) : data_(Integer{value}) {}
  Value(uint64_t value) : data_(Integer{value}) {}
  Value(Integer value) : data_(value) {}
  Value(double value) : data_(value) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(Bytes value) : data_(std::move(value)) {}
  Value(List value) : data_(std::move(value)) {}
  Value(Map value) : data_(std::move(value)) {}
  Value(Cid value) : data_(std::move(value)) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] Kind kind() const { return static_cast<Kind>(data_.index()); }
  [[nodiscard]] bool is(Kind kind) const { return this->kind() == kind; }

  // Each is null unless the value is of that kind.
  [[nodiscard]] const bool* as_bool() const { return std::get_if<bool>(&data_); }
  [[nodiscard]] const Integer* as_integer() const { return std::get_if<Integer>(&data_); }
  [[nodiscard]] const double* as_float() const { return std::get_if<double>(&data_); }
  [[nodiscard]] const std::string* as_string() const { return std::get_if<std::string>(&data_); }
  [[nodiscard]] const Bytes* as_byte_string() const { return std::get_if<Bytes>(&data_); }
  [[nodiscard]] const List* as_list() const { return std::get_if<List>(&data_); }
  [[nodiscard]] const Map* as_map() const { return std::get_if<Map>(&data_); }
  [[nodiscard]] const Cid* as_link() const { return std::get_if<Cid>(&data_); }
  [[nodiscard]] List* as_list() { return std::get_if<List>(&data_); }
  [[nodiscard]] Map* as_map() { return std::get_if<Map>(&data_); }

  // The member of a map; null if this is no map or has no such key.
  [[nodiscard]] const Value* find(std::string_view key) const;

  bool operator==(const Value&) const = default;

 private:
  std::variant<std::monostate, bool, Integer, double, std::string, Bytes, List, Map, Cid> data_;
};

// "map", "link", ...: for messages.
const char* kind_name(Value::Kind kind);

}  // namespace timerose
