// The blocks that some fetch waits for, so that those who take in bytes know which of them to keep.
// Thread-safe.
#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "multiformats/cid.h"

namespace timerose::exchange {

class WantedBlocks {
 public:
  void add(const Cid& cid) {
    const std::lock_guard lock(mutex_);
    std::vector<Cid>& names = names_[key_of(cid)];
    if (std::find(names.begin(), names.end(), cid) == names.end()) names.push_back(cid);
  }

  void remove(const Cid& cid) {
    const std::lock_guard lock(mutex_);
    const auto entry = names_.find(key_of(cid));
    if (entry == names_.end()) return;
    std::erase(entry->second, cid);
    if (entry->second.empty()) names_.erase(entry);
  }

  // The CIDs under which the bytes of `cid` are waited for: other versions and codecs name the same
  // bytes.
  [[nodiscard]] std::vector<Cid> names_of(const Cid& cid) const {
    const std::lock_guard lock(mutex_);
    const auto entry = names_.find(key_of(cid));
    return entry == names_.end() ? std::vector<Cid>() : entry->second;
  }

 private:
  static std::string key_of(const Cid& cid) { return std::string(as_text(cid.multihash_bytes())); }

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::vector<Cid>> names_;  // by multihash
};

}  // namespace timerose::exchange
