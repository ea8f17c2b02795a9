// Directories, plain and sharded (HAMT), read and built. A name is any bytes but '/' and NUL, not
// empty, "." or "..", at most kNameBytesMax long.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "blockstore/blockstore.h"
#include "unixfs/importer.h"
#include "unixfs/layout.h"

namespace timerose::unixfs {

inline constexpr size_t kNameBytesMax = 4096;

// kInvalidArgument says what is wrong with a name.
Status check_name(std::string_view name);

class BlockBatch;

struct Entry {
  std::string name;
  Cid cid;
  uint64_t dag_bytes = 0;
};

// One entry by name, touching only the blocks on its way; nullopt if there is none,
// kInvalidArgument if `directory` is not one.
Result<std::optional<Entry>> find_entry(Blockstore& store, const Cid& directory,
                                        std::string_view name);
// Every entry; a plain directory in block order, a sharded one in hash order. kMalformed, behind
// the entries before the fault, for a name that is not allowed, and for a shard in which a name
// lies elsewhere than its hash says: so no walk is longer than what it finds.
Status for_each_entry(Blockstore& store, const Cid& directory,
                      const std::function<Status(const Entry&)>& visit);

// Collects entries and writes the directory: plain if small enough by the layout, else a HAMT.
// The same entries give the same CID whatever the order they were added in.
class DirectoryBuilder {
 public:
  explicit DirectoryBuilder(const Layout& layout);
  // kInvalidArgument for a name that is not allowed; a second entry of a name replaces the first.
  Status add(std::string_view name, const Imported& child);
  [[nodiscard]] size_t size() const { return entries_.size(); }
  // kLimitExceeded if two names of a directory to be sharded have the same 64-bit hash.
  Result<Imported> finish(const BlockSink& sink) const;

 private:
  class ShardWriter;
  struct Child {
    Cid cid;
    uint64_t dag_bytes;
    uint64_t file_bytes;
  };
  [[nodiscard]] bool fits_one_block() const;
  Result<Imported> write_plain(BlockBatch& blocks) const;
  Result<Imported> write_sharded(BlockBatch& blocks) const;

  Layout layout_;
  std::map<std::string, Child, std::less<>> entries_;
};

}  // namespace timerose::unixfs
