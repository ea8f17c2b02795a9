// A UnixFS directory below the copy-on-write layer. A plain one is one block, so its entries are
// kept once it was read; of a sharded one (HAMT) a lookup touches only the blocks on its way, and
// its names are loaded only when it is listed.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "unixfs/directory.h"
#include "wasm/wasi/attempt.h"
#include "wasm/wasi/vfs/listing.h"

namespace timerose::wasi::vfs {

class BaseDirectory {
 public:
  explicit BaseDirectory(Cid cid) : cid_(std::move(cid)) {}

  [[nodiscard]] const Cid& cid() const { return cid_; }

  // All three: ENOTDIR if the CID is no directory, EIO if it is not UnixFS at all.
  Attempt<std::optional<unixfs::Entry>> find(Blockstore& store, std::string_view name);
  Attempt<std::shared_ptr<const Listing>> names(Blockstore& store);
  // Stops at the first entry for which `visit` returns false.
  using Visit = std::function<Attempt<bool>(const unixfs::Entry&)>;
  Attempt<void> for_each(Blockstore& store, const Visit& visit);

  // What is kept in memory of it.
  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  enum class Shape { kUnknown, kPlain, kSharded };
  Attempt<void> load(Blockstore& store);

  Cid cid_;
  Shape shape_ = Shape::kUnknown;
  std::vector<unixfs::Entry> entries_;  // kPlain: sorted by name
  std::shared_ptr<const Listing> names_;
};

}  // namespace timerose::wasi::vfs
