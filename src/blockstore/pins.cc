#include "blockstore/pins.h"

#include <fmt/format.h>

#include <vector>

#include "blockstore/reach.h"

namespace timerose {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS pins("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  v1 BLOB NOT NULL UNIQUE,"  // the CID under version 1
    "  cid BLOB NOT NULL,"        // as it was given
    "  mode INTEGER NOT NULL,"
    "  name TEXT NOT NULL)";

// The numbers in the table.
int64_t number_of(PinMode mode) { return mode == PinMode::kDirect ? 0 : 1; }

Result<Pin> pin_of(const sqlite::Statement& row) {
  TR_ASSIGN(Cid cid, Cid::decode(row.blob(0)));
  const PinMode mode = row.number(1) == 0 ? PinMode::kDirect : PinMode::kRecursive;
  return Pin{std::move(cid), mode, std::string(row.text(2))};
}

// A hole hides nothing that is asked for here: what is not in the store is not listed.
Status pass_over(const Cid&, const Error&) { return success(); }

}  // namespace

const char* pin_mode_name(PinMode mode) {
  return mode == PinMode::kDirect ? "direct" : "recursive";
}

Status Pins::prepare_table() {
  const std::lock_guard lock(mutex_);
  if (table_ready_) return success();
  TR_TRY(database_.execute(kSchema));
  table_ready_ = true;
  return success();
}

Status Pins::add(const Pin& pin) {
  if (pin.name.size() > kPinNameBytesMax) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("a pin's name may have {} bytes, this one has {}", kPinNameBytesMax,
                             pin.name.size())};
  }
  TR_TRY(prepare_table());
  TR_ASSIGN(sqlite::Transaction transaction, database_.begin());
  TR_ASSIGN(const std::optional<Pin> old, find(pin.cid));
  if (old && old->mode == PinMode::kRecursive && pin.mode == PinMode::kDirect) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} is pinned recursively, which keeps the block already; remove that "
                             "pin first if only the block is to be kept",
                             pin.cid.to_string())};
  }
  {
    TR_ASSIGN(sqlite::Statement insert,
              database_.prepare("INSERT INTO pins(v1, cid, mode, name) VALUES(?1,?2,?3,?4) "
                                "ON CONFLICT(v1) DO UPDATE SET mode = excluded.mode, "
                                "name = CASE excluded.name WHEN '' THEN name ELSE excluded.name "
                                "END"));
    const Cid v1 = pin.cid.as_v1();
    insert.bind(1, v1.bytes()).bind(2, pin.cid.bytes());
    TR_TRY(insert.bind(3, number_of(pin.mode)).bind(4, std::string_view(pin.name)).run());
  }
  return transaction.commit();
}

Status Pins::remove(const Cid& cid, std::optional<PinMode> mode) {
  TR_TRY(prepare_table());
  TR_ASSIGN(sqlite::Transaction transaction, database_.begin());
  TR_ASSIGN(const std::optional<Pin> old, find(cid));
  if (!old) {
    return Error{ErrorCode::kNotFound, fmt::format("{} is not pinned", cid.to_string())};
  }
  if (mode && old->mode != *mode) {
    return Error{ErrorCode::kNotFound,
                 fmt::format("{} is pinned, but not {}: its pin is {}", cid.to_string(),
                             pin_mode_name(*mode), pin_mode_name(old->mode))};
  }
  {
    TR_ASSIGN(sqlite::Statement erase, database_.prepare("DELETE FROM pins WHERE v1 = ?"));
    TR_TRY(erase.bind(1, cid.as_v1().bytes()).run());
  }
  return transaction.commit();
}

Result<std::optional<Pin>> Pins::find(const Cid& cid) {
  TR_TRY(prepare_table());
  TR_ASSIGN(sqlite::Statement rows,
            database_.prepare("SELECT cid, mode, name FROM pins WHERE v1 = ?"));
  rows.bind(1, cid.as_v1().bytes());
  TR_ASSIGN(const bool found, rows.step());
  if (!found) return std::optional<Pin>();
  TR_ASSIGN(Pin pin, pin_of(rows));
  return std::optional(std::move(pin));
}

Status Pins::for_each(std::optional<PinMode> mode, const std::function<Status(const Pin&)>& visit) {
  TR_TRY(prepare_table());
  std::vector<Pin> pins;
  {
    TR_ASSIGN(sqlite::Statement rows,
              database_.prepare("SELECT cid, mode, name FROM pins ORDER BY number"));
    while (true) {
      TR_ASSIGN(const bool found, rows.step());
      if (!found) break;
      TR_ASSIGN(Pin pin, pin_of(rows));
      if (!mode || pin.mode == *mode) pins.push_back(std::move(pin));
    }
  }
  for (const Pin& pin : pins) TR_TRY(visit(pin));
  return success();
}

Result<std::optional<Pinned>> Pins::why_pinned(Blockstore& store, const Cid& cid) {
  TR_ASSIGN(const std::optional<Pin> pin, find(cid));
  if (pin) {
    const bool direct = pin->mode == PinMode::kDirect;
    return std::optional(
        Pinned{direct ? Pinned::How::kDirect : Pinned::How::kRecursive, std::nullopt});
  }
  std::optional<Cid> through;
  Reached reached;  // shared: what an earlier pin reaches was looked at
  TR_TRY(for_each(PinMode::kRecursive, [&](const Pin& root) -> Status {
    if (through) return success();
    const auto compare = [&](const Cid& below) -> Status {
      if (equal(below.multihash_bytes(), cid.multihash_bytes())) through = root.cid;
      return success();
    };
    return reach(store, root.cid, reached, {.block = compare, .hole = pass_over});
  }));
  if (!through) return std::optional<Pinned>();
  return std::optional(Pinned{Pinned::How::kIndirect, std::move(through)});
}

Status Pins::for_each_indirect(Blockstore& store, const std::function<Status(const Cid&)>& visit) {
  MultihashSet visited;
  std::vector<Cid> roots;
  TR_TRY(for_each(std::nullopt, [&](const Pin& pin) {
    visited.insert(pin.cid.multihash_bytes());
    if (pin.mode == PinMode::kRecursive) roots.push_back(pin.cid);
    return success();
  }));
  const auto below = [&](const Cid& cid) {
    return visited.insert(cid.multihash_bytes()) ? visit(cid) : success();
  };
  Reached reached;
  for (const Cid& root : roots) {
    TR_TRY(reach(store, root, reached, {.block = below, .hole = pass_over}));
  }
  return success();
}

Status pin_dag(Blockstore& store, Pins& pins, const Pin& pin) {
  if (pin.mode == PinMode::kDirect) {
    const Result<uint64_t> there = store.size(pin.cid);
    if (!there) return there.error();
  } else {
    Reached reached;
    const auto refuse = [&pin](const Cid&, const Error& why) -> Status {
      return Error(why).within("pinning " + pin.cid.to_string());
    };
    TR_TRY(reach(store, pin.cid, reached, {.block = nullptr, .hole = refuse}));
  }
  TR_TRY(store.flush());
  return pins.add(pin);
}

}  // namespace timerose
