#include "compute/receipt.h"

#include <fmt/format.h>

#include <algorithm>

#include "compute/fields.h"
#include "ipld/dag_cbor.h"
#include "multiformats/peer_id.h"

namespace timerose::compute {
namespace {

Error malformed(std::string_view what) {
  return {ErrorCode::kMalformed, fmt::format("Receipt: {}", what)};
}

void write_metering(dag_cbor::Writer& out, const Metering& metering) {
  out.map(4);
  out.text("fuel");
  out.integer(metering.fuel_used);
  out.text("flags");
  out.text(metering.engine->flags);
  out.text("engine");
  out.text(metering.engine->version);
  out.text("memory");
  out.integer(metering.memory_bytes_peak);
}

void write_circumstances(dag_cbor::Writer& out, const Circumstances& circumstances) {
  out.map(5);
  out.text("bytes");
  out.integer(circumstances.bytes_read);
  out.text("blocks");
  out.integer(circumstances.blocks_read);
  out.text("started");
  out.integer(circumstances.started_unix_ns);
  out.text("duration");
  out.integer(circumstances.duration_ns);
  out.text("executor");
  out.text(did_key_format(circumstances.executor));
}

void write_payload(dag_cbor::Writer& out, const Receipt& receipt) {
  out.map(4);
  out.text("outcome");
  out.link(receipt.outcome);
  out.text("metering");
  write_metering(out, receipt.metering);
  out.text("invocation");
  out.link(receipt.invocation);
  out.text("circumstances");
  write_circumstances(out, receipt.circumstances);
}

Status check(const Receipt& receipt) {
  if (receipt.metering.engine) return success();
  return Error{ErrorCode::kInvalidArgument, "Receipt: it does not say which engine ran the call"};
}

// What is signed.
Result<Bytes> encode_payload(const Receipt& receipt) {
  TR_TRY(check(receipt));
  Bytes bytes;
  bytes.reserve(512);
  dag_cbor::Writer out(bytes);
  write_payload(out, receipt);
  return bytes;
}

Result<Metering> read_metering(const Value& value) {
  TR_ASSIGN(Fields fields, Fields::of(value, "Receipt, metering"));
  Metering metering;
  EngineName engine;
  TR_ASSIGN(metering.fuel_used, fields.integer("fuel"));
  TR_ASSIGN(engine.flags, fields.text("flags"));
  TR_ASSIGN(engine.version, fields.text("engine"));
  TR_ASSIGN(metering.memory_bytes_peak, fields.integer("memory"));
  TR_TRY(fields.finish());
  metering.engine = std::make_shared<const EngineName>(std::move(engine));
  return metering;
}

Result<Circumstances> read_circumstances(const Value& value) {
  TR_ASSIGN(Fields fields, Fields::of(value, "Receipt, circumstances"));
  Circumstances circumstances;
  TR_ASSIGN(circumstances.bytes_read, fields.integer("bytes"));
  TR_ASSIGN(circumstances.blocks_read, fields.integer("blocks"));
  TR_ASSIGN(circumstances.started_unix_ns, fields.integer("started"));
  TR_ASSIGN(circumstances.duration_ns, fields.integer("duration"));
  TR_ASSIGN(const std::string did, fields.text("executor"));
  TR_TRY(fields.finish());
  auto executor = did_key_parse(did);
  if (!executor.ok()) return malformed("executor: " + executor.error().message);
  if (did_key_format(*executor) != did) return malformed("executor: not the canonical did:key");
  circumstances.executor = *executor;
  return circumstances;
}

}  // namespace

bool Metering::operator==(const Metering& other) const {
  const bool same_engine =
      engine == other.engine || (engine && other.engine && *engine == *other.engine);
  return same_engine && fuel_used == other.fuel_used &&
         memory_bytes_peak == other.memory_bytes_peak;
}

Status Receipt::sign(const PrivateKey& key) {
  circumstances.executor = key.public_key();
  TR_ASSIGN(const Bytes payload, encode_payload(*this));
  signature = key.sign(payload);
  return success();
}

Status Receipt::verify() const {
  TR_ASSIGN(const Bytes payload, encode_payload(*this));
  if (circumstances.executor.verify(payload, signature)) return success();
  return Error{ErrorCode::kMismatch,
               fmt::format("the signature is not that of {} over this receipt: it was changed, or "
                           "signed by another key",
                           did_key_format(circumstances.executor))};
}

Result<Bytes> Receipt::encode() const {
  TR_TRY(check(*this));
  Bytes bytes;
  bytes.reserve(640);
  dag_cbor::Writer out(bytes);
  out.map(2);
  out.text("payload");
  write_payload(out, *this);
  out.text("signature");
  out.bytes(signature);
  return bytes;
}

Result<Receipt> Receipt::decode(ByteView bytes) {
  TR_ASSIGN(const Value value, dag_cbor::decode(bytes));
  TR_ASSIGN(Fields outer, Fields::of(value, "Receipt"));
  TR_ASSIGN(const Value* payload, outer.required("payload"));
  TR_ASSIGN(const Bytes signature, outer.bytes("signature"));
  TR_TRY(outer.finish());
  TR_ASSIGN(Fields fields, Fields::of(*payload, "Receipt, payload"));
  TR_ASSIGN(Cid outcome, fields.link("outcome"));
  TR_ASSIGN(Cid invocation, fields.link("invocation"));
  Receipt receipt(std::move(invocation), std::move(outcome));
  TR_ASSIGN(const Value* metering, fields.required("metering"));
  TR_ASSIGN(receipt.metering, read_metering(*metering));
  TR_ASSIGN(const Value* circumstances, fields.required("circumstances"));
  TR_ASSIGN(receipt.circumstances, read_circumstances(*circumstances));
  TR_TRY(fields.finish());
  if (signature.size() != receipt.signature.size()) {
    return malformed(fmt::format("a signature of {} bytes, expected {}", signature.size(),
                                 receipt.signature.size()));
  }
  std::copy(signature.begin(), signature.end(), receipt.signature.begin());
  return receipt;
}

Result<Receipt> load_receipt(Blockstore& store, const Cid& cid) {
  if (cid.codec() != Codec::kDagCbor) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} is {}: a Receipt is a dag-cbor block", cid.to_string(),
                             codec_name(cid.codec()))};
  }
  TR_ASSIGN(const SharedBytes block, store.get(cid));
  return Receipt::decode(block.view());
}

}  // namespace timerose::compute
