// A Table in memory, for tests.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "blockstore/table.h"

namespace timerose::compute::testing {

class MemoryTable final : public Table {
 public:
  Result<std::optional<Bytes>> get(ByteView key) override {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(std::string(as_text(key)));
    if (found == records_.end()) return std::optional<Bytes>();
    return std::optional(found->second);
  }
  Status put(ByteView key, ByteView value) override {
    const std::lock_guard lock(mutex_);
    records_[std::string(as_text(key))] = to_bytes(value);
    return success();
  }
  Status erase(ByteView key) override {
    const std::lock_guard lock(mutex_);
    records_.erase(std::string(as_text(key)));
    return success();
  }
  Status flush() override { return success(); }
  Status for_each(ByteView prefix,
                  const std::function<Status(ByteView, ByteView)>& visit) override {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, value] : records_) {
      if (key.starts_with(as_text(prefix))) TR_TRY(visit(as_bytes(key), value));
    }
    return success();
  }

  void damage_all() {
    for (auto& [key, value] : records_) value.pop_back();
  }
  [[nodiscard]] size_t size() const { return records_.size(); }

 private:
  std::mutex mutex_;
  std::map<std::string, Bytes> records_;
};

}  // namespace timerose::compute::testing
