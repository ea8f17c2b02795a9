// The few unixfs::FileReaders that a call keeps open. A reader holds a leaf in memory, and a guest
// may have a thousand files open, so only the ones used last stay; another is opened again cheaply.
#pragma once

#include <vector>

#include "unixfs/reader.h"
#include "wasm/wasi/attempt.h"

namespace timerose::wasi::vfs {

class ReaderPool {
 public:
  static constexpr size_t kOpenMax = 8;

  explicit ReaderPool(Blockstore& store) : store_(store) {}

  // The reader of `cid` for `user` (any address that stays the user's own until forget()). Valid
  // until the next call.
  Attempt<unixfs::FileReader*> get(const void* user, const Cid& cid);
  void forget(const void* user);

 private:
  struct Slot {
    const void* user;
    unixfs::FileReader reader;
  };
  Blockstore& store_;
  std::vector<Slot> slots_;  // the most recently used last
};

}  // namespace timerose::wasi::vfs
