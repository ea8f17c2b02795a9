// One door to the codecs by their code: block bytes <-> data model, and the links of a block.
#pragma once

#include <functional>

#include "base/result.h"
#include "ipld/value.h"

namespace timerose::ipld {

// kUnsupported for a codec that is not one of ours. raw and libp2p-key are one byte string. Links
// of dag-pb are sorted by name when encoded, as its canon has them.
Result<Value> decode(Codec codec, ByteView block);
Result<Bytes> encode(Codec codec, const Value& value);
// Nothing for raw, json and libp2p-key; kUnsupported for unknown codecs, so that nobody takes them
// for leaves.
Status for_each_link(Codec codec, ByteView block, const std::function<Status(const Cid&)>& visit);

}  // namespace timerose::ipld
