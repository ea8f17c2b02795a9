#include "mesh/memory_network.h"

#include <sys/eventfd.h>

#include "base/check.h"
#include "mesh/memory_host.h"
#include "mesh/memory_state.h"

namespace timerose::mesh {

using Lock = std::lock_guard<std::mutex>;

MemoryNetwork::MemoryNetwork() : state_(std::make_shared<State>()) {}
MemoryNetwork::~MemoryNetwork() = default;

std::unique_ptr<Host> MemoryNetwork::add_host(const PeerId& self, Driven driven) {
  int descriptor = -1;
  if (driven == Driven::kByDescriptor) {
    descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(descriptor >= 0);
  }
  const Lock lock(state_->mutex);
  auto node = std::make_unique<MemoryNode>(self, ++state_->numbers, descriptor);
  const bool added = state_->nodes.emplace(self, node.get()).second;
  CHECK(added);
  return std::make_unique<MemoryHost>(state_, std::move(node));
}

void MemoryNetwork::cut(const PeerId& a, const PeerId& b, bool is_cut) {
  const Lock lock(state_->mutex);
  if (!is_cut) {
    state_->cuts.erase(State::pair_of(a, b));
    return;
  }
  state_->cuts.insert(State::pair_of(a, b));
  if (MemoryNode* const node = state_->find(a); node != nullptr) {
    state_->disconnect(*node, b, "connection lost");
  }
}

void MemoryNetwork::refuse_dials(const PeerId& peer, bool refused) {
  const Lock lock(state_->mutex);
  if (refused) {
    state_->refusing.insert(peer);
  } else {
    state_->refusing.erase(peer);
  }
}

void MemoryNetwork::end_side_at_once(const PeerId& peer, bool ends) {
  const Lock lock(state_->mutex);
  if (ends) {
    state_->ending.insert(peer);
  } else {
    state_->ending.erase(peer);
  }
}

void MemoryNetwork::reset_streams(const PeerId& a, const PeerId& b) {
  const Lock lock(state_->mutex);
  if (MemoryNode* const node = state_->find(a); node != nullptr) {
    state_->reset_streams(*node, b, "the stream was reset");
  }
}

void MemoryNetwork::delay(const PeerId& from, const PeerId& to, bool delayed) {
  const Lock lock(state_->mutex);
  if (delayed) {
    state_->delays.emplace(from, to);
    return;
  }
  state_->delays.erase({from, to});
  MemoryNode* const node = state_->find(to);
  if (node == nullptr) return;
  for (const auto& [id, end] : node->streams) {
    if (end.there().self == from) state_->deliver(*end.stream, end.side);
  }
}

void MemoryNetwork::silence_routing(bool silent) {
  const Lock lock(state_->mutex);
  state_->routing_silent = silent;
}

void MemoryNetwork::add_provider(ByteView multihash, const PeerId& provider) {
  const Lock lock(state_->mutex);
  state_->providers[to_bytes(multihash)].insert(provider);
}

std::vector<PeerId> MemoryNetwork::providers(ByteView multihash) const {
  const Lock lock(state_->mutex);
  const auto found = state_->providers.find(to_bytes(multihash));
  if (found == state_->providers.end()) return {};
  return {found->second.begin(), found->second.end()};
}

}  // namespace timerose::mesh
