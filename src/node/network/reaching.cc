#include "node/network/reaching.h"

#include <memory>
#include <utility>
#include <vector>

namespace timerose::node {

void Reaching::reach(const PeerId& peer, OnConnected on_connected) {
  const bool is_begun = waiting_.contains(peer);
  wait(peer, std::move(on_connected));
  if (is_begun) return;
  std::vector<mesh::Address> addresses = book_.addresses_of(peer);
  if (addresses.empty()) return search_and_dial(peer);
  dial({peer, std::move(addresses)});
}

void Reaching::wait(const PeerId& peer, OnConnected on_connected) {
  waiting_.emplace(peer, std::move(on_connected));
}

void Reaching::search_and_dial(const PeerId& peer) {
  const auto found = std::make_shared<mesh::PeerAddresses>(mesh::PeerAddresses{peer, {}});
  queries_.follow(host_.find_peer(peer), [this, peer, found](const mesh::Event& event) {
    const auto* some = std::get_if<mesh::PeerFound>(&event);
    if (some != nullptr && some->found.peer == peer) *found = some->found;
    if (std::get_if<mesh::QueryEnded>(&event) == nullptr) return false;
    if (!found->addresses.empty()) {
      dial(*found);
    } else {
      ended(peer, Error{ErrorCode::kNotFound,
                        "no address of " + peer.to_string() + " is known, and nobody knows one"});
    }
    return true;
  });
}

void Reaching::dial(const mesh::PeerAddresses& target) {
  if (auto begun = host_.connect(target); !begun.ok()) {
    ended(target.peer, begun);
    on_failed_(target.peer);
  }
}

void Reaching::ended(const PeerId& peer, const Status& how) {
  const auto [from, to] = waiting_.equal_range(peer);
  std::vector<OnConnected> waiting;
  for (auto one = from; one != to; ++one) waiting.push_back(std::move(one->second));
  waiting_.erase(from, to);
  for (const OnConnected& on_connected : waiting) on_connected(how);
}

void Reaching::stop(const Error& why) {
  for (const auto& [peer, on_connected] : std::exchange(waiting_, {})) on_connected(why);
}

}  // namespace timerose::node
