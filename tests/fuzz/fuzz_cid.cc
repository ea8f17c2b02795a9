// CIDs: what decodes or parses has the same bytes and text again, in every version and base.
#include <functional>

#include "base/check.h"
#include "multiformats/cid.h"
#include "multiformats/peer_id.h"

using timerose::Cid;

namespace {

void check_inverses(const Cid& cid) {
  const auto decoded = Cid::decode(cid.bytes());
  CHECK(decoded.ok() && *decoded == cid);
  for (const timerose::Multibase base :
       {timerose::Multibase::kBase32, timerose::Multibase::kBase36, timerose::Multibase::kBase58Btc,
        timerose::Multibase::kIdentity}) {
    const auto parsed = Cid::parse(cid.to_string(base));
    CHECK(parsed.ok() && *parsed == cid);
    CHECK(parsed->codec() == cid.codec() && parsed->version() == cid.version());
    CHECK(std::hash<Cid>{}(*parsed) == std::hash<Cid>{}(cid));
  }
  const auto v0 = cid.as_v1().as_v0();
  CHECK(cid.version() != 0 || (v0.ok() && *v0 == cid));
  const auto made = Cid::make(cid.version(), cid.codec(), cid.multihash_bytes());
  CHECK(made.ok() && *made == cid);
  (void)cid.matches(cid.bytes());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const timerose::ByteView input(data, size);
  timerose::ByteView rest = input;
  if (const auto cid = Cid::take(rest); cid.ok()) {
    CHECK(timerose::equal(cid->bytes(), input.first(size - rest.size())));
    check_inverses(*cid);
  } else {
    CHECK(rest.size() == size);
  }
  const std::string_view text = timerose::as_text(input);
  if (const auto cid = Cid::parse(text); cid.ok()) check_inverses(*cid);
  if (const auto peer = timerose::PeerId::parse(text); peer.ok()) {
    CHECK(*timerose::PeerId::parse(peer->to_string()) == *peer);
    CHECK(*timerose::PeerId::parse(peer->to_cid().to_string()) == *peer);
    if (const auto key = peer->public_key(); key.ok()) CHECK(timerose::PeerId::of(*key) == *peer);
  }
  if (const auto key = timerose::did_key_parse(text); key.ok()) {
    CHECK(*timerose::did_key_parse(timerose::did_key_format(*key)) == *key);
  }
  return 0;
}
