// DAG-PB (ipld.io/specs/codecs/dag-pb): a node of links and data; the format of UnixFS.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "ipld/value.h"
#include "multiformats/cid.h"

namespace timerose::dag_pb {

struct Link {
  Cid cid;
  std::string name;              // any bytes
  bool has_name = true;          // an absent name and an empty one are different encodings
  std::optional<uint64_t> size;  // Tsize: bytes of the whole DAG below; absent in some data
};

struct Node {
  std::vector<Link> links;  // in the order of the block
  std::optional<Bytes> data;
};

// As the specification asks of readers: data before the links or after them (both exist), not
// between them; a link's fields in order, its Hash always there; no unknown or repeated field.
// Links keep the order of the block.
Result<Node> decode(ByteView bytes);
// Encodes links in the order given, then data; sort_links() makes the canon. The inverse of decode
// for blocks written so.
Bytes encode(const Node& node);
void sort_links(Node& node);  // stable, by name's bytes

// The same without copying names and data: views into `bytes`, valid as long as it is.
// for_each_link checks all that decode checks; data_of passes over the insides of links.
struct LinkView {
  Cid cid;
  std::string_view name;
  uint64_t size = 0;
};
Status for_each_link(ByteView bytes, const std::function<Status(const LinkView&)>& visit);
Result<std::optional<ByteView>> data_of(ByteView bytes);

// The data model form: {"Data": bytes, "Links": [{"Hash": link, "Name": text, "Tsize": int}]},
// where Data, Name and Tsize may be absent. from_value keeps the order of links; kMalformed names
// the field that does not fit.
Value to_value(const Node& node);
Result<Node> from_value(const Value& value);

}  // namespace timerose::dag_pb
