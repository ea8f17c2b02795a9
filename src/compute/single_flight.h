// At most one execution of an Invocation at a time: the first asker leads, the others wait for it
// to end and then look for its answer themselves. Thread-safe.
#pragma once

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "crypto/digest.h"

namespace timerose::compute {

class SingleFlight {
 public:
  // Ends when it is destroyed; whoever waits goes on.
  class Lead {
   public:
    Lead(SingleFlight& flights, const Sha256Digest& key) : flights_(&flights), key_(key) {}
    Lead(Lead&& other) noexcept : flights_(other.flights_), key_(other.key_) {
      other.flights_ = nullptr;
    }
    Lead(const Lead&) = delete;
    Lead& operator=(const Lead&) = delete;
    Lead& operator=(Lead&&) = delete;
    ~Lead() {
      if (flights_ != nullptr) flights_->end(key_);
    }

   private:
    SingleFlight* flights_;
    Sha256Digest key_;
  };

  // The lead of `key`; if another asker has it, nullopt, after that one has ended or `wait_ms`
  // milliseconds have passed (0: however long it takes).
  std::optional<Lead> lead_or_wait(const Sha256Digest& key, uint64_t wait_ms);

 private:
  struct HashDigest {
    size_t operator()(const Sha256Digest& digest) const {
      size_t hash;
      std::memcpy(&hash, digest.data() + 8, sizeof(hash));
      return hash;
    }
  };
  struct Flight {
    std::condition_variable ended;
    bool over = false;
  };
  // Flights of one part of the keys, so that threads seldom meet at the lock.
  struct alignas(64) Shard {
    std::mutex mutex;
    // Null until somebody waits.
    std::unordered_map<Sha256Digest, std::shared_ptr<Flight>, HashDigest> flights;
  };
  void end(const Sha256Digest& key);
  Shard& shard_of(const Sha256Digest& key) { return shards_[key[0] % shards_.size()]; }

  std::array<Shard, 16> shards_;
};

}  // namespace timerose::compute
