// What commands ask of pins beside adding and removing them.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/program/session.h"
#include "multiformats/cid.h"

namespace timerose::cli {

// Pins `cid` with all that is below it, which must be there.
Status pin_recursively(Session& session, const Cid& cid, const std::string& name);

// kInvalidArgument says how `cid` is pinned, if it is.
Status check_not_pinned(Session& session, const Cid& cid);

// "direct", "recursive" or "indirect through CID".
std::string describe_pinned(const Pinned& pinned);

}  // namespace timerose::cli
