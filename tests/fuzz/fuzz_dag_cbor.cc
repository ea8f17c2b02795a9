// DAG-CBOR: what decodes encodes to the same bytes, and the walk over links agrees with the tree.
#include "base/check.h"
#include "ipld/dag_cbor.h"

namespace {

using timerose::Cid;
using timerose::Status;
using timerose::Value;

size_t count_links(const Value& value) {
  if (value.is(Value::Kind::kLink)) return 1;
  size_t links = 0;
  if (const auto* list = value.as_list()) {
    for (const Value& item : *list) links += count_links(item);
  } else if (const auto* map = value.as_map()) {
    for (const auto& [key, item] : *map) links += count_links(item);
  }
  return links;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const timerose::ByteView input(data, size);
  const auto value = timerose::dag_cbor::decode(input);
  size_t links = 0;
  const Status walked = timerose::dag_cbor::for_each_link(input, [&](const Cid&) {
    ++links;
    return timerose::success();
  });
  CHECK(walked.ok() == value.ok());
  if (!value.ok()) {
    CHECK(walked.error().message == value.error().message);
    return 0;
  }
  CHECK(links == count_links(*value));
  const auto encoded = timerose::dag_cbor::encode(*value);
  CHECK(encoded.ok());
  CHECK(timerose::equal(*encoded, input));
  return 0;
}
