#include "blockstore/car_writer.h"

#include <utility>

#include "blockstore/dag_walk.h"
#include "ipld/dag_cbor.h"
#include "multiformats/varint.h"

namespace timerose {

CarWriter::CarWriter(CarSink sink, std::span<const Cid> roots) : sink_(std::move(sink)) {
  Bytes header;
  dag_cbor::Writer writer(header);
  writer.map(2);
  writer.text("roots");
  writer.list(roots.size());
  for (const Cid& root : roots) writer.link(root);
  writer.text("version");
  writer.integer(1);
  varint_append(buffer_, header.size());
  buffer_.insert(buffer_.end(), header.begin(), header.end());
}

Status CarWriter::put(const Cid& cid, ByteView data) {
  const ByteView name = cid.bytes();
  varint_append(buffer_, name.size() + data.size());
  buffer_.insert(buffer_.end(), name.begin(), name.end());
  if (buffer_.size() + data.size() <= kBufferBytes) {
    buffer_.insert(buffer_.end(), data.begin(), data.end());
    return success();
  }
  TR_TRY(hand_over());
  return sink_(data);
}

Status CarWriter::finish() { return hand_over(); }

Status CarWriter::hand_over() {
  Status taken = buffer_.empty() ? success() : sink_(buffer_);
  buffer_.clear();
  return taken;
}

Status export_car(Blockstore& store, std::span<const Cid> roots, CarSink sink) {
  CarWriter writer(std::move(sink), roots);
  TR_TRY(walk_dag_all(store, roots, [&](const Cid& cid, const SharedBytes& data) {
    const bool identity = cid.multihash().code == static_cast<uint64_t>(HashCode::kIdentity);
    return identity ? success() : writer.put(cid, data.view());
  }));
  return writer.finish();
}

}  // namespace timerose
