#include "node/guest_isolation.h"

#include <fmt/format.h>

#include <array>

#include "base/units.h"
#include "node/log_line.h"

namespace timerose::node {
namespace {

constexpr std::array<const char*, 3> kIsolationNames{"none", "others", "all"};

std::string bytes_of(const PeerId& peer) { return std::string(as_text(peer.bytes())); }

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
    : isolation_(isolation), self_(std::move(self)), pool_(std::move(parts), std::move(options)) {
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
  if (!status.failure.empty()) text += " (" + status.failure + ")";
  return text;
}

}  // namespace timerose::node
