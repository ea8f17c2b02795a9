#include "compute/fields.h"

#include <fmt/format.h>

#include <algorithm>

namespace timerose::compute {
namespace {

std::string string_of(const Bytes& bytes) { return std::string(as_text(bytes)); }

}  // namespace

Result<Fields> Fields::of(const Value& value, std::string_view object) {
  const Value::Map* map = value.as_map();
  if (map == nullptr) {
    return Error{ErrorCode::kMalformed,
                 fmt::format("{}: expected a map, found {}", object, kind_name(value.kind()))};
  }
  return Fields(*map, object);
}

Error Fields::wrong(std::string_view name, std::string_view what) const {
  return {ErrorCode::kMalformed, fmt::format("{}: field \"{}\": {}", object_, name, what)};
}

const Value* Fields::optional(std::string_view name) {
  asked_.push_back(name);
  const auto found = map_->find(name);
  return found == map_->end() ? nullptr : &found->second;
}

Result<const Value*> Fields::required(std::string_view name) {
  const Value* value = optional(name);
  if (value == nullptr) return wrong(name, "missing");
  return value;
}

Status Fields::finish() const {
  for (const auto& [name, value] : *map_) {
    if (std::find(asked_.begin(), asked_.end(), name) == asked_.end()) {
      return wrong(name, "unknown; a later version of the format, or another kind of object?");
    }
  }
  return success();
}

namespace {

std::string expected(std::string_view kind, const Value& value) {
  return fmt::format("expected {}, found {}", kind, kind_name(value.kind()));
}

// The value as a uint64; nullopt if it is no integer of that range.
std::optional<uint64_t> unsigned_of(const Value& value) {
  const Value::Integer* integer = value.as_integer();
  if (integer == nullptr || *integer < 0 || *integer > Value::Integer{UINT64_MAX}) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(*integer);
}

}  // namespace

Result<std::string> Fields::text(std::string_view name) {
  TR_ASSIGN(const Value* value, required(name));
  if (const std::string* text = value->as_string()) return *text;
  return wrong(name, expected("a string", *value));
}

Result<Bytes> Fields::bytes(std::string_view name) {
  TR_ASSIGN(const Value* value, required(name));
  if (const Bytes* bytes = value->as_byte_string()) return *bytes;
  return wrong(name, expected("bytes", *value));
}

Result<uint64_t> Fields::integer(std::string_view name) {
  TR_ASSIGN(const Value* value, required(name));
  if (const auto integer = unsigned_of(*value)) return *integer;
  return wrong(name, expected("an integer of 0 to 2^64-1", *value));
}

Result<Cid> Fields::link(std::string_view name) {
  TR_ASSIGN(const Value* value, required(name));
  if (const Cid* cid = value->as_link()) return *cid;
  return wrong(name, expected("a link", *value));
}

Result<std::optional<std::string>> Fields::optional_text(std::string_view name) {
  if (map_->find(name) == map_->end()) return std::optional<std::string>();
  TR_ASSIGN(std::string value, text(name));
  if (value.empty()) return wrong(name, "empty; it must then be left out");
  return std::optional(std::move(value));
}

Result<std::optional<uint64_t>> Fields::optional_integer(std::string_view name) {
  if (map_->find(name) == map_->end()) return std::optional<uint64_t>();
  TR_ASSIGN(const uint64_t value, integer(name));
  return std::optional(value);
}

Result<std::optional<Cid>> Fields::optional_link(std::string_view name) {
  if (map_->find(name) == map_->end()) return std::optional<Cid>();
  TR_ASSIGN(Cid value, link(name));
  return std::optional(std::move(value));
}

Result<Bytes> Fields::bytes_or_empty(std::string_view name) {
  if (map_->find(name) == map_->end()) return Bytes();
  TR_ASSIGN(Bytes value, bytes(name));
  if (value.empty()) return wrong(name, "empty; it must then be left out");
  return value;
}

Result<const Value::List*> Fields::list(std::string_view name) {
  const Value* value = optional(name);
  if (value == nullptr) return static_cast<const Value::List*>(nullptr);
  const Value::List* list = value->as_list();
  if (list == nullptr) return wrong(name, expected("a list", *value));
  if (list->empty()) return wrong(name, "empty; it must then be left out");
  return list;
}

Result<std::vector<std::string>> Fields::byte_strings(std::string_view name) {
  std::vector<std::string> out;
  TR_ASSIGN(const Value::List* items, list(name));
  if (items == nullptr) return out;
  out.reserve(items->size());
  for (const Value& item : *items) {
    const Bytes* bytes = item.as_byte_string();
    if (bytes == nullptr) return wrong(name, expected("bytes in the list", item));
    out.push_back(string_of(*bytes));
  }
  return out;
}

Result<std::vector<Cid>> Fields::links(std::string_view name) {
  std::vector<Cid> out;
  TR_ASSIGN(const Value::List* items, list(name));
  if (items == nullptr) return out;
  out.reserve(items->size());
  for (const Value& item : *items) {
    const Cid* cid = item.as_link();
    if (cid == nullptr) return wrong(name, expected("a link in the list", item));
    out.push_back(*cid);
  }
  return out;
}

// Calls take(key, value) -> Status for each pair, in order.
template <typename Take>
Status Fields::for_each_pair(std::string_view name, const Take& take) {
  TR_ASSIGN(const Value::List* items, list(name));
  if (items == nullptr) return success();
  const Bytes* before = nullptr;
  for (const Value& item : *items) {
    const Value::List* pair = item.as_list();
    const Bytes* key =
        pair != nullptr && pair->size() == 2 ? pair->front().as_byte_string() : nullptr;
    if (key == nullptr) return wrong(name, "expected pairs [bytes, value] in the list");
    if (before != nullptr && as_text(*before) >= as_text(*key)) {
      return wrong(name, "pairs are not in ascending order of their first bytes, each once");
    }
    before = key;
    TR_TRY(take(*key, pair->back()));
  }
  return success();
}

Result<std::map<std::string, std::string>> Fields::byte_pairs(std::string_view name) {
  std::map<std::string, std::string> out;
  TR_TRY(for_each_pair(name, [&](const Bytes& key, const Value& value) -> Status {
    const Bytes* bytes = value.as_byte_string();
    if (bytes == nullptr) return wrong(name, expected("bytes in the pair", value));
    out.emplace_hint(out.end(), string_of(key), string_of(*bytes));
    return success();
  }));
  return out;
}

Result<std::map<std::string, Cid>> Fields::link_pairs(std::string_view name) {
  std::map<std::string, Cid> out;
  TR_TRY(for_each_pair(name, [&](const Bytes& key, const Value& value) -> Status {
    const Cid* cid = value.as_link();
    if (cid == nullptr) return wrong(name, expected("a link in the pair", value));
    out.emplace_hint(out.end(), string_of(key), *cid);
    return success();
  }));
  return out;
}

void write_byte_strings(dag_cbor::Writer& out, const std::vector<std::string>& items) {
  out.list(items.size());
  for (const std::string& item : items) out.bytes(as_bytes(item));
}

void write_byte_pairs(dag_cbor::Writer& out, const std::map<std::string, std::string>& pairs) {
  out.list(pairs.size());
  for (const auto& [key, value] : pairs) {
    out.list(2);
    out.bytes(as_bytes(key));
    out.bytes(as_bytes(value));
  }
}

void write_link_pairs(dag_cbor::Writer& out, const std::map<std::string, Cid>& pairs) {
  out.list(pairs.size());
  for (const auto& [key, cid] : pairs) {
    out.list(2);
    out.bytes(as_bytes(key));
    out.link(cid);
  }
}

}  // namespace timerose::compute
