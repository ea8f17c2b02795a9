// A store that may be collected while others add to it and read from it.
//
// Rules for those who add: open a hold, put blocks (or find them there), make the result reachable
// (pin it, record it where collect_garbage() looks for roots), then let go of the hold. Whoever
// links to a block that it did not put asks has() or get() for it under its hold.
//
// How it is kept: begin_collection() waits for the holds that were open before it, and from then on
// every block that is put, asked for or found is remembered until the collection ends, and is not
// swept. So adders never wait for a collection, and nothing is remembered while there is none.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>

#include "blockstore/blockstore.h"
#include "blockstore/multihash_set.h"

namespace timerose {

class GuardedBlockstore final : public Blockstore {
 public:
  // `base` must outlive it, and be written to only through it.
  explicit GuardedBlockstore(Blockstore& base) : base_(base) {}

  // While one exists, what is put or found through the store stays in it. Move-only; any thread may
  // let go of it.
  class Hold {
   public:
    Hold(Hold&& other) noexcept : store_(std::exchange(other.store_, nullptr)), era_(other.era_) {}
    Hold& operator=(Hold&& other) noexcept;
    ~Hold() { release(); }
    void release();

   private:
    friend class GuardedBlockstore;
    Hold(GuardedBlockstore& store, uint64_t era) : store_(&store), era_(era) {}
    GuardedBlockstore* store_;
    uint64_t era_;
  };
  [[nodiscard]] Hold hold();

  Result<SharedBytes> get(const Cid& cid) override;
  Result<SharedBytes> get_unverified(const Cid& cid) override;
  Result<bool> has(const Cid& cid) override;
  Result<uint64_t> size(const Cid& cid) override;
  using Blockstore::put;
  Status put(std::span<const Block> blocks) override;
  Status flush() override { return base_.flush(); }
  Status remove(const Cid& cid) override { return base_.remove(cid); }
  Status for_each(const std::function<Status(ByteView multihash, uint64_t size)>& visit) override {
    return base_.for_each(visit);
  }

  // For collect_garbage(). A collection ends when the object is destroyed.
  class Collection {
   public:
    Collection(Collection&& other) noexcept : store_(std::exchange(other.store_, nullptr)) {}
    Collection& operator=(Collection&&) = delete;
    ~Collection();
    // The store as it is read for marking: reading through it protects nothing.
    [[nodiscard]] Blockstore& base() { return store_->base_; }
    // Removes the block unless it was put, asked for or found since the collection began; says
    // whether it did.
    Result<bool> sweep(const Cid& cid);

   private:
    friend class GuardedBlockstore;
    explicit Collection(GuardedBlockstore& store) : store_(&store) {}
    GuardedBlockstore* store_;
  };
  // kBusy if there is one already, or if holds from before are still open after `wait_max`.
  Result<Collection> begin_collection(std::chrono::milliseconds wait_max);

 private:
  void touch(ByteView multihash);
  void end_collection();

  Blockstore& base_;
  std::mutex mutex_;
  std::condition_variable released_;
  std::atomic<bool> collecting_{false};  // written with mutex_ held
  uint64_t era_ = 0;                     // counts collections begun
  std::map<uint64_t, uint64_t> holds_;   // era -> holds opened in it that are still open
  MultihashSet touched_;                 // since the collection began
};

}  // namespace timerose
