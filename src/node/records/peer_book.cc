#include "node/records/peer_book.h"

#include <algorithm>

namespace timerose::node {
namespace {

// Addresses hold no line ends (check_address).
std::string join(const std::vector<mesh::Address>& addresses) {
  std::string text;
  for (const mesh::Address& address : addresses) {
    if (!text.empty()) text += '\n';
    text += address;
  }
  return text;
}

std::vector<mesh::Address> split(std::string_view text) {
  std::vector<mesh::Address> addresses;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    addresses.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return addresses;
}

Status prepare_peers(sqlite::Database& records) {
  return records.execute(
      "CREATE TABLE IF NOT EXISTS peers(peer BLOB PRIMARY KEY, addresses TEXT NOT NULL,"
      " wanted INTEGER NOT NULL, seen_ns INTEGER NOT NULL) WITHOUT ROWID");
}

}  // namespace

Result<PeerBook> PeerBook::load(sqlite::Database& records, Clock& clock) {
  PeerBook book(clock);
  TR_TRY(prepare_peers(records));
  TR_ASSIGN(auto rows, records.prepare("SELECT peer, addresses, wanted, seen_ns FROM peers"));
  while (true) {
    TR_ASSIGN(const bool more, rows.step());
    if (!more) return book;
    auto peer = PeerId::decode(rows.blob(0));
    if (!peer.ok()) continue;  // of another version of this program
    book.peers_[*peer] = {split(rows.text(1)), rows.number(2) != 0,
                          static_cast<uint64_t>(rows.number(3))};
  }
}

void PeerBook::met(const PeerId& peer, const std::vector<mesh::Address>& addresses) {
  Known& known = peers_[peer];
  known.seen_ns = clock_->unix_ns();
  for (const mesh::Address& address : addresses) {
    // The newest first, each once.
    std::erase(known.addresses, address);
    known.addresses.insert(known.addresses.begin(), address);
  }
  if (known.addresses.size() > kAddressesOfPeerMax) known.addresses.resize(kAddressesOfPeerMax);
  changes_.insert_or_assign(peer, Change{peer, known});
  if (peers_.size() > kPeersMax) forget_oldest();
}

void PeerBook::want(const PeerId& peer, bool wanted) {
  Known& known = peers_[peer];
  if (known.wanted == wanted) return;
  known.wanted = wanted;
  changes_.insert_or_assign(peer, Change{peer, known});
}

void PeerBook::forget_oldest() {
  auto oldest = peers_.end();
  for (auto one = peers_.begin(); one != peers_.end(); ++one) {
    if (one->second.wanted) continue;
    if (oldest == peers_.end() || one->second.seen_ns < oldest->second.seen_ns) oldest = one;
  }
  if (oldest == peers_.end()) return;
  changes_.insert_or_assign(oldest->first, Change{oldest->first, {}, true});
  peers_.erase(oldest);
}

std::vector<mesh::Address> PeerBook::addresses_of(const PeerId& peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? std::vector<mesh::Address>() : found->second.addresses;
}

std::vector<mesh::PeerAddresses> PeerBook::wanted() const {
  std::vector<mesh::PeerAddresses> wanted;
  for (const auto& [peer, known] : peers_) {
    if (known.wanted) wanted.push_back({peer, known.addresses});
  }
  return wanted;
}

std::vector<PeerBook::Change> PeerBook::take_changes() {
  std::vector<Change> changes;
  changes.reserve(changes_.size());
  for (auto& [peer, change] : changes_) changes.push_back(std::move(change));
  changes_.clear();
  return changes;
}

Status PeerBook::save(sqlite::Database& records, const std::vector<Change>& changes) {
  if (changes.empty()) return success();
  TR_ASSIGN(auto transaction, records.begin());
  {
    TR_ASSIGN(auto forget, records.prepare("DELETE FROM peers WHERE peer = ?1"));
    TR_ASSIGN(auto keep, records.prepare("INSERT OR REPLACE INTO peers VALUES (?1, ?2, ?3, ?4)"));
    for (const Change& change : changes) {
      if (change.forgotten) {
        TR_TRY(forget.bind(1, change.peer.bytes()).run());
        forget.reset();
        continue;
      }
      keep.bind(1, change.peer.bytes()).bind(2, join(change.known.addresses));
      keep.bind(3, int64_t{change.known.wanted});
      TR_TRY(keep.bind(4, static_cast<int64_t>(change.known.seen_ns)).run());
      keep.reset();
    }
  }
  return transaction.commit();
}

}  // namespace timerose::node
