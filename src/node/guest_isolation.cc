#include "node/guest_isolation.h"

#include <fmt/format.h>

#include <array>

#include "base/units.h"
#include "node/log_line.h"
#include "node/own_machine.h"

namespace timerose::node {
namespace {

constexpr std::array<const char*, 3> kIsolationNames{"none", "others", "all"};

std::string bytes_of(const PeerId& peer) { return std::string(as_text(peer.bytes())); }

// The rest is for the node itself, for workers that wait, and for whatever else the machine does.
Result<uint64_t> workers_memory(const std::string& text, const std::filesystem::path& folder) {
  if (text != "auto") return parse_bytes(text);
  return look_at_machine(folder).memory_bytes / 4 * 3;
}

}  // namespace

Result<Isolation> isolation_named(std::string_view name) {
  for (size_t i = 0; i < kIsolationNames.size(); ++i) {
    if (name == kIsolationNames[i]) return static_cast<Isolation>(i);
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("expected others, all or none, found '{}'", name)};
}

const char* isolation_name(Isolation isolation) {
  return kIsolationNames[static_cast<size_t>(isolation)];
}

GuestIsolation::GuestIsolation(Isolation isolation, PeerId self, isolation::Pool::Parts parts,
                               isolation::PoolOptions options)
    : isolation_(isolation),
      self_(std::move(self)),
      memory_bytes_of_all_max_(options.memory_bytes_of_all_max),
      pool_(std::move(parts), std::move(options)) {
  if (isolation_ == Isolation::kAll) {
    own_ = pool_.runner_for(bytes_of(self_), isolation::Answers::kOfAll);
  }
}

Result<std::unique_ptr<GuestIsolation>> GuestIsolation::create(const Config& config,
                                                               Repository& repository, PeerId self,
                                                               Clock& clock) {
  TR_ASSIGN(const Isolation which, isolation_named(config.text_of("Execute.Isolation")));
  isolation::PoolOptions options;
  TR_ASSIGN(options.memory_bytes_max, parse_bytes(config.text_of("Execute.WorkerMemory")));
  TR_ASSIGN(options.memory_bytes_of_all_max,
            workers_memory(config.text_of("Execute.WorkersMemory"), repository.path()));
  options.group_folder = config.text_of("Execute.ControlGroup");
  options.workers_max = config.count_of("Execute.Workers");
  return std::unique_ptr<GuestIsolation>(new GuestIsolation(
      which, std::move(self), {clock, [&repository] { return repository.modules(); }, write_to_log},
      std::move(options)));
}

std::unique_ptr<compute::Runner> GuestIsolation::runner_for(const PeerId& requester) {
  if (isolation_ == Isolation::kNone) return nullptr;
  if (requester != self_) {
    return pool_.runner_for(bytes_of(requester), isolation::Answers::kOfRequester);
  }
  if (isolation_ == Isolation::kOthers) return nullptr;
  return pool_.runner_for(bytes_of(requester), isolation::Answers::kOfAll);
}

std::string GuestIsolation::describe() {
  std::string text = isolation_name(isolation_);
  if (isolation_ == Isolation::kNone) return text + "; all guests run in the node's process";
  const auto measures = pool_.measures();
  const isolation::Pool::Status status = pool_.status();
  text += fmt::format("; workers: {} busy, {} idle, {} started, {} failed", status.busy,
                      status.idle, status.started, status.broken);
  if (!measures.ok()) return text + "; none can be started: " + measures.error().message;
  text += fmt::format("; held in by: {}; not by: {}", names_of(*measures, true),
                      names_of(*measures, false));
  if (memory_bytes_of_all_max_ != 0) {
    text += fmt::format("; {} of memory together", format_bytes(memory_bytes_of_all_max_));
  }
  if (!status.failure.empty()) text += " (" + status.failure + ")";
  return text;
}

}  // namespace timerose::node
