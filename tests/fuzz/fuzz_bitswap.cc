// Bitswap messages: what decodes keeps to the limits, its blocks lie in the frame, and written
// again it decodes to the same; no older version makes an unreadable frame of it.
#include "base/check.h"
#include "exchange/bitswap/message.h"

namespace bitswap = timerose::bitswap;
using timerose::Bytes;
using timerose::ByteView;
using timerose::SharedBytes;

namespace {

Bytes join(const bitswap::Encoded& encoded) {
  Bytes whole;
  for (const ByteView piece : encoded.pieces) whole.insert(whole.end(), piece.begin(), piece.end());
  return whole;
}

bitswap::Outgoing outgoing_of(const bitswap::Message& message, ByteView frame) {
  bitswap::Outgoing out;
  out.full = message.full;
  out.wants = message.wants;
  out.presences = message.presences;
  out.pending_bytes = message.pending_bytes;
  for (const bitswap::Payload& payload : message.payloads) {
    const ByteView data = payload.data.view();
    CHECK(data.empty() || (data.data() >= frame.data() &&
                           data.data() + data.size() <= frame.data() + frame.size()));
    CHECK(payload.prefix.size() <= bitswap::kPrefixBytesMax);
    auto block = bitswap::name(payload);
    if (!block.ok()) continue;
    CHECK(*block->cid().matches(data));
    out.blocks.push_back(std::move(*block));
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const SharedBytes frame = SharedBytes::copy_of({data, size});
  const auto message = bitswap::decode(frame);
  if (!message.ok()) return 0;
  CHECK(message->wants.size() <= bitswap::kEntriesMax);
  CHECK(message->presences.size() <= bitswap::kEntriesMax);
  CHECK(message->payloads.size() <= bitswap::kEntriesMax);

  const bitswap::Outgoing out = outgoing_of(*message, frame.view());
  const auto again = bitswap::decode(join(bitswap::encode(out, bitswap::Version::k120)));
  CHECK(again.ok());
  CHECK(again->full == out.full && again->wants == out.wants);
  CHECK(again->presences == out.presences && again->pending_bytes == out.pending_bytes);
  CHECK(again->payloads.size() == out.blocks.size());
  for (size_t i = 0; i < out.blocks.size(); ++i) {
    const auto block = bitswap::name(again->payloads[i]);
    CHECK(block.ok() && block->cid() == out.blocks[i].cid());
  }
  for (const auto version : {bitswap::Version::k110, bitswap::Version::k100}) {
    const auto older = bitswap::decode(join(bitswap::encode(out, version)));
    CHECK(older.ok() && older->presences.empty() && older->wants.size() <= out.wants.size());
  }
  return 0;
}
