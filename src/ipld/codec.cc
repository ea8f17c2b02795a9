#include "ipld/codec.h"

#include <fmt/format.h>

#include "ipld/dag_cbor.h"
#include "ipld/dag_json.h"
#include "ipld/dag_pb.h"
#include "ipld/json.h"

namespace timerose::ipld {
namespace {

Error unsupported(Codec codec) {
  return Error{ErrorCode::kUnsupported,
               fmt::format("no codec for {}; known are raw, dag-pb, dag-cbor, dag-json, json and "
                           "libp2p-key",
                           codec_name(codec))};
}

Result<Bytes> encode_dag_pb(const Value& value) {
  TR_ASSIGN(dag_pb::Node node, dag_pb::from_value(value));
  dag_pb::sort_links(node);
  return dag_pb::encode(node);
}

Result<Bytes> encode_bytes(Codec codec, const Value& value) {
  if (const Bytes* bytes = value.as_byte_string()) return *bytes;
  return Error{ErrorCode::kMalformed, fmt::format("a block of {} is bytes, found {}",
                                                  codec_name(codec), kind_name(value.kind()))};
}

Result<Bytes> text_bytes(Result<std::string> text) {
  if (!text.ok()) return std::move(text).error();
  return to_bytes(as_bytes(*text));
}

Status visit_links(const Value& value, const std::function<Status(const Cid&)>& visit) {
  if (const Cid* link = value.as_link()) return visit(*link);
  if (const Value::List* list = value.as_list()) {
    for (const Value& item : *list) TR_TRY(visit_links(item, visit));
  } else if (const Value::Map* map = value.as_map()) {
    for (const auto& [key, item] : *map) TR_TRY(visit_links(item, visit));
  }
  return success();
}

}  // namespace

Result<Value> decode(Codec codec, ByteView block) {
  switch (codec) {
    case Codec::kRaw:
    case Codec::kLibp2pKey:
      return Value(to_bytes(block));
    case Codec::kDagPb: {
      TR_ASSIGN(const dag_pb::Node node, dag_pb::decode(block));
      return dag_pb::to_value(node);
    }
    case Codec::kDagCbor:
      return dag_cbor::decode(block);
    case Codec::kDagJson:
      return dag_json::decode(block);
    case Codec::kJson:
      return json::decode(block);
    default:
      return unsupported(codec);
  }
}

Result<Bytes> encode(Codec codec, const Value& value) {
  switch (codec) {
    case Codec::kRaw:
    case Codec::kLibp2pKey:
      return encode_bytes(codec, value);
    case Codec::kDagPb:
      return encode_dag_pb(value);
    case Codec::kDagCbor:
      return dag_cbor::encode(value);
    case Codec::kDagJson:
      return text_bytes(dag_json::encode(value));
    case Codec::kJson:
      return text_bytes(json::encode(value));
    default:
      return unsupported(codec);
  }
}

Status for_each_link(Codec codec, ByteView block, const std::function<Status(const Cid&)>& visit) {
  switch (codec) {
    case Codec::kRaw:
    case Codec::kLibp2pKey:
    case Codec::kJson:
      return success();
    case Codec::kDagPb:
      return dag_pb::for_each_link(block,
                                   [&](const dag_pb::LinkView& link) { return visit(link.cid); });
    case Codec::kDagCbor:
      return dag_cbor::for_each_link(block, visit);
    case Codec::kDagJson: {
      TR_ASSIGN(const Value value, dag_json::decode(block));
      return visit_links(value, visit);
    }
    default:
      return unsupported(codec);
  }
}

}  // namespace timerose::ipld
