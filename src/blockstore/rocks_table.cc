#include "blockstore/rocks_table.h"

#include "blockstore/rocks_error.h"
#include "blockstore/rocks_handles.h"
#include "blockstore/write_queue.h"

namespace timerose {

RocksTable::RocksTable(RocksDatabase& database, std::string_view name)
    : database_(database), prefix_(std::string(name) + '\0') {
  CHECK(name.find('\0') == std::string_view::npos);
}

Result<std::optional<Bytes>> RocksTable::get(ByteView key) {
  const std::string full_key = prefix_ + std::string(as_text(key));
  if (auto waiting = database_.queue_->find_record(full_key)) return *std::move(waiting);
  rocksdb::PinnableSlice value;
  const RocksDatabase::Handles& handles = *database_.handles_;
  const rocksdb::Status status = handles.get(handles.records, full_key, &value);
  if (status.IsNotFound()) return std::optional<Bytes>();
  if (!status.ok()) return rocks_error(status, "reading a record from", database_.folder());
  return std::optional(to_bytes(as_bytes(view_of(value))));
}

Status RocksTable::put(ByteView key, ByteView value) {
  return database_.queue_->put_record(prefix_ + std::string(as_text(key)), to_bytes(value));
}

Status RocksTable::erase(ByteView key) {
  return database_.queue_->put_record(prefix_ + std::string(as_text(key)), std::nullopt);
}

Status RocksTable::for_each(ByteView prefix,
                            const std::function<Status(ByteView, ByteView)>& visit) {
  const std::string full_prefix = prefix_ + std::string(as_text(prefix));
  // Those that wait come between those that are written, or in their place.
  const WriteQueue::Records waiting = database_.queue_->records_from(full_prefix);
  auto next = waiting.begin();
  const auto visit_waiting = [&] {
    const auto& [key, value] = *next++;
    return value ? visit(as_bytes(key).subspan(prefix_.size()), *value) : success();
  };
  const RocksDatabase::Handles& handles = *database_.handles_;
  const auto at = handles.iterate(handles.records, {});
  for (at->Seek(full_prefix); at->Valid() && at->key().starts_with(full_prefix); at->Next()) {
    const std::string_view key = view_of(at->key());
    while (next != waiting.end() && next->first < key) TR_TRY(visit_waiting());
    if (next != waiting.end() && next->first == key) continue;  // visited in its turn
    TR_TRY(visit(as_bytes(key).subspan(prefix_.size()), as_bytes(view_of(at->value()))));
  }
  if (!at->status().ok()) return rocks_error(at->status(), "listing", database_.folder());
  while (next != waiting.end()) TR_TRY(visit_waiting());
  return success();
}

}  // namespace timerose
