#include "cli/calls/job_watch.h"

#include <fmt/format.h>
#include <unistd.h>

namespace timerose::cli {
namespace {

// A job has its own deadline: there is no other limit.
constexpr uint64_t kForEverMs = 1ULL << 40;

void show(const scheduler::execute::Log& log, const wasi::Context::OnWrite& on_write,
          node::Seen& seen) {
  const bool is_stdout = log.stream == scheduler::execute::Written::kStdout;
  uint64_t& shown = is_stdout ? seen.stdout_bytes : seen.stderr_bytes;
  if (!on_write || log.position != shown) return;
  on_write(is_stdout ? STDOUT_FILENO : STDERR_FILENO, log.bytes);
  shown += log.bytes.size();
}

std::string counted(const std::vector<PeerId>& peers, std::string_view what) {
  if (peers.size() == 1) return fmt::format("{} is {}", peers.front().to_string(), what);
  return fmt::format("{} nodes are {}", peers.size(), what);
}

// "waiting: 3 nodes are busy, PEER is out of reach; asked again in 0.2 s (why)".
std::string waiting_text(const scheduler::jobs::Waiting& waiting) {
  std::string out;
  const auto add = [&out](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
  if (!waiting.busy.empty()) add(counted(waiting.busy, "busy"));
  if (!waiting.out_of_reach.empty()) add(counted(waiting.out_of_reach, "out of reach"));
  if (waiting.queued_at) {
    add(fmt::format("{} has taken the call, behind {} other{}", waiting.queued_at->to_string(),
                    waiting.ahead, waiting.ahead == 1 ? "" : "s"));
  }
  if (out.empty() && !waiting.silent.empty()) {
    add(counted(waiting.silent, "asked, and has not said yet that it takes the call"));
  }
  if (out.empty()) add("for nodes");
  if (waiting.again_in_ms > 0) {
    out +=
        fmt::format("; asked again in {:.1f} s", static_cast<double>(waiting.again_in_ms) * 1e-3);
  }
  if (waiting.patience_ms > 0) {
    out += fmt::format(", for {} s at most", (waiting.patience_ms + 999) / 1000);
  }
  if (!waiting.why.empty()) out += fmt::format(" ({})", waiting.why);
  return "waiting: " + out;
}

}  // namespace

std::shared_ptr<node::JobChannel> new_job_watcher(const Session& session) {
  return std::make_shared<node::JobChannel>(node::Ask{kForEverMs, session.streams().cancelled});
}

Result<std::shared_ptr<const node::JobEnd>> follow_job(const Session& session,
                                                       node::JobChannel& watcher,
                                                       const LiveOutput& live, node::Seen& seen,
                                                       const OnExplained& on_explained) {
  while (true) {
    TR_ASSIGN(node::JobNews news, watcher.only());
    if (const auto* log = std::get_if<scheduler::execute::Log>(&news)) {
      show(*log, live.on_write(), seen);
      TR_TRY(live.reader());
    } else if (const auto* explanation =
                   std::get_if<std::shared_ptr<const scheduler::Explanation>>(&news)) {
      if (on_explained) TR_TRY(on_explained(**explanation));
    } else if (const auto* waiting = std::get_if<scheduler::jobs::Waiting>(&news)) {
      session.complain(waiting_text(*waiting));
    } else if (const auto* fewer = std::get_if<scheduler::jobs::Fewer>(&news)) {
      session.complain(fewer->to_string());
    } else {
      return std::get<std::shared_ptr<const node::JobEnd>>(news);
    }
  }
}

}  // namespace timerose::cli
