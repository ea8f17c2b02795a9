#include "cli/content/pinning.h"

#include <fmt/format.h>

namespace timerose::cli {

Status pin_recursively(Session& session, const Cid& cid, const std::string& name) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(auto* store, session.blockstore());
  return pin_dag(*store, repository->pins(), {cid, PinMode::kRecursive, name});
}

Status check_not_pinned(Session& session, const Cid& cid) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(auto* store, session.blockstore());
  TR_ASSIGN(const auto pinned, repository->pins().why_pinned(*store, cid));
  if (!pinned) return success();
  const Cid& pin = pinned->through.value_or(cid);
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("{} is pinned ({}); `timerose pin rm {}` lets go of it", cid.to_string(),
                           describe_pinned(*pinned), pin.to_string())};
}

std::string describe_pinned(const Pinned& pinned) {
  switch (pinned.how) {
    case Pinned::How::kDirect:
      return pin_mode_name(PinMode::kDirect);
    case Pinned::How::kRecursive:
      return pin_mode_name(PinMode::kRecursive);
    case Pinned::How::kIndirect:
      break;
  }
  return pinned.through ? "indirect through " + pinned.through->to_string() : "indirect";
}

}  // namespace timerose::cli
