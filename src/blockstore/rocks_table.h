// A table of small records in a RocksDatabase, told apart from the others by its name.
#pragma once

#include <string>

#include "blockstore/rocks_database.h"
#include "blockstore/table.h"

namespace timerose {

class RocksTable final : public Table {
 public:
  // `name` is text without a NUL; `database` must outlive the table.
  RocksTable(RocksDatabase& database, std::string_view name);

  Result<std::optional<Bytes>> get(ByteView key) override;
  Status put(ByteView key, ByteView value) override;
  Status erase(ByteView key) override;
  // Blocks that were put before are durable no later than the records.
  Status flush() override { return database_.flush(); }
  Status for_each(ByteView prefix,
                  const std::function<Status(ByteView key, ByteView value)>& visit) override;

 private:
  RocksDatabase& database_;
  const std::string prefix_;  // of the table's keys in the column family
};

}  // namespace timerose
