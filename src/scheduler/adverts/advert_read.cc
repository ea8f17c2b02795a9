#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "compute/fields.h"
#include "ipld/dag_cbor.h"
#include "scheduler/adverts/advert_payload.h"

namespace timerose::scheduler {
namespace {

using compute::Fields;

Error malformed_advert(std::string_view what) {
  return {ErrorCode::kMalformed, fmt::format("Advert: {}", what)};
}

// An integer that the type has room for.
template <typename Number>
Result<Number> number(const Value& value, std::string_view name) {
  const Value::Integer* found = value.as_integer();
  if (found == nullptr || *found < Value::Integer{std::numeric_limits<Number>::min()} ||
      *found > Value::Integer{std::numeric_limits<Number>::max()}) {
    return malformed_advert(fmt::format("{}: expected an integer of {} to {}", name,
                                        std::numeric_limits<Number>::min(),
                                        std::numeric_limits<Number>::max()));
  }
  return static_cast<Number>(*found);
}

template <typename Number = uint64_t>
Result<Number> number(Fields& fields, std::string_view name) {
  TR_ASSIGN(const Value* value, fields.required(name));
  return number<Number>(*value, name);
}

// The items of a list that is left out when it is empty; null if it is.
Result<const Value::List*> optional_list(Fields& fields, std::string_view name) {
  const Value* value = fields.optional(name);
  if (value == nullptr) return static_cast<const Value::List*>(nullptr);
  const Value::List* list = value->as_list();
  if (list == nullptr || list->empty()) {
    return malformed_advert(fmt::format("{}: expected a list that is not empty", name));
  }
  return list;
}

Result<std::vector<Gpu>> read_gpus(Fields& fields) {
  std::vector<Gpu> out;
  TR_ASSIGN(const Value::List* list, optional_list(fields, "gpus"));
  if (list == nullptr) return out;
  for (const Value& item : *list) {
    const Value::List* pair = item.as_list();
    const std::string* name =
        pair != nullptr && pair->size() == 2 ? pair->front().as_string() : nullptr;
    if (name == nullptr) return malformed_advert("gpus: expected pairs [name, memory]");
    TR_ASSIGN(const auto memory, number<uint64_t>(pair->back(), "memory of a GPU"));
    out.push_back({*name, memory});
  }
  return out;
}

Result<std::vector<std::string>> read_engines(Fields& fields) {
  std::vector<std::string> out;
  TR_ASSIGN(const Value::List* list, optional_list(fields, "engines"));
  if (list == nullptr) return out;
  for (const Value& item : *list) {
    const std::string* name = item.as_string();
    if (name == nullptr) return malformed_advert("engines: expected strings");
    out.push_back(*name);
  }
  return out;
}

Result<Labels> read_labels(Fields& fields) {
  Labels out;
  const Value* value = fields.optional("labels");
  if (value == nullptr) return out;
  const Value::Map* map = value->as_map();
  if (map == nullptr || map->empty()) {
    return malformed_advert("labels: expected a map that is not empty");
  }
  for (const auto& [name, label] : *map) {
    const std::string* text = label.as_string();
    if (text == nullptr) return malformed_advert(fmt::format("label {}: expected a string", name));
    out.emplace_hint(out.end(), name, *text);
  }
  return out;
}

Status read_capacity(Fields& outer, Capacity& capacity) {
  TR_ASSIGN(capacity.gpus, read_gpus(outer));
  TR_ASSIGN(capacity.engines, read_engines(outer));
  TR_ASSIGN(capacity.labels, read_labels(outer));
  TR_ASSIGN(auto operator_name, outer.optional_text("operator"));
  capacity.operator_name = std::move(operator_name).value_or("");
  TR_ASSIGN(const Value* value, outer.required("capacity"));
  TR_ASSIGN(Fields fields, Fields::of(*value, "Advert, capacity"));
  TR_ASSIGN(capacity.disk_bytes, number(fields, "disk"));
  TR_ASSIGN(capacity.cores, number<uint32_t>(fields, "cores"));
  TR_ASSIGN(capacity.memory_bytes, number(fields, "memory"));
  return fields.finish();
}

Result<Use> read_use(const Value& value) {
  TR_ASSIGN(Fields fields, Fields::of(value, "Advert, used"));
  Use use;
  TR_ASSIGN(use.disk_free_bytes, number(fields, "disk"));
  TR_ASSIGN(use.wait_ms, number<uint32_t>(fields, "wait"));
  TR_ASSIGN(use.cores_free, number<uint32_t>(fields, "cores"));
  TR_ASSIGN(use.memory_free_bytes, number(fields, "memory"));
  TR_ASSIGN(use.queued, number<uint32_t>(fields, "queued"));
  TR_ASSIGN(use.running, number<uint32_t>(fields, "running"));
  TR_TRY(fields.finish());
  return use;
}

// A measure that is left out when it is zero.
Result<uint64_t> measure(Fields& fields, std::string_view name) {
  TR_ASSIGN(const auto value, fields.optional_integer(name));
  if (value && *value == 0) {
    return malformed_advert(fmt::format("speed, {}: zero; it must then be left out", name));
  }
  return value.value_or(0);
}

Result<Speed> read_speed(Fields& outer) {
  Speed speed;
  const Value* value = outer.optional("speed");
  if (value == nullptr) return speed;
  TR_ASSIGN(Fields fields, Fields::of(*value, "Advert, speed"));
  TR_ASSIGN(speed.fuel_per_s, measure(fields, "fuel"));
  TR_ASSIGN(speed.network_bytes_s, measure(fields, "network"));
  TR_ASSIGN(speed.receipt, fields.optional_link("receipt"));
  TR_TRY(fields.finish());
  if (speed == Speed()) return malformed_advert("speed: empty; it must then be left out");
  return speed;
}

Result<Coordinate> read_place(const Value& value) {
  constexpr size_t kItems = Coordinate::kDimensions + 2;
  const Value::List* list = value.as_list();
  if (list == nullptr || list->size() != kItems) {
    return malformed_advert(fmt::format("place: expected a list of {} integers", kItems));
  }
  Coordinate place;
  for (size_t i = 0; i < place.at_us.size(); ++i) {
    TR_ASSIGN(place.at_us[i], number<int32_t>((*list)[i], "place"));
  }
  TR_ASSIGN(place.height_us, number<uint32_t>((*list)[kItems - 2], "place, height"));
  TR_ASSIGN(place.error_permille, number<uint32_t>((*list)[kItems - 1], "place, error"));
  return place;
}

Result<PublicKey> read_node(const Bytes& bytes) {
  auto peer = PeerId::decode(bytes);
  if (!peer.ok()) return malformed_advert("node: " + peer.error().message);
  auto key = peer->public_key();
  if (!key.ok()) return malformed_advert("node: " + key.error().message);
  if (!(PeerId::of(*key) == *peer))
    return malformed_advert("node: not the PeerID that its key has");
  return key;
}

Status read_payload(const Value& payload, Advert& advert) {
  TR_ASSIGN(Fields fields, Fields::of(payload, "Advert, payload"));
  TR_ASSIGN(const uint64_t version, fields.integer("v"));
  if (version != kAdvertVersion) {
    return Error{
        ErrorCode::kUnsupported,
        fmt::format("Advert: version {} is not known here, only {}", version, kAdvertVersion)};
  }
  TR_ASSIGN(const Bytes node, fields.bytes("node"));
  TR_ASSIGN(advert.node, read_node(node));
  TR_ASSIGN(const Value* use, fields.required("used"));
  TR_ASSIGN(advert.use, read_use(*use));
  TR_ASSIGN(const Bytes warm, fields.bytes_or_empty("warm"));
  TR_ASSIGN(advert.warm, WarmSet::decode(warm));
  TR_ASSIGN(const Value* place, fields.required("place"));
  TR_ASSIGN(advert.coordinate, read_place(*place));
  TR_ASSIGN(advert.speed, read_speed(fields));
  TR_ASSIGN(advert.issued_unix_ms, fields.integer("issued"));
  TR_TRY(read_capacity(fields, advert.capacity));
  TR_ASSIGN(advert.interval_s, number<uint32_t>(fields, "interval"));
  TR_ASSIGN(advert.sequence, fields.integer("sequence"));
  return fields.finish();
}

}  // namespace

Result<Advert> read_advert(ByteView bytes) {
  TR_ASSIGN(const Value value, dag_cbor::decode(bytes));
  TR_ASSIGN(Fields outer, Fields::of(value, "Advert"));
  TR_ASSIGN(const Value* payload, outer.required("payload"));
  TR_ASSIGN(const Bytes signature, outer.bytes("signature"));
  TR_TRY(outer.finish());
  Advert advert;
  TR_TRY(read_payload(*payload, advert));
  if (signature.size() != advert.signature.size()) {
    return malformed_advert(fmt::format("a signature of {} bytes, expected {}", signature.size(),
                                        advert.signature.size()));
  }
  std::copy(signature.begin(), signature.end(), advert.signature.begin());
  return advert;
}

}  // namespace timerose::scheduler
