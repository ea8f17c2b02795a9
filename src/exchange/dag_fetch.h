// Which blocks of a DAG to ask for next: pure. Walks ahead of what has arrived, breadth and depth
// bounded, in the order in which a reader needs them.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "blockstore/multihash_set.h"
#include "multiformats/cid.h"

namespace timerose::exchange {

struct DagFetchLimits {
  uint64_t blocks_in_flight_max = 512;
  uint64_t bytes_in_flight_max = 32U << 20;  // by the sizes seen so far
  uint64_t links_waiting_max = 1U << 20;     // beyond it, blocks are read again for their links
};

class DagFetch {
 public:
  // What to do next: look in the store first, then ask.
  struct Next {
    std::vector<Cid> look;  // ask the store; then found() or missing()
  };

  DagFetch(Cid root, DagFetchLimits limits = {});
  ~DagFetch();

  // As many as fit into what may be in flight.
  std::vector<Cid> take_next();
  // The block is in the store: its links follow. An error for bytes that are not what their codec
  // says; it ends the fetch.
  Status arrived(const Cid& cid, ByteView data);
  [[nodiscard]] bool done() const;

  [[nodiscard]] uint64_t blocks_known() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace timerose::exchange
