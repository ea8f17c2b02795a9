// Writes a CARv1 archive (ipld.io/specs/transport/car/carv1): a header that names its roots, then
// blocks, each behind its CID.
//
//   car     = header section*
//   header  = varint(length) dag-cbor({"roots": [CID ...], "version": 1})
//   section = varint(length of what follows) CID bytes
#pragma once

#include <functional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "blockstore/blockstore.h"

namespace timerose {

// Takes the next bytes of an output.
using CarSink = std::function<Status(ByteView)>;

class CarWriter {
 public:
  // The header is written with the first blocks.
  CarWriter(CarSink sink, std::span<const Cid> roots);

  // Appends a block, as it is: the caller gives each one once, and data that belongs to its CID.
  Status put(const Cid& cid, ByteView data);
  // Hands the last bytes to the sink. An archive is whole only after this.
  Status finish();

 private:
  Status hand_over();
  static constexpr size_t kBufferBytes = 128U << 10;

  CarSink sink_;
  Bytes buffer_;
};

// Writes an archive of all that is below `roots`, each block once, depth first in the order of
// links (as IPFS implementations export, so that a reader can check a DAG as it arrives). Identity
// CIDs hold their own data and are left out. A missing block is kNotFound: then the archive is not
// whole.
Status export_car(Blockstore& store, std::span<const Cid> roots, CarSink sink);

}  // namespace timerose
