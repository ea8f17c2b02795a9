#include "cli/content/content_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <memory>

#include "base/file.h"
#include "base/units.h"

namespace timerose::cli {
namespace {

// Often enough to be seen moving.
constexpr std::chrono::milliseconds kProgressEvery{100};

bool shown(ShowProgress progress, const Streams& streams) {
  if (isatty(streams.err) == 0) return false;
  return progress == ShowProgress::kOnTerminal || isatty(streams.out) == 0;
}

// One line of a terminal, written over and over, and wiped at the end.
class ProgressLine {
 public:
  explicit ProgressLine(int terminal) : terminal_(terminal) {}
  ~ProgressLine() {
    if (written_) write("");
  }
  ProgressLine(const ProgressLine&) = delete;

  void show(const exchange::FetchProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < kProgressEvery) return;
    last_ = now;
    write(fmt::format("fetched {} in {} blocks; {} blocks known", format_bytes(progress.bytes),
                      progress.blocks, progress.blocks_known));
  }

 private:
  void write(const std::string& text) {
    written_ = true;
    (void)write_all(terminal_, as_bytes("\r\033[K" + text));
  }

  int terminal_;
  bool written_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace

Result<SharedBytes> CommandBlockstore::get(const Cid& cid) {
  TR_TRY(check_not_cancelled(streams_));
  return below().get(cid);
}

Result<bool> CommandBlockstore::has(const Cid& cid) {
  TR_TRY(check_not_cancelled(streams_));
  return below().has(cid);
}

Result<uint64_t> CommandBlockstore::size(const Cid& cid) {
  TR_TRY(check_not_cancelled(streams_));
  return below().size(cid);
}

Status CommandBlockstore::put(std::span<const Block> blocks) {
  TR_TRY(check_not_cancelled(streams_));
  TR_TRY(below().put(blocks));
  exchange_.announce_all(blocks);
  return success();
}

Error ContentStore::not_here(Error error) const {
  error.message += fetching_.offline
                       ? "; without --offline the node would ask other nodes for it"
                       : "; `timerose node start --detach` starts a node that gets it from others";
  return error;
}

Error ContentStore::not_found(Error error) {
  if (error.code == ErrorCode::kNotFound) {
    error.message +=
        " (`timerose swarm connect ADDRESS`, --providers PEER, --timeout TIME; "
        "`timerose routing findprovs CID` tells who says to have it)";
  }
  return error;
}

Result<SharedBytes> ContentStore::get(const Cid& cid) {
  auto found = below().get(cid);
  if (found.ok() || found.error().code != ErrorCode::kNotFound) return found;
  if (exchange_ == nullptr) return not_here(std::move(found).error());
  start_ahead();
  auto fetched = exchange_->fetch_block(cid, options(streams_.cancelled));
  if (!fetched.ok()) return not_found(std::move(fetched).error());
  return fetched;
}

Result<uint64_t> ContentStore::size(const Cid& cid) {
  auto found = below().size(cid);
  if (found.ok() || found.error().code != ErrorCode::kNotFound) return found;
  if (exchange_ == nullptr) return not_here(std::move(found).error());
  const auto fetched = exchange_->fetch_block(cid, options(streams_.cancelled));
  if (!fetched.ok()) return not_found(fetched.error());
  return uint64_t{fetched->size()};
}

exchange::FetchOptions ContentStore::options(const CancelFlag* cancel) const {
  exchange::FetchOptions options;
  options.timeout_ms = fetching_.timeout_ms;
  options.providers = fetching_.providers;
  options.cancel = cancel;
  return options;
}

exchange::DagFetchOptions ContentStore::dag_options(const CancelFlag* cancel,
                                                    ShowProgress progress) const {
  exchange::DagFetchOptions options;
  static_cast<exchange::FetchOptions&>(options) = this->options(cancel);
  if (shown(progress, streams_)) {
    options.on_progress = [line = std::make_shared<ProgressLine>(streams_.err)](
                              const exchange::FetchProgress& now) { line->show(now); };
  }
  return options;
}

void ContentStore::read_ahead(const Cid& root, ShowProgress progress, uint64_t offset,
                              uint64_t length) {
  if (exchange_ == nullptr) return;
  stop_reading_ahead();
  const std::lock_guard lock(mutex_);
  stop_ahead_ = false;
  ahead_.emplace(Ahead{root, dag_options(&stop_ahead_, progress)});
  ahead_->options.offset = offset;
  ahead_->options.length = length;
}

void ContentStore::start_ahead() {
  const std::lock_guard lock(mutex_);
  if (!ahead_) return;
  ahead_thread_ = std::thread([this, ahead = std::make_unique<Ahead>(*std::move(ahead_))] {
    // The reader meets the same failure, and tells it.
    (void)exchange_->fetch_dag(ahead->root, ahead->options);
  });
  ahead_.reset();
}

void ContentStore::stop_reading_ahead() {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    ahead_.reset();
    stop_ahead_ = true;
    thread = std::move(ahead_thread_);
  }
  if (thread.joinable()) thread.join();
}

Status ContentStore::fetch_all(const Cid& root) {
  if (exchange_ == nullptr) return success();
  Status fetched =
      exchange_->fetch_dag(root, dag_options(streams_.cancelled, ShowProgress::kOnTerminal));
  if (!fetched.ok()) return not_found(std::move(fetched).error());
  return fetched;
}

}  // namespace timerose::cli
