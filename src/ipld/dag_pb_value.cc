#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "ipld/dag_pb.h"

namespace timerose::dag_pb {
namespace {

Value link_to_value(const Link& link) {
  Value::Map map;
  map.emplace("Hash", link.cid);
  if (link.has_name) map.emplace("Name", link.name);
  if (link.size) map.emplace("Tsize", *link.size);
  return map;
}

Error does_not_fit(std::string_view field, std::string_view expected, const Value* found) {
  return Error{ErrorCode::kMalformed,
               fmt::format("no DAG-PB node: expected {} to be {}, found {}", field, expected,
                           found == nullptr ? "nothing" : kind_name(found->kind()))};
}

// Every key of `map` is one of `fields`.
Status check_fields(const Value::Map& map, std::initializer_list<std::string_view> fields,
                    std::string_view where) {
  for (const auto& [key, value] : map) {
    if (std::find(fields.begin(), fields.end(), key) != fields.end()) continue;
    return Error{ErrorCode::kMalformed, fmt::format("no DAG-PB node: {} may have {}, found \"{}\"",
                                                    where, fmt::join(fields, ", "), key)};
  }
  return success();
}

Result<Link> link_from_value(const Value& value) {
  if (value.as_map() == nullptr) return does_not_fit("each of Links", "a map", &value);
  TR_TRY(check_fields(*value.as_map(), {"Hash", "Name", "Tsize"}, "a link"));
  const Value* hash = value.find("Hash");
  const Value* name = value.find("Name");
  const Value* size = value.find("Tsize");
  if (hash == nullptr || !hash->as_link()) return does_not_fit("Hash", "a link", hash);
  if (name != nullptr && !name->as_string()) return does_not_fit("Name", "text", name);
  Link link{*hash->as_link(), name != nullptr ? *name->as_string() : "", name != nullptr, {}};
  if (size == nullptr) return link;
  const Value::Integer* bytes = size->as_integer();
  if (bytes == nullptr || *bytes < 0 || *bytes > Value::Integer{UINT64_MAX}) {
    return does_not_fit("Tsize", "an integer of 0 .. 2^64-1", size);
  }
  link.size = static_cast<uint64_t>(*bytes);
  return link;
}

}  // namespace

Value to_value(const Node& node) {
  Value::List links;
  links.reserve(node.links.size());
  for (const Link& link : node.links) links.push_back(link_to_value(link));
  Value::Map map;
  if (node.data) map.emplace("Data", *node.data);
  map.emplace("Links", std::move(links));
  return map;
}

Result<Node> from_value(const Value& value) {
  if (value.as_map() == nullptr) return does_not_fit("the node", "a map", &value);
  TR_TRY(check_fields(*value.as_map(), {"Data", "Links"}, "a node"));
  Node node;
  if (const Value* data = value.find("Data")) {
    if (!data->as_byte_string()) return does_not_fit("Data", "bytes", data);
    node.data = *data->as_byte_string();
  }
  const Value* links = value.find("Links");
  if (links == nullptr || !links->as_list()) return does_not_fit("Links", "a list", links);
  for (const Value& item : *links->as_list()) {
    TR_ASSIGN(Link link, link_from_value(item));
    node.links.push_back(std::move(link));
  }
  return node;
}

}  // namespace timerose::dag_pb
