#include "wasm/wasi/vfs/base_directory.h"

#include <algorithm>
#include <map>

#include "unixfs/reader.h"

namespace timerose::wasi::vfs {

Attempt<void> BaseDirectory::load(Blockstore& store) {
  if (shape_ != Shape::kUnknown) return {};
  WASI_ASSIGN(const auto stat, attempt(unixfs::stat(store, cid_)));
  if (stat.kind != unixfs::Kind::kDirectory) return Errno::kNotdir;
  if (stat.hamt) {
    shape_ = Shape::kSharded;
    return {};
  }
  // Of a name that is there twice the first counts, as it does for a lookup in the block.
  std::map<std::string, unixfs::Entry> by_name;
  WASI_TRY(attempt(unixfs::for_each_entry(store, cid_, [&](const unixfs::Entry& entry) {
    by_name.emplace(entry.name, entry);
    return success();
  })));
  entries_.reserve(by_name.size());
  for (auto& [name, entry] : by_name) entries_.push_back(std::move(entry));
  shape_ = Shape::kPlain;
  return {};
}

Attempt<std::optional<unixfs::Entry>> BaseDirectory::find(Blockstore& store,
                                                          std::string_view name) {
  WASI_TRY(load(store));
  if (shape_ == Shape::kSharded) return attempt(unixfs::find_entry(store, cid_, name));
  const auto found = std::ranges::lower_bound(
      entries_, name, {},
      [](const unixfs::Entry& entry) -> std::string_view { return entry.name; });
  if (found == entries_.end() || found->name != name) return std::optional<unixfs::Entry>();
  return std::optional<unixfs::Entry>(*found);
}

Attempt<void> BaseDirectory::for_each(Blockstore& store, const Visit& visit) {
  WASI_TRY(load(store));
  if (shape_ == Shape::kPlain) {
    for (const auto& entry : entries_) {
      WASI_ASSIGN(const bool more, visit(entry));
      if (!more) break;
    }
    return {};
  }
  // The walk below ends with an error; which one does not matter if we asked for the end.
  std::optional<Failure> failure;
  bool stopped = false;
  const Status walked = unixfs::for_each_entry(store, cid_, [&](const unixfs::Entry& entry) {
    auto more = visit(entry);
    if (!more.ok()) {
      failure = more.failure();
    } else if (more.value()) {
      return success();
    }
    stopped = true;
    return Status(Error{ErrorCode::kCancelled, "enough entries were seen"});
  });
  if (failure) return std::move(*failure);
  if (!stopped) return attempt(walked);
  return {};
}

Attempt<std::shared_ptr<const Listing>> BaseDirectory::names(Blockstore& store) {
  if (names_) return names_;
  auto names = std::make_shared<Listing>();
  WASI_TRY(for_each(store, [&](const unixfs::Entry& entry) -> Attempt<bool> {
    const bool is_file = entry.cid.codec() == Codec::kRaw;
    WASI_TRY(names->add(entry.name, is_file ? Listing::Source::kBaseFile : Listing::Source::kBase));
    return true;
  }));
  names->sort();
  names_ = names;
  return names_;
}

uint64_t BaseDirectory::memory_bytes() const {
  uint64_t bytes = entries_.capacity() * sizeof(unixfs::Entry);
  for (const auto& entry : entries_) bytes += entry.name.capacity();
  return bytes + (names_ ? names_->memory_bytes() : 0);
}

}  // namespace timerose::wasi::vfs
