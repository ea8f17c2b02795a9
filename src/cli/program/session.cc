#include "cli/program/session.h"

#include "node/daemon/daemon.h"
#include "node/records/provide_records.h"

namespace timerose::cli {

Session::Session(Clock& clock, Random& random, std::filesystem::path repository_path)
    : clock_(clock),
      random_(random),
      repository_path_(std::move(repository_path)),
      out_(streams_) {}

Session::Session(Clock& clock, Random& random, node::Daemon& daemon, const Streams& streams)
    : clock_(clock),
      random_(random),
      repository_path_(daemon.repository().path()),
      streams_(streams),
      out_(streams_),
      daemon_(&daemon) {}

Session::~Session() = default;

Result<node::Repository*> Session::repository() {
  if (daemon_ != nullptr) return &daemon_->repository();
  if (!repository_) {
    TR_ASSIGN(repository_, node::Repository::open(repository_path_, {clock_, random_}));
  }
  return repository_.get();
}

Result<Blockstore*> Session::blockstore(Access access) {
  TR_ASSIGN(auto* opened, repository());
  TR_ASSIGN(auto* store, opened->blockstore(access));
  if (!hold_) hold_ = store->hold();
  if (daemon_ == nullptr) return store;
  if (!of_command_) {
    of_command_ =
        std::make_unique<CommandBlockstore>(*store, streams_, daemon_->network().exchange());
  }
  return of_command_.get();
}

Result<ContentStore*> Session::content(Access access) {
  TR_ASSIGN(auto* local, blockstore(access));
  if (!content_) {
    exchange::Exchange* exchange =
        daemon_ != nullptr && !fetching_.offline ? &daemon_->network().exchange() : nullptr;
    content_ = std::make_unique<ContentStore>(*local, exchange, fetching_, streams_);
  }
  return content_.get();
}

void Session::provide_kept(const Cid& root, bool whole) {
  if (daemon_ != nullptr) return daemon_->network().provide_kept(root, whole);
  // If it cannot be noted, the node comes to it within a day.
  auto opened = repository();
  if (opened.ok()) (void)node::ProvideRecords::add_soon((*opened)->records(), {root, whole});
}

Result<node::Network*> Session::network() {
  if (daemon_ != nullptr && !fetching_.offline) return &daemon_->network();
  return Error{ErrorCode::kNotFound,
               daemon_ != nullptr
                   ? "this command asks other nodes, so it does not go with --offline"
                   : "no node runs for this repository; start one by `timerose node start "
                     "--detach`"};
}

Result<names::NameService*> Session::names() {
  if (daemon_ != nullptr && !fetching_.offline) return &daemon_->names();
  if (!naming_) {
    TR_ASSIGN(auto* opened, repository());
    naming_ = std::make_unique<node::Naming>(*opened, clock_);
  }
  return &naming_->service();
}

Result<compute::Executor*> Session::executor() {
  TR_ASSIGN(auto* opened, repository());
  if (daemon_ == nullptr || !fetching_.offline) return opened->executor();
  if (!offline_executor_) {
    TR_ASSIGN(auto* store, blockstore());
    TR_ASSIGN(auto* memo, opened->memo());
    TR_ASSIGN(auto* engine, opened->engine());
    TR_ASSIGN(auto* modules, opened->modules());
    TR_ASSIGN(const auto* key, opened->key());
    offline_executor_.emplace(
        compute::Executor::Parts{*store, *memo, *engine, *modules, *key, clock_});
  }
  return &*offline_executor_;
}

}  // namespace timerose::cli
