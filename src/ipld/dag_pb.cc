#include "ipld/dag_pb.h"

#include <algorithm>
#include <numeric>

#include "ipld/dag_pb_parser.h"

namespace timerose::dag_pb {
namespace {

constexpr uint8_t kLengthDelimited = 2;
constexpr uint8_t kVarint = 0;

constexpr uint8_t tag(uint64_t field, uint8_t wire_type) {
  return static_cast<uint8_t>(field << 3 | wire_type);
}

size_t varint_bytes(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

void append_varint(Bytes& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

void append_field(Bytes& out, uint64_t field, ByteView bytes) {
  out.push_back(tag(field, kLengthDelimited));
  append_varint(out, bytes.size());
  out.insert(out.end(), bytes.begin(), bytes.end());
}

size_t field_bytes(size_t length) { return 1 + varint_bytes(length) + length; }

size_t link_bytes(const Link& link) {
  return field_bytes(link.cid.bytes().size()) +
         (link.has_name ? field_bytes(link.name.size()) : 0) +
         (link.size ? 1 + varint_bytes(*link.size) : 0);
}

void append_link(Bytes& out, const Link& link) {
  out.push_back(tag(2, kLengthDelimited));
  append_varint(out, link_bytes(link));
  append_field(out, 1, link.cid.bytes());
  if (link.has_name) append_field(out, 2, as_bytes(link.name));
  if (link.size) {
    out.push_back(tag(3, kVarint));
    append_varint(out, *link.size);
  }
}

}  // namespace

Result<Node> decode(ByteView bytes) {
  Node node;
  TR_TRY(parse(
      bytes,
      [&](const ParsedLink& link) -> Status {
        TR_ASSIGN(Cid cid, link.cid());
        node.links.push_back({std::move(cid), std::string(link.name.value_or("")),
                              link.name.has_value(), link.size});
        return success();
      },
      [&](ByteView data) { node.data = to_bytes(data); }));
  return node;
}

Bytes encode(const Node& node) {
  size_t size = node.data ? field_bytes(node.data->size()) : 0;
  for (const Link& link : node.links) size += field_bytes(link_bytes(link));
  Bytes out;
  out.reserve(size);
  for (const Link& link : node.links) append_link(out, link);
  if (node.data) append_field(out, 1, *node.data);
  return out;
}

void sort_links(Node& node) {
  std::vector<size_t> order(node.links.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const int compared = node.links[a].name.compare(node.links[b].name);
    return compared != 0 ? compared < 0 : a < b;
  });
  std::vector<Link> sorted;
  sorted.reserve(order.size());
  for (const size_t i : order) sorted.push_back(std::move(node.links[i]));
  node.links = std::move(sorted);
}

Status for_each_link(ByteView bytes, const std::function<Status(const LinkView&)>& visit) {
  return parse(
      bytes,
      [&](const ParsedLink& link) -> Status {
        TR_ASSIGN(Cid cid, link.cid());
        return visit({std::move(cid), link.name.value_or(""), link.size.value_or(0)});
      },
      [](ByteView) {});
}

Result<std::optional<ByteView>> data_of(ByteView bytes) {
  std::optional<ByteView> found;
  TR_TRY(parse_node(
      bytes, [](size_t, ByteView) { return success(); }, [&](ByteView data) { found = data; }));
  return found;
}

}  // namespace timerose::dag_pb
