// Which blocks of a DAG are needed next: pure. Walks ahead of what has arrived, in the order in
// which a reader needs the blocks: depth first, each block once, as wide as may be in flight.
//
// What it holds: the names of the blocks it has taken, a place for each level of the walk, and
// links_waiting_max links. Where there are more, the links farthest from being needed are let go,
// and their block is read once more when their turn comes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "multiformats/cid.h"

namespace timerose::exchange {

struct DagFetchLimits {
  uint64_t blocks_in_flight_max = 1024;
  uint64_t bytes_in_flight_max = 32U << 20;  // by the sizes seen so far
  uint64_t links_waiting_max = 1U << 18;
};

// Which bytes of the file at the root; all of what is below a root that is no file.
struct ByteRange {
  uint64_t offset = 0;
  uint64_t length = UINT64_MAX;
};

class DagFetch {
 public:
  explicit DagFetch(const Cid& root, ByteRange range = {}, const DagFetchLimits& limits = {});
  ~DagFetch();

  // The next blocks, as many as may be in flight beside those that are. Ask the store first: some
  // may be there, and a block that was let go of comes again.
  std::vector<Cid> take_next();
  // Its links follow, if it was in flight. An error for bytes that are not what their codec says,
  // or of a codec whose links cannot be known; it ends the fetch.
  Status arrived(const Cid& cid, const SharedBytes& data);
  // For a block whose bytes need not be read, as it cannot have links.
  void arrived_leaf(const Cid& cid, uint64_t bytes);
  static bool is_leaf(const Cid& cid) { return cid.codec() == Codec::kRaw; }

  [[nodiscard]] bool done() const;

  [[nodiscard]] uint64_t blocks_known() const;  // arrived, in flight, and links to others
  [[nodiscard]] uint64_t blocks_in_flight() const;
  [[nodiscard]] uint64_t links_waiting() const;  // that it holds

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace timerose::exchange
