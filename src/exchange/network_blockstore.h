// A store that fetches what it lacks: what stands above it need not know of the network.
#pragma once

#include "blockstore/forwarding_blockstore.h"
#include "exchange/exchange.h"

namespace timerose::exchange {

// get() and size() of a block that is not in `local` ask the exchange; has() answers for `local`
// alone; what is put is announced to those who wait for it. Both must outlive it. Thread-safe, not
// for the loop's thread.
class NetworkBlockstore final : public ForwardingBlockstore {
 public:
  NetworkBlockstore(Blockstore& local, Exchange& exchange, FetchOptions options)
      : ForwardingBlockstore(local), exchange_(exchange), options_(std::move(options)) {}

  Result<SharedBytes> get(const Cid& cid) override;
  Result<uint64_t> size(const Cid& cid) override;
  using Blockstore::put;
  Status put(std::span<const Block> blocks) override;

 private:
  Exchange& exchange_;
  const FetchOptions options_;
};

}  // namespace timerose::exchange
