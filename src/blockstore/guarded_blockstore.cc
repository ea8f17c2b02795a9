#include "blockstore/guarded_blockstore.h"

#include <fmt/format.h>

namespace timerose {

GuardedBlockstore::Hold& GuardedBlockstore::Hold::operator=(Hold&& other) noexcept {
  if (this != &other) {
    release();
    store_ = std::exchange(other.store_, nullptr);
    era_ = other.era_;
  }
  return *this;
}

void GuardedBlockstore::Hold::release() {
  GuardedBlockstore* store = std::exchange(store_, nullptr);
  if (store == nullptr) return;
  const std::lock_guard lock(store->mutex_);
  const auto open = store->holds_.find(era_);
  if (--open->second == 0) store->holds_.erase(open);
  // Within the lock: a waiter may be the last that needs the store.
  store->released_.notify_all();
}

GuardedBlockstore::Hold GuardedBlockstore::hold() {
  const std::lock_guard lock(mutex_);
  ++holds_[era_];
  return {*this, era_};
}

void GuardedBlockstore::touch(ByteView multihash) {
  // Outside of a collection nothing is to be remembered: one that begins later waits for the hold
  // under which this is called.
  if (!collecting_.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(mutex_);
  if (collecting_.load(std::memory_order_relaxed)) touched_.insert(multihash);
}

// Each touches first and looks afterwards: a sweep in between either sees the touch, or has removed
// the block before it was looked for.
Result<SharedBytes> GuardedBlockstore::get(const Cid& cid) {
  touch(cid.multihash_bytes());
  return base_.get(cid);
}

Result<SharedBytes> GuardedBlockstore::get_unverified(const Cid& cid) {
  touch(cid.multihash_bytes());
  return base_.get_unverified(cid);
}

Result<bool> GuardedBlockstore::has(const Cid& cid) {
  touch(cid.multihash_bytes());
  return base_.has(cid);
}

Result<uint64_t> GuardedBlockstore::size(const Cid& cid) {
  touch(cid.multihash_bytes());
  return base_.size(cid);
}

Status GuardedBlockstore::put(std::span<const Block> blocks) {
  for (const Block& block : blocks) touch(block.cid().multihash_bytes());
  return base_.put(blocks);
}

Result<GuardedBlockstore::Collection> GuardedBlockstore::begin_collection(
    std::chrono::milliseconds wait_max) {
  std::unique_lock lock(mutex_);
  if (collecting_) {
    return Error{ErrorCode::kBusy, "garbage is being collected already; wait until that has ended"};
  }
  collecting_.store(true, std::memory_order_release);
  const uint64_t era = ++era_;
  const auto older_are_gone = [this, era] {
    return holds_.empty() || holds_.begin()->first >= era;
  };
  if (released_.wait_for(lock, wait_max, older_are_gone)) return Collection(*this);
  uint64_t open = 0;
  for (const auto& [opened_in, count] : holds_) open += opened_in < era ? count : 0;
  collecting_ = false;
  touched_.clear();
  return Error{ErrorCode::kBusy,
               fmt::format("{} adds or calls that began before the collection have not ended after "
                           "{} ms; try again later",
                           open, wait_max.count())};
}

void GuardedBlockstore::end_collection() {
  const std::lock_guard lock(mutex_);
  collecting_ = false;
  touched_.clear();
}

GuardedBlockstore::Collection::~Collection() {
  if (store_ != nullptr) store_->end_collection();
}

Result<bool> GuardedBlockstore::Collection::sweep(const Cid& cid) {
  const std::lock_guard lock(store_->mutex_);
  if (store_->touched_.contains(cid.multihash_bytes())) return false;
  TR_TRY(store_->base_.remove(cid));
  return true;
}

}  // namespace timerose
