#include "exchange/fetch_session.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "exchange/fetcher.h"

namespace timerose::exchange {

void FetchSession::fail(Error error) {
  call_->end(std::move(error));
  fetcher_.finish(*this);
}

void FetchSession::succeed(SharedBytes block) {
  call_->end(success(), std::move(block));
  fetcher_.finish(*this);
}

// --- One block ---

BlockSession::BlockSession(Fetcher& fetcher, bitswap::SessionId id, std::shared_ptr<Call> call,
                           uint64_t timeout_ns, const Cid& cid)
    : FetchSession(fetcher, id, std::move(call), timeout_ns),
      cid_(cid),
      deadline_ns_(fetcher.now_ns() + timeout_ns) {}

void BlockSession::start() {
  fetcher_.expect(*this, {cid_});
  fetcher_.ask(*this, {cid_});
  // It may have come while the caller was on its way here.
  fetcher_.jobs().run(
      [&fetcher = fetcher_, &store = fetcher_.store(), id = id_, cid = cid_]() -> JobQueue::Then {
        auto data = store.get(cid);
        if (!data.ok()) return nullptr;
        return [&fetcher, id, cid, data = std::move(*data)] {
          FetchSession* const session = fetcher.find(id);
          if (session != nullptr) session->on_block(cid, data);
        };
      });
}

void BlockSession::look_again(std::vector<Cid> /*cids*/) {
  fetcher_.jobs().run(
      [&fetcher = fetcher_, &store = fetcher_.store(), id = id_, cid = cid_]() -> JobQueue::Then {
        auto data = store.get(cid);
        return [&fetcher, id, cid, data = std::move(data)] {
          FetchSession* const session = fetcher.find(id);
          if (session == nullptr) return;
          if (data.ok()) return session->on_block(cid, *data);
          fetcher.ask(*session, {cid});
        };
      });
}

void BlockSession::on_block(const Cid& /*cid*/, const SharedBytes& data) { succeed(data); }

void BlockSession::on_give_up(const Cid& cid, const std::string& why) {
  fail(Error{ErrorCode::kNotFound, fmt::format("block {} could not be fetched within {} s: {}",
                                               cid.to_string(), timeout_ns_ / 1e9, why)});
}

// --- A DAG ---

struct DagSession::Looked {
  struct Here {
    Cid cid;
    SharedBytes data;  // none of a leaf
    uint64_t bytes;
  };
  std::vector<Here> here;
  std::vector<Cid> missing;
  std::optional<Error> failed;
};

DagSession::DagSession(Fetcher& fetcher, bitswap::SessionId id, std::shared_ptr<Call> call,
                       uint64_t timeout_ns, const Cid& root, ByteRange range,
                       const DagFetchLimits& limits)
    : FetchSession(fetcher, id, std::move(call), timeout_ns),
      root_(root),
      range_(range),
      fetch_(root, range, limits),
      progress_ns_(fetcher.now_ns()),
      flushed_ns_(progress_ns_) {}

// From the root on, as long as nothing of it is here.
std::optional<FetchSession::Stream> DagSession::as_stream() const {
  if (progress_.blocks > 0 || !expected.contains(root_)) return std::nullopt;
  const bool all = range_.offset == 0 && range_.length == UINT64_MAX;
  if (all) return Stream{root_, {}};
  const uint64_t end =
      range_.length > UINT64_MAX - range_.offset ? UINT64_MAX : range_.offset + range_.length;
  return Stream{root_, {DagScope::kEntity, FileBytes{range_.offset, end}}};
}

void DagSession::on_block(const Cid& cid, const SharedBytes& data) {
  ++progress_.blocks;
  progress_.bytes += data.size();
  progress_ns_ = fetcher_.now_ns();
  const Status taken = take(cid, data);
  if (!taken.ok() && !failed_) failed_ = taken.error();
}

Status DagSession::take(const Cid& cid, const SharedBytes& data) {
  return fetch_.arrived(cid, data);
}

void DagSession::settle() {
  if (failed_) return fail(std::move(*failed_));
  while (looks_ < kLooksMax) {
    std::vector<Cid> next = fetch_.take_next();
    if (next.empty()) break;
    look_up(std::move(next));
  }
  progress_.blocks_known = fetch_.blocks_known();
  call_->report(progress_);
  if (fetch_.done()) return succeed();
  flush_if_due();
}

// Blocks that are in the store already are not asked for again.
void DagSession::look_up(std::vector<Cid> cids) {
  fetcher_.expect(*this, cids);
  ++looks_;
  fetcher_.jobs().run([&fetcher = fetcher_, &store = fetcher_.store(), id = id_,
                       cids = std::move(cids)]() -> JobQueue::Then {
    auto result = std::make_shared<Looked>(look(cids, store));
    return [&fetcher, id, result] {
      auto* const session = dynamic_cast<DagSession*>(fetcher.find(id));
      if (session != nullptr) session->looked(std::move(*result));
    };
  });
}

DagSession::Looked DagSession::look(const std::vector<Cid>& cids, Blockstore& store) {
  Looked result;
  for (const Cid& cid : cids) {
    Status status;
    if (DagFetch::is_leaf(cid)) {
      auto bytes = store.size(cid);
      if (bytes.ok()) result.here.push_back({cid, {}, *bytes});
      if (!bytes.ok()) status = std::move(bytes).error();
    } else {
      auto data = store.get(cid);
      if (data.ok()) result.here.push_back({cid, *data, data->size()});
      if (!data.ok()) status = std::move(data).error();
    }
    if (status.ok()) continue;
    if (status.error().code == ErrorCode::kNotFound) {
      result.missing.push_back(cid);
    } else if (!result.failed) {
      result.failed = std::move(status).error();
    }
  }
  return result;
}

void DagSession::looked(Looked result) {
  --looks_;
  if (result.failed) return fail(std::move(*result.failed));
  for (const Looked::Here& one : result.here) {
    if (!fetcher_.stop_expecting(*this, one.cid)) continue;
    progress_ns_ = fetcher_.now_ns();
    if (DagFetch::is_leaf(one.cid)) {
      fetch_.arrived_leaf(one.cid, one.bytes);
    } else if (const Status taken = take(one.cid, one.data); !taken.ok()) {
      return fail(taken.error());
    }
  }
  std::erase_if(result.missing, [this](const Cid& cid) { return !expected.contains(cid); });
  if (!result.missing.empty()) fetcher_.ask(*this, std::move(result.missing));
  settle();
}

// While other blocks come, one that does not is asked for again.
void DagSession::on_give_up(const Cid& cid, const std::string& why) {
  if (fetcher_.now_ns() < deadline_ns()) return fetcher_.ask(*this, {cid});
  if (progress_.blocks == 0) {
    return fail(
        Error{ErrorCode::kNotFound, fmt::format("block {} could not be fetched within {} s: {}",
                                                cid.to_string(), timeout_ns_ / 1e9, why)});
  }
  fail(Error{
      ErrorCode::kNotFound,
      fmt::format("block {} of {} could not be fetched, and no other came within {} s ({} "
                  "blocks are here, run the same again to go on): {}",
                  cid.to_string(), root_.to_string(), timeout_ns_ / 1e9, progress_.blocks, why)});
}

void DagSession::flush_if_due() {
  const uint64_t now = fetcher_.now_ns();
  if (now - flushed_ns_ < kFlushNs) return;
  flushed_ns_ = now;
  fetcher_.jobs().run(
      [&fetcher = fetcher_, &store = fetcher_.store(), id = id_]() -> JobQueue::Then {
        Status flushed = store.flush();
        if (flushed.ok()) return nullptr;
        return [&fetcher, id, error = std::move(flushed).error()] {
          if (FetchSession* const session = fetcher.find(id); session != nullptr)
            session->fail(error);
        };
      });
}

}  // namespace timerose::exchange
