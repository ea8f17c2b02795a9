#include "blockstore/gc.h"

#include <algorithm>

#include "blockstore/reach.h"

namespace timerose {
namespace {

// Marks all that is to stay, and notes the holes.
class Marker {
 public:
  Marker(Blockstore& store, GcReport& report) : store_(store), report_(report) {}

  Status mark_pins(Pins& pins) {
    return pins.for_each(std::nullopt, [this](const Pin& pin) -> Status {
      if (pin.mode == PinMode::kRecursive) return mark_dag(pin.cid, true);
      direct_.insert(pin.cid.multihash_bytes());
      return success();
    });
  }

  Status mark_dag(const Cid& root, bool pinned) {
    const auto note = [&](const Cid& cid, const Error& why) {
      ++report_.holes_found;
      // Below a leaf there is nothing to be lost.
      blind_ |= pinned && !is_leaf_codec(cid.codec());
      if (report_.holes.size() < kGcHolesMax) report_.holes.push_back({cid, root, pinned, why});
      return success();
    };
    return reach(store_, root, reached_, {.block = nullptr, .hole = note});
  }

  [[nodiscard]] bool keeps(ByteView multihash) const {
    return direct_.contains(multihash) || reached_.contains(multihash);
  }
  // Whether a pinned DAG goes on where it cannot be read.
  [[nodiscard]] bool blind() const { return blind_; }

 private:
  Blockstore& store_;
  GcReport& report_;
  Reached reached_;
  MultihashSet direct_;
  bool blind_ = false;
};

}  // namespace

Result<GcReport> collect_garbage(GuardedBlockstore& store, Pins& pins, const GcOptions& options) {
  TR_ASSIGN(GuardedBlockstore::Collection collection, store.begin_collection(options.wait_max));
  GcReport report;
  Marker marker(collection.base(), report);
  TR_TRY(marker.mark_pins(pins));
  if (options.extra_roots) {
    TR_ASSIGN(const std::vector<Cid> roots, options.extra_roots());
    for (const Cid& root : roots) TR_TRY(marker.mark_dag(root, false));
  }
  report.swept = !marker.blind() || options.holes == GcOptions::Holes::kSweep;

  const Status swept =
      collection.base().for_each([&](ByteView multihash, uint64_t bytes) -> Status {
        bool removed = false;
        if (report.swept && !marker.keeps(multihash)) {
          TR_ASSIGN(const Cid cid, Cid::make(1, Codec::kRaw, multihash));
          TR_ASSIGN(removed, collection.sweep(cid));
          if (removed && options.on_removed) TR_TRY(options.on_removed(cid, bytes));
        }
        report.blocks_removed += removed ? 1 : 0;
        report.bytes_removed += removed ? bytes : 0;
        report.blocks_kept += removed ? 0 : 1;
        return success();
      });
  if (!swept) return swept.error();
  if (report.blocks_removed > 0) TR_TRY(store.flush());
  return report;
}

}  // namespace timerose
