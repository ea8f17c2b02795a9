// A table in memory, for tests.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "blockstore/table.h"

namespace timerose {

class MemoryTable final : public Table {
 public:
  Result<std::optional<Bytes>> get(ByteView key) override;
  Status put(ByteView key, ByteView value) override;
  Status erase(ByteView key) override;
  Status flush() override { return success(); }
  Status for_each(ByteView prefix,
                  const std::function<Status(ByteView key, ByteView value)>& visit) override;

 private:
  std::mutex mutex_;
  std::map<std::string, Bytes, std::less<>> entries_;
};

}  // namespace timerose
