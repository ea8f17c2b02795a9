#include <algorithm>

#include "exchange/bitswap/server_state.h"

namespace timerose::bitswap {
namespace {

bool is_answer(WantState state) {
  return state == WantState::kReadyDontHave || state == WantState::kReadyHave ||
         state == WantState::kReadyBlock;
}

// States in which BlocksAdded matters: the want is in the list of its CID.
bool is_listed(WantState state) {
  return state == WantState::kLooking || state == WantState::kWaiting ||
         state == WantState::kReadyDontHave;
}

// Marks of a WantRecord.
constexpr uint8_t kNamed = 1;      // by the full wantlist at hand
constexpr uint8_t kAddedNow = 2;   // its block was added while it was looked up
constexpr uint8_t kCancelled = 4;  // while it was looked up

// Wants so far ahead of the one at hand are brought near.
constexpr size_t kAhead = 8;

}  // namespace

void Server::State::on(const WantsReceived& event) {
  ServedPeer* peer = find(event.from);
  if (peer == nullptr) return;
  if (event.full) drop_unlisted(*peer, event.wants);
  std::vector<BlockPresence> refused;
  for (size_t i = 0; i < event.wants.size(); ++i) {
    const Want& want = event.wants[i];
    if (i + kAhead < event.wants.size()) cids.prefetch(event.wants[i + kAhead].cid);
    if (want.cancel) {
      if (const uint32_t known = find_want(*peer, want.cid); known != kNone) {
        cancel_want(*peer, known);
      }
    } else if (peer->version == Version::k120) {
      take_want(*peer, want, refused);
    } else {
      take_want(*peer, {.cid = want.cid, .priority = want.priority}, refused);
    }
  }
  if (!refused.empty()) refuse(*peer, std::move(refused));
  look_up(*peer);
}

void Server::State::take_want(ServedPeer& peer, const Want& want,
                              std::vector<BlockPresence>& refused) {
  ++peer.wants_received;
  const bool room = peer.wants.size() < limits.peer_wants_max && wants.size() < limits.wants_max;
  const uint32_t cid = room ? cids.acquire(want.cid) : cids.find(want.cid);
  const uint32_t known = cid == kNone ? kNone : peer.wants.find(cid);
  if (known != kNone) {
    if (room) cids.release(cid);
    return repeat_want(peer, known, want);
  }
  if (room && cid != kNone) return keep_want(peer, want, cid);
  ++peer.wants_refused;
  if (want.send_dont_have) refused.push_back({want.cid, Presence::kDontHave});
}

void Server::State::keep_want(ServedPeer& peer, const Want& want, uint32_t cid) {
  WantRecord record;
  record.cid = cid;
  record.peer = peer.number;
  record.priority = want.priority;
  record.order = peer.next_order++;
  record.type = want.type;
  record.send_dont_have = want.send_dont_have;
  const uint32_t added = wants.add(record);
  peer.wants.insert(cid, added);
  peer.to_look.push(wants, added);
}

// The newest wish counts, but a wanted block does not become a mere question again. Where an answer
// was given it is given again, as the peer seems not to know it.
void Server::State::repeat_want(ServedPeer& peer, uint32_t want, const Want& again) {
  WantRecord& record = wants[want];
  record.mark &= static_cast<uint8_t>(~kCancelled);
  const bool more = record.type == WantType::kHave && again.type == WantType::kBlock;
  if (more) record.type = WantType::kBlock;
  record.send_dont_have = again.send_dont_have;
  const bool asks_again =
      record.state == WantState::kWaiting || (more && record.state == WantState::kReadyHave);
  if (asks_again) {
    record.priority = again.priority;
    return move_want(peer, want, WantState::kToLook);
  }
  if (record.priority == again.priority) return;
  take_off(peer, want);
  record.priority = again.priority;
  put_on(peer, want);
}

uint32_t Server::State::find_want(const ServedPeer& peer, const Cid& cid) const {
  const uint32_t number = cids.find(cid);
  return number == kNone ? kNone : peer.wants.find(number);
}

// What is on the way can be called back no more; it is forgotten once it was written.
void Server::State::cancel_want(ServedPeer& peer, uint32_t want) {
  WantRecord& record = wants[want];
  if (record.state == WantState::kSent) return;
  if (record.state == WantState::kLooking) {
    record.mark |= kCancelled;
  } else {
    remove_want(peer, want);
  }
}

// Of the wants so far, those that a full wantlist does not name.
void Server::State::drop_unlisted(ServedPeer& peer, const std::vector<Want>& listed) {
  for (const Want& want : listed) {
    const uint32_t known = want.cancel ? kNone : find_want(peer, want.cid);
    if (known != kNone) wants[known].mark |= kNamed;
  }
  for (const uint32_t want : peer.wants.all()) {
    const bool named = (wants[want].mark & kNamed) != 0;
    wants[want].mark &= static_cast<uint8_t>(~kNamed);
    if (!named) cancel_want(peer, want);
  }
}

// The queue of the want's state, if that has one.
void Server::State::take_off(ServedPeer& peer, uint32_t want) {
  const WantState state = wants[want].state;
  if (state == WantState::kToLook) peer.to_look.remove(wants, want);
  if (is_answer(state)) peer.ready.remove(wants, want);
}

void Server::State::put_on(ServedPeer& peer, uint32_t want) {
  const WantState state = wants[want].state;
  if (state == WantState::kToLook) peer.to_look.push(wants, want);
  if (is_answer(state)) peer.ready.push(wants, want, cost_of(want));
}

void Server::State::remove_want(ServedPeer& peer, uint32_t want) {
  const WantRecord& record = wants[want];
  take_off(peer, want);
  if (record.state == WantState::kReadyBlock) peer.ready_block_bytes -= record.bytes;
  if (is_listed(record.state)) unlink(want);
  peer.wants.erase(record.cid);
  cids.release(record.cid);
  wants.release(want);
}

void Server::State::move_want(ServedPeer& peer, uint32_t want, WantState state) {
  WantRecord& record = wants[want];
  take_off(peer, want);
  if (record.state == WantState::kReadyBlock) peer.ready_block_bytes -= record.bytes;
  if (is_listed(record.state) && !is_listed(state)) unlink(want);
  if (!is_listed(record.state) && is_listed(state)) link(want);
  record.state = state;
  put_on(peer, want);
  if (state == WantState::kReadyBlock) peer.ready_block_bytes += record.bytes;
}

void Server::State::look_up(ServedPeer& peer) {
  if (!peer.looking.empty() || peer.to_look.empty()) return;
  LookUp action{.peer = peer.id, .cids = {}};
  const uint64_t count = std::min<uint64_t>(peer.to_look.size(), limits.look_up_max);
  action.cids.reserve(count);
  peer.looking.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    const uint32_t want = peer.to_look.top();
    prefetch_upcoming(peer.to_look);
    move_want(peer, want, WantState::kLooking);
    action.cids.push_back(cids.cid(wants[want].cid));
    wants[want].place = static_cast<uint32_t>(peer.looking.size());
    peer.looking.push_back(want);
  }
  out.emplace_back(std::move(action));
}

// Answers mostly come in the order of the LookUp: then nothing has to be searched.
uint32_t Server::State::looking_for(const ServedPeer& peer, size_t place, const Cid& cid) const {
  if (place < peer.looking.size() && peer.looking[place] != kNone) {
    const uint32_t want = peer.looking[place];
    if (equal(cids.bytes(wants[want].cid), cid.bytes())) return want;
  }
  const uint32_t want = find_want(peer, cid);
  return want != kNone && wants[want].state == WantState::kLooking ? want : kNone;
}

void Server::State::on(const LookedUp& event) {
  ServedPeer* peer = find(event.peer);
  if (peer == nullptr) return;
  for (size_t i = 0; i < event.found.size(); ++i) {
    const LookedUp::One& one = event.found[i];
    const uint32_t want = looking_for(*peer, i, one.cid);
    if (want == kNone) continue;
    peer->looking[wants[want].place] = kNone;
    looked_up(*peer, want, one.bytes);
  }
  for (const uint32_t want : std::exchange(peer->looking, {})) {
    if (want != kNone) looked_up(*peer, want, std::nullopt);
  }
  look_up(*peer);
  if (!peer->ready.empty()) give_turn(*peer);
}

void Server::State::looked_up(ServedPeer& peer, uint32_t want, std::optional<uint32_t> bytes) {
  WantRecord& record = wants[want];
  const uint8_t mark = std::exchange(record.mark, 0);
  if ((mark & kCancelled) != 0) return remove_want(peer, want);
  if (bytes) {
    record.bytes = *bytes;
    const bool send = record.type == WantType::kBlock || *bytes <= limits.have_replaced_bytes;
    return move_want(peer, want, send ? WantState::kReadyBlock : WantState::kReadyHave);
  }
  if ((mark & kAddedNow) != 0) return move_want(peer, want, WantState::kToLook);
  move_want(peer, want, record.send_dont_have ? WantState::kReadyDontHave : WantState::kWaiting);
}

void Server::State::on(const BlocksAdded& event) {
  std::vector<ServedPeer*> touched;
  for (const Cid& added : event.cids) {
    for (const uint32_t number : cids.same_block(added)) block_added(number, touched);
  }
  for (ServedPeer* peer : touched) look_up(*peer);
}

void Server::State::block_added(uint32_t cid, std::vector<ServedPeer*>& touched) {
  for (uint32_t want = cids.first_waiting(cid); want != kNone;) {
    WantRecord& record = wants[want];
    ServedPeer& peer = *by_number[record.peer];
    const uint32_t next = record.next;
    if (record.state == WantState::kLooking) {
      record.mark |= kAddedNow;
    } else {
      move_want(peer, want, WantState::kToLook);
      touched.push_back(&peer);
    }
    want = next;
  }
}

// What is next in a queue has mostly been told long ago: its record, and then its CID, are far
// away.
void Server::State::prefetch_upcoming(const WantQueue& queue) const {
  if (const uint32_t far = queue.upcoming(6); far != kNone) wants.prefetch(far);
  if (const uint32_t near = queue.upcoming(3); near != kNone) cids.prefetch(wants[near].cid);
}

void Server::State::link(uint32_t want) {
  WantRecord& record = wants[want];
  uint32_t& first = cids.first_waiting(record.cid);
  record.previous = kNone;
  record.next = first;
  if (first != kNone) wants[first].previous = want;
  first = want;
}

void Server::State::unlink(uint32_t want) {
  const WantRecord& record = wants[want];
  if (record.next != kNone) wants[record.next].previous = record.previous;
  if (record.previous != kNone) {
    wants[record.previous].next = record.next;
  } else {
    cids.first_waiting(record.cid) = record.next;
  }
}

}  // namespace timerose::bitswap
