// timerose devnet: a network of nodes on this machine, for trying things out.
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "base/units.h"
#include "cli/mesh/devnet_node.h"
#include "cli/mesh/devnet_topology.h"
#include "cli/program/grammar.h"
#include "node/repository.h"

namespace timerose::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNodesMax = 64;
constexpr int kRefreshMs = 1000;
// How long, and how often, it is asked whether a node knows the others.
constexpr int kKnownSteps = 50;
constexpr auto kKnownStep = std::chrono::milliseconds(100);

struct DevnetOptions {
  std::string nodes;
  std::string topology = "full";
  std::string folder;
};

// Where the repositories are: a folder that was named, which stays, or one that goes at the end.
class Folder {
 public:
  static Result<Folder> make(const std::string& named) {
    std::error_code failure;
    if (!named.empty()) {
      fs::create_directories(named, failure);
      if (failure) return errno_error(failure.value(), "making the folder " + named);
      return Folder(fs::absolute(named), false);
    }
    std::string path = (fs::temp_directory_path(failure) / "timerose-devnet-XXXXXX").string();
    if (failure || mkdtemp(path.data()) == nullptr) return errno_error(errno, "making " + path);
    return Folder(path, true);
  }
  Folder(Folder&& other) noexcept
      : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, false)) {}
  ~Folder() {
    std::error_code ignored;
    if (temporary_) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  Folder(fs::path path, bool temporary) : path_(std::move(path)), temporary_(temporary) {}
  fs::path path_;
  bool temporary_;
};

// The nodes, ended when this goes.
class Devnet {
 public:
  explicit Devnet(Session& session) : session_(session) {}
  ~Devnet() {
    for (const DevnetNode& node : nodes_) node.end();
    for (DevnetNode& node : nodes_) node.wait_for_end();
  }
  Devnet(const Devnet&) = delete;

  Status start(size_t count, const fs::path& folder) {
    for (size_t i = 0; i < count; ++i) {
      const std::string name = fmt::format("node{}", i);
      TR_TRY(prepare(folder / name));
      TR_ASSIGN(auto node, DevnetNode::start(name, folder / name));
      nodes_.push_back(std::move(node));
    }
    for (DevnetNode& node : nodes_) TR_TRY(node.wait_until_ready());
    return success();
  }

  // All of one person: each executes for the others, and believes them.
  Status trust_each_other() {
    for (const DevnetNode& node : nodes_) {
      std::vector<std::string> words{"trust", "add"};
      for (const DevnetNode& other : nodes_) {
        if (&other != &node) words.push_back(other.peer_id());
      }
      if (nodes_.size() > 1) TR_TRY(node.ask(words));
    }
    return success();
  }

  Status join(Topology topology) {
    for (const auto& [from, to] : links_of(topology, nodes_.size())) {
      TR_TRY(nodes_[from].ask({"swarm", "connect", nodes_[to].addresses().front()}));
    }
    return success();
  }

  // Until the first has heard of all, if that does not take long.
  Status wait_until_known() {
    for (int steps = 0; steps < kKnownSteps; ++steps) {
      TR_ASSIGN(const std::string listed, nodes_.front().ask({"nodes"}));
      if (std::ranges::count(listed, '\n') > static_cast<ptrdiff_t>(nodes_.size())) break;
      std::this_thread::sleep_for(kKnownStep);
    }
    return success();
  }

  // How to end them, and to make the first that of all commands of a shell.
  [[nodiscard]] std::string what_to_do() const {
    return fmt::format(
        "ctrl-C ends all nodes; to use {} in another terminal: export TIMEROSE_PATH={}\n",
        nodes_.front().name(), fs::absolute(nodes_.front().repository()).string());
  }

  std::string table() {
    size_t width = 0;
    for (const DevnetNode& node : nodes_) {
      width = std::max(width, node.addresses().front().find("/p2p/"));
    }
    std::string text = fmt::format("{:<7} {:<52} {:<{}} {:>5}  {}\n", "NAME", "PEERID", "ADDRESS",
                                   width, "PEERS", "REPOSITORY (--repo-dir)");
    for (DevnetNode& node : nodes_) {
      const std::string& address = node.addresses().front();
      text += fmt::format("{:<7} {:<52} {:<{}} {:>5}  {}\n", node.name(), node.peer_id(),
                          address.substr(0, address.find("/p2p/")), width, peers_of(node),
                          node.repository().string());
    }
    return text;
  }

 private:
  // Nodes that know each other answer for each other: nobody else reaches them.
  Status prepare(const fs::path& repository) {
    TR_ASSIGN(auto made, node::Repository::open(repository, {session_.clock(), session_.random()}));
    TR_ASSIGN(auto config, made->config());
    TR_TRY(config.set("Addresses.Listen", "loopback"));
    TR_TRY(config.set("Discovery.MDNS", "false"));
    TR_TRY(config.set("Routing.Mode", "server"));
    TR_ASSIGN(const std::string labels, config.get("Node.Labels"));
    if (labels.empty()) TR_TRY(config.set("Node.Labels", "name=" + repository.filename().string()));
    return made->save_config(config);
  }

  static std::string peers_of(DevnetNode& node) {
    if (!node.running()) return "ended";
    const auto peers = node.ask({"swarm", "peers"});
    if (!peers.ok()) return "?";
    return std::to_string(std::ranges::count(*peers, '\n'));
  }

  Session& session_;
  std::vector<DevnetNode> nodes_;
};

// The table, on a terminal over and over, until one of `signals` comes.
Status show_until_ended(Session& session, Devnet& devnet, const FileDescriptor& signals) {
  const bool terminal = isatty(session.streams().out) != 0;
  pollfd ended{signals.get(), POLLIN, 0};
  for (bool first = true;; first = false) {
    const std::string text = devnet.table() + devnet.what_to_do();
    const auto lines = std::ranges::count(text, '\n');
    if (!first) TR_TRY(session.out().write(fmt::format("\033[{}A\033[J", lines)));
    TR_TRY(session.out().write(text));
    TR_TRY(session.out().flush());
    const int came = poll(&ended, 1, terminal ? kRefreshMs : -1);
    if (came > 0) return success();
    if (came < 0 && errno != EINTR) return errno_error(errno, "waiting for the end");
  }
}

// Blocked only after the nodes were started: they inherit the mask.
Result<FileDescriptor> take_ending_signals(const sigset_t& signals) {
  FileDescriptor readable(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!readable.valid()) return errno_error(errno, "waiting for signals");
  return readable;
}

Result<int> devnet(Session& session, const DevnetOptions& options) {
  TR_ASSIGN(const uint64_t count, parse_count(options.nodes));
  TR_ASSIGN(const Topology topology, topology_named(options.topology));
  if (count == 0 || count > kNodesMax) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("expected 1 to {} nodes; found {}", kNodesMax, count)};
  }
  sigset_t signals;
  sigemptyset(&signals);
  for (const int one : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, one);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  TR_ASSIGN(const FileDescriptor ending, take_ending_signals(signals));
  TR_ASSIGN(const Folder folder, Folder::make(options.folder));
  Devnet nodes(session);
  TR_TRY(nodes.start(count, folder.path()));
  TR_TRY(nodes.trust_each_other());
  TR_TRY(nodes.join(topology));
  TR_TRY(nodes.wait_until_known());
  TR_TRY(show_until_ended(session, nodes, ending));
  return kExitSuccess;
}

}  // namespace

void add_devnet_command(Grammar& grammar) {
  auto options = std::make_shared<DevnetOptions>();
  CLI::App* command = add_command(
      grammar, grammar.root, "devnet",
      {"Run N joined nodes on this machine, until ctrl-C, for trying things out",
       "  timerose devnet 3\n"
       "  timerose devnet 10 --topology ring --dir nets/ten\n"
       "  timerose --repo-dir REPOSITORY add book.txt      with a repository of the table\n"
       "All nodes trust each other, so a call that one is asked to run may run on another. Each\n"
       "node has its own repository, in a temporary folder that goes at the end, or below\n"
       "--dir, where they stay."},
      [options](Session& session) { return devnet(session, *options); });
  grammar.own_commands.push_back(command);
  command->group("Network");
  add_word(*command, "N", options->nodes, "How many nodes");
  add_text(*command, "--topology", options->topology, "Who is connected to whom (default: full)")
      ->type_name("full|ring|star|line");
  add_text(*command, "--dir", options->folder, "Where to keep the repositories")
      ->type_name("FOLDER");
}

}  // namespace timerose::cli
