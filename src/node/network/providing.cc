#include "node/network/providing.h"

#include <utility>

#include "blockstore/reach.h"

namespace timerose::node {
namespace {

// Blocks below a root that are handed to the loop together.
constexpr size_t kBelowAtOnce = 1024;

Error stopping() { return {ErrorCode::kCancelled, "the node is stopping"}; }

}  // namespace

Providing::Providing(const Parts& parts, ProvideStrategy strategy, ProvideRecords records)
    : parts_(parts),
      strategy_(strategy),
      soon_(std::move(records.soon)),
      provider_({parts.loop, parts.host, parts.clock,
                 strategy == ProvideStrategy::kNone
                     ? decltype(exchange::Provider::Parts::list)()
                     : [this](const exchange::KeyRegion& region,
                              exchange::Provider::OnListed on_listed) { list(region, on_listed); },
                 parts.busy},
                exchange::ProvidePlan(parts.clock.unix_ns(), records.swept_until_ns)) {}

Providing::~Providing() { *stopped_ = true; }

void Providing::start() {
  provider_.start();
  for (const auto& [cid, whole] : std::exchange(soon_, {})) kept(cid, whole);
}

void Providing::gained(const std::vector<Cid>& cids) {
  if (strategy_ != ProvideStrategy::kAll) return;
  for (const Cid& cid : cids) provider_.announce(cid.multihash_bytes(), false);
}

void Providing::kept(const Cid& root, bool whole) {
  if (strategy_ == ProvideStrategy::kNone) return;
  provider_.announce(root.multihash_bytes(), true);
  if (whole && strategy_ == ProvideStrategy::kPinned) announce_below(root);
}

void Providing::executed(const Cid& invocation) {
  if (strategy_ == ProvideStrategy::kNone) return;
  provider_.announce(invocation.multihash_bytes(), false);
}

bool Providing::sweep_again() {
  if (strategy_ == ProvideStrategy::kNone) return false;
  provider_.sweep_again();
  return true;
}

// What cannot be read is left to the sweep.
void Providing::announce_below(const Cid& root) {
  parts_.pool.submit([this, stopped = stopped_, root, &loop = parts_.loop, &store = parts_.store] {
    auto batch = std::make_shared<std::vector<Bytes>>();
    const auto hand_over = [&] {
      loop.post(
          [this, stopped, ready = std::exchange(batch, std::make_shared<std::vector<Bytes>>())] {
            if (*stopped) return;
            for (const Bytes& multihash : *ready) provider_.announce(multihash, false);
          });
    };
    const auto take = [&](const Cid& cid) -> Status {
      if (*stopped) return stopping();
      if (cid == root) return success();  // announced before all others
      batch->push_back(to_bytes(cid.multihash_bytes()));
      if (batch->size() == kBelowAtOnce) hand_over();
      return success();
    };
    Reached reached;
    const auto pass_over = [](const Cid&, const Error&) { return success(); };
    (void)reach(store, root, reached, {.block = take, .hole = pass_over});
    hand_over();
  });
}

void Providing::list(const exchange::KeyRegion& region,
                     const exchange::Provider::OnListed& on_listed) {
  parts_.pool.submit([stopped = stopped_, strategy = strategy_, region, on_listed,
                      &loop = parts_.loop, &store = parts_.store, &pins = parts_.pins] {
    auto blocks = std::make_shared<exchange::RegionBlocks>(region);
    Status listed = for_each_provided(strategy, store, pins, [&](ByteView multihash) -> Status {
      if (*stopped) return stopping();
      blocks->see(multihash);
      return success();
    });
    loop.post([on_listed, blocks, listed = std::move(listed)] {
      if (!listed.ok()) return on_listed(listed.error());
      on_listed(std::move(*blocks));
    });
  });
}

ProvideStat Providing::stat() const {
  return {strategy_, provider_.stat(), provider_.plan().interval_ns(), parts_.clock.unix_ns()};
}

ProvideRecords Providing::records() const {
  ProvideRecords records;
  records.swept_until_ns = provider_.plan().swept_until_ns();
  for (const Bytes& multihash : provider_.unfinished()) {
    if (records.soon.size() == ProvideRecords::kSoonMax) break;
    // Codecs do not matter to the DHT.
    auto cid = Cid::make(1, Codec::kRaw, multihash);
    if (cid.ok()) records.soon.push_back({*std::move(cid), false});
  }
  return records;
}

}  // namespace timerose::node
