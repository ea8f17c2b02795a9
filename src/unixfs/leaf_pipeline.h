// Leaves on their way to a name: hashed on other threads while more are read, taken out in order.
#pragma once

#include <deque>
#include <future>
#include <optional>

#include "base/result.h"
#include "base/thread_pool.h"
#include "unixfs/chunk_reader.h"
#include "unixfs/importer.h"
#include "unixfs/layout.h"

namespace timerose::unixfs {

struct NamedLeaf {
  Block block;
  uint64_t content_bytes = 0;
};

// Used by one thread. With one thread to hash, pop() hashes; else threads start with the second
// leaf, so that a file of one leaf costs none.
class LeafPipeline {
 public:
  LeafPipeline(const Layout& layout, unsigned threads);

  void push(Leaf leaf);
  // The oldest leaf, named; waits for it. There must be one.
  Result<NamedLeaf> pop();

  [[nodiscard]] size_t size() const { return waiting_.size(); }
  // How many leaves to leave in while there are more to read: as many as keep the threads busy.
  [[nodiscard]] size_t wanted() const { return wanted_; }

 private:
  struct Waiting {
    Leaf leaf;
    std::optional<std::future<Result<Block>>> named;
  };

  const Layout layout_;
  const unsigned threads_;
  const size_t wanted_;
  std::deque<Waiting> waiting_;
  std::optional<ThreadPool> pool_;  // last: its tasks end before the rest goes
};

}  // namespace timerose::unixfs
