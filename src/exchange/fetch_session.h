// What somebody waits for: a block, or a DAG. The fetcher brings the blocks.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "exchange/bitswap/client.h"
#include "exchange/call.h"
#include "exchange/dag_fetch.h"
#include "exchange/dag_part.h"

namespace timerose::exchange {

class Fetcher;

// Of the loop's thread. It ends itself by Fetcher::finish(), after which it is gone.
class FetchSession {
 public:
  FetchSession(Fetcher& fetcher, bitswap::SessionId id, std::shared_ptr<Call> call,
               uint64_t timeout_ns)
      : fetcher_(fetcher), id_(id), call_(std::move(call)), timeout_ns_(timeout_ns) {}
  virtual ~FetchSession() = default;

  [[nodiscard]] bitswap::SessionId id() const { return id_; }
  [[nodiscard]] const Call& call() const { return *call_; }

  virtual void start() = 0;
  // A block that it waits for is in the store.
  virtual void on_block(const Cid& cid, const SharedBytes& data) = 0;
  // After some blocks.
  virtual void settle() = 0;
  // The want's time is over.
  virtual void on_give_up(const Cid& cid, const std::string& why) = 0;
  // When what is asked for now is to be given up.
  [[nodiscard]] virtual uint64_t deadline_ns() const = 0;
  // What of a DAG another source may bring as one stream; nothing while that makes no sense.
  struct Stream {
    Cid root;
    DagPart part;
  };
  [[nodiscard]] virtual std::optional<Stream> as_stream() const { return std::nullopt; }
  // Blocks that were to come another way: they are here by now, or to be asked for.
  virtual void look_again(std::vector<Cid> cids) = 0;
  void fail(Error error);

  // Peers that may have it, and what other sources said: for the message of a failure.
  std::set<PeerId> providers;
  std::string said;
  // Peers that have had blocks of it.
  std::set<PeerId> helpers;
  // What the fetcher is to tell it of.
  std::unordered_set<Cid> expected;
  // Of these, what only another source was asked for.
  std::unordered_set<Cid> lent;
  // Whether another source is sending the whole of it, and whether one was asked to.
  bool streams = false;
  bool streamed = false;

 protected:
  void succeed(SharedBytes block = {});

  Fetcher& fetcher_;
  const bitswap::SessionId id_;
  const std::shared_ptr<Call> call_;
  const uint64_t timeout_ns_;
};

class BlockSession final : public FetchSession {
 public:
  BlockSession(Fetcher& fetcher, bitswap::SessionId id, std::shared_ptr<Call> call,
               uint64_t timeout_ns, const Cid& cid);

  void start() override;
  void on_block(const Cid& cid, const SharedBytes& data) override;
  void look_again(std::vector<Cid> cids) override;
  void settle() override {}
  void on_give_up(const Cid& cid, const std::string& why) override;
  [[nodiscard]] uint64_t deadline_ns() const override { return deadline_ns_; }

 private:
  const Cid cid_;
  uint64_t deadline_ns_;
};

class DagSession final : public FetchSession {
 public:
  // The store makes durable what was fetched every so often, so that little is lost by a crash.
  static constexpr uint64_t kFlushNs = 5'000'000'000;
  // Questions to the store at a time.
  static constexpr size_t kLooksMax = 4;

  DagSession(Fetcher& fetcher, bitswap::SessionId id, std::shared_ptr<Call> call,
             uint64_t timeout_ns, const Cid& root, ByteRange range, const DagFetchLimits& limits);

  void start() override { settle(); }
  void look_again(std::vector<Cid> cids) override { look_up(std::move(cids)); }
  void on_block(const Cid& cid, const SharedBytes& data) override;
  void settle() override;
  void on_give_up(const Cid& cid, const std::string& why) override;
  [[nodiscard]] uint64_t deadline_ns() const override { return progress_ns_ + timeout_ns_; }
  [[nodiscard]] std::optional<Stream> as_stream() const override;

 private:
  struct Looked;
  static Looked look(const std::vector<Cid>& cids, Blockstore& store);
  void look_up(std::vector<Cid> cids);
  void looked(Looked result);
  Status take(const Cid& cid, const SharedBytes& data);
  void flush_if_due();

  const Cid root_;
  const ByteRange range_;
  DagFetch fetch_;
  FetchProgress progress_;
  uint64_t progress_ns_;
  uint64_t flushed_ns_;
  size_t looks_ = 0;
  std::optional<Error> failed_;
};

}  // namespace timerose::exchange
