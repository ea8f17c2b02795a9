#include "sim/gateways.h"

namespace timerose::sim {
namespace {

constexpr uint64_t kBytesPerSecond = 20'000'000;
constexpr uint64_t kSlowBytesPerSecond = 100'000;
constexpr uint64_t kBusyForNs = 3 * kSecond;

}  // namespace

void Gateways::add(NodeNumber of, Manner manner) { all_.push_back({of, manner}); }

std::vector<size_t> Gateways::of(NodeNumber node) const {
  std::vector<size_t> found;
  for (size_t i = 0; i < all_.size(); ++i) {
    if (all_[i].of == node) found.push_back(i);
  }
  return found;
}

exchange::Came Gateways::answer(const Gateway& gateway, const Block* block, uint64_t latency_ns) {
  if (gateway.manner == Manner::kBusy && dice_.chance(0.3)) return exchange::TooBusy{kBusyForNs};
  if (gateway.manner == Manner::kFails && dice_.chance(0.8)) return exchange::Failed{"broke off"};
  if (gateway.manner == Manner::kStalls && dice_.chance(0.5)) return exchange::Failed{"stalled"};
  if (gateway.manner == Manner::kLies) return exchange::WrongBytes{"other bytes"};
  if (block == nullptr) return exchange::NotThere{"404"};
  const uint64_t bytes = modelled_bytes(block->data().view());
  const uint64_t rate = gateway.manner == Manner::kSlow ? kSlowBytesPerSecond : kBytesPerSecond;
  return exchange::GotBlock{bytes, latency_ns, latency_ns + bytes * kSecond / rate};
}

void Gateways::get(size_t number, const Cid& cid, Ended ended) {
  const Gateway& gateway = all_[number];
  const uint64_t latency_ns = dice_.between(10 * kMillisecond, 300 * kMillisecond);
  world_.events.after(latency_ns, [this, &gateway, cid, latency_ns, ended = std::move(ended)] {
    const Block* const block =
        world_.network.present(gateway.of) ? look_(gateway.of, cid) : nullptr;
    const exchange::Came came = answer(gateway, block, latency_ns);
    const auto* got = std::get_if<exchange::GotBlock>(&came);
    uint64_t left_ns = got == nullptr ? 0 : got->duration_ns - latency_ns;
    const bool stalls = got == nullptr && gateway.manner == Manner::kStalls;
    if (stalls && std::holds_alternative<exchange::Failed>(came)) left_ns = kStallNs;
    world_.events.after(left_ns, [ended, came, block, has = got != nullptr] {
      ended(came, has ? block : nullptr);
    });
  });
}

}  // namespace timerose::sim
