#include "node/network/provide_strategy.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace timerose::node {
namespace {

constexpr auto kStrategyNames = std::to_array<std::pair<ProvideStrategy, const char*>>({
    {ProvideStrategy::kAll, "all"},
    {ProvideStrategy::kPinned, "pinned"},
    {ProvideStrategy::kRoots, "roots"},
    {ProvideStrategy::kNone, "none"},
});

}  // namespace

Result<ProvideStrategy> provide_strategy_named(std::string_view name) {
  for (const auto& [strategy, known] : kStrategyNames) {
    if (name == known) return strategy;
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("expected all, pinned, roots or none; found '{}'", name)};
}

const char* provide_strategy_name(ProvideStrategy strategy) {
  return kStrategyNames.at(static_cast<size_t>(strategy)).second;
}

Status for_each_provided(ProvideStrategy strategy, Blockstore& store, Pins& pins,
                         const std::function<Status(ByteView multihash)>& visit) {
  switch (strategy) {
    case ProvideStrategy::kNone:
      return success();
    case ProvideStrategy::kAll:
      return store.for_each([&](ByteView multihash, uint64_t) { return visit(multihash); });
    case ProvideStrategy::kRoots:
    case ProvideStrategy::kPinned:
      break;
  }
  TR_TRY(pins.for_each(std::nullopt,
                       [&](const Pin& pin) { return visit(pin.cid.multihash_bytes()); }));
  if (strategy == ProvideStrategy::kRoots) return success();
  return pins.for_each_indirect(store,
                                [&](const Cid& cid) { return visit(cid.multihash_bytes()); });
}

}  // namespace timerose::node
