// What a command works with: the machine, the repository (opened when first asked for, or lent by
// the daemon that carries the command out), the network, and the standard streams.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "cli/content/content_store.h"
#include "cli/program/output.h"
#include "cli/program/streams.h"
#include "node/repository.h"

namespace timerose::names {
class NameService;
}

namespace timerose::node {
class Daemon;
class Naming;
class Network;
}  // namespace timerose::node

namespace timerose::cli {

class Session {
 public:
  // Of a process of its own.
  Session(Clock& clock, Random& random, std::filesystem::path repository_path);
  // Of one command in a daemon, which lends its repository and its network to many at a time.
  Session(Clock& clock, Random& random, node::Daemon& daemon, const Streams& streams);
  ~Session();

  [[nodiscard]] Output& out() { return out_; }
  [[nodiscard]] const Streams& streams() const { return streams_; }
  void complain(std::string_view message) const { cli::complain(streams_, message); }
  [[nodiscard]] Clock& clock() { return clock_; }
  [[nodiscard]] Random& random() { return random_; }
  [[nodiscard]] const std::filesystem::path& repository_path() const { return repository_path_; }

  // The user's repository, made at first use.
  Result<node::Repository*> repository();
  // Its blocks, with a hold on them until the session ends (see guarded_blockstore.h). The same
  // store each time; once it was asked for to write, it may be written to.
  Result<Blockstore*> blockstore(Access access = Access::kReadWrite);

  // The same blocks, and behind them, where a daemon lends its network, those of other nodes.
  // Without one, an error for a block that is not here says what to do.
  Result<ContentStore*> content(Access access = Access::kReadOnly);
  // How content is fetched; to be set before content() is first asked for.
  void set_fetching(Fetching fetching) { fetching_ = std::move(fetching); }
  [[nodiscard]] const Fetching& fetching() const { return fetching_; }

  // kNotFound says how to start a node, if none runs or --offline was given.
  Result<node::Network*> network();
  // Without a node, or with --offline: local records and DNSLink.
  Result<names::NameService*> names();
  // Tells the DHT, as the settings say, of content that is to be kept; a node that is started later
  // does it then. `whole`: with what is below `root`.
  void provide_kept(const Cid& root, bool whole);
  // What runs functions: it reads as content() does.
  Result<compute::Executor*> executor();
  // Null in a process of its own.
  [[nodiscard]] node::Daemon* daemon() { return daemon_; }

 private:
  Clock& clock_;
  Random& random_;
  std::filesystem::path repository_path_;
  Streams streams_;
  Output out_;
  node::Daemon* daemon_ = nullptr;
  Fetching fetching_;
  std::unique_ptr<node::Repository> repository_;
  std::optional<GuardedBlockstore::Hold> hold_;
  std::unique_ptr<Blockstore> of_command_;  // blockstore() in a daemon
  std::unique_ptr<ContentStore> content_;
  std::unique_ptr<node::Naming> naming_;
  std::optional<compute::Executor> offline_executor_;
};

}  // namespace timerose::cli
