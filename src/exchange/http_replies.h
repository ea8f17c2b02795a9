// What trustless gateways reply, taken and verified on the HTTP client's thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "exchange/car_stream.h"
#include "exchange/dag_check.h"
#include "exchange/http_client.h"
#include "exchange/source_policy.h"

namespace timerose::exchange {

// What a status that is not 200, or a reply that broke off, says of a gateway.
Came came_of(const HttpEnd& end);

// One block (application/vnd.ipld.raw).
class BlockReply final : public HttpReply {
 public:
  struct Arrived {
    Result<Block> block;
    Came came;
  };
  BlockReply(Cid cid, std::function<void(Arrived)> done)
      : cid_(std::move(cid)), done_(std::move(done)) {}

  bool begin(const std::string& content_type) override;
  Taken take(ByteView bytes) override;
  void end(const HttpEnd& end) override;

 private:
  const Cid cid_;
  const std::function<void(Arrived)> done_;
  Bytes bytes_;
  bool too_long_ = false;
};

// Bytes of blocks that have been handed over and not yet been looked at.
struct Backlog {
  static constexpr size_t kBytesMax = 8U << 20;
  std::atomic<size_t> bytes{0};
};

// A DAG as one CAR (application/vnd.ipld.car), whose blocks are handed over as they come. A backlog
// that is full holds the gateway back, until the client's resume().
class DagReply final : public HttpReply {
 public:
  struct Ended {
    Status status;  // success only for a whole DAG
    Came came;
  };
  using OnBlocks = std::function<void(std::vector<Block> blocks, uint64_t bytes)>;

  DagReply(const Cid& root, const DagPart& part, std::shared_ptr<Backlog> backlog,
           OnBlocks on_blocks, std::function<void(Ended)> done)
      : check_(root, part),
        backlog_(std::move(backlog)),
        on_blocks_(std::move(on_blocks)),
        done_(std::move(done)) {}

  bool begin(const std::string& content_type) override;
  Taken take(ByteView bytes) override;
  void end(const HttpEnd& end) override;

 private:
  CarStream stream_;
  DagCheck check_;
  const std::shared_ptr<Backlog> backlog_;
  const OnBlocks on_blocks_;
  const std::function<void(Ended)> done_;
  Status wrong_;
};

}  // namespace timerose::exchange
