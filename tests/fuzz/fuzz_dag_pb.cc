// DAG-PB: what decodes, encodes to a canon that decodes to the same node and encodes to itself (and
// the canon is the input itself unless that was written in another way, which shows in its length
// or in data before links); the views agree with the node.
#include "base/check.h"
#include "ipld/dag_pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace dag_pb = timerose::dag_pb;
  const timerose::ByteView input(data, size);
  const auto node = dag_pb::decode(input);
  size_t links = 0;
  const timerose::Status walked = dag_pb::for_each_link(input, [&](const dag_pb::LinkView& link) {
    if (node.ok()) {
      CHECK(link.cid == node->links[links].cid);
      CHECK(link.name == node->links[links].name);
    }
    ++links;
    return timerose::success();
  });
  CHECK(walked.ok() == node.ok());
  const auto inline_data = dag_pb::data_of(input);
  if (!node.ok()) return 0;
  CHECK(links == node->links.size());
  CHECK(inline_data.ok() && inline_data->has_value() == node->data.has_value());
  CHECK(!node->data || timerose::equal(**inline_data, *node->data));

  const timerose::Bytes canon = dag_pb::encode(*node);
  const bool data_first = !links ? false : node->data.has_value() && data[0] == 0x0a;
  CHECK(canon.size() <= size);
  if (canon.size() == size && !data_first) CHECK(timerose::equal(canon, input));
  const auto again = dag_pb::decode(canon);
  CHECK(again.ok() && dag_pb::encode(*again) == canon);
  const auto from_value = dag_pb::from_value(dag_pb::to_value(*node));
  CHECK(from_value.ok() && dag_pb::encode(*from_value) == canon);
  return 0;
}
