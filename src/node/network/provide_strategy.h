// Which blocks of a repository its node announces to the DHT, again and again.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "blockstore/blockstore.h"
#include "blockstore/pins.h"

namespace timerose::node {

enum class ProvideStrategy {
  kAll,     // whatever is in the store
  kPinned,  // what is pinned, with all that is below
  kRoots,   // what is pinned, without what is below
  kNone,
};

// "all", "pinned", "roots" or "none". kInvalidArgument lists them.
Result<ProvideStrategy> provide_strategy_named(std::string_view name);
const char* provide_strategy_name(ProvideStrategy strategy);

// Each of these blocks at least once, those that are missing included. An error of the visit ends
// it.
Status for_each_provided(ProvideStrategy strategy, Blockstore& store, Pins& pins,
                         const std::function<Status(ByteView multihash)>& visit);

}  // namespace timerose::node
