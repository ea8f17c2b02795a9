// Whom this node trusts, kept in the repository's records.
#pragma once

#include "base/sqlite.h"
#include "scheduler/execute/trust.h"

namespace timerose::node {

Result<scheduler::execute::TrustList> load_trust(sqlite::Database& records, const PeerId& self);
// Replaces what is kept.
Status save_trust(sqlite::Database& records, const scheduler::execute::TrustList& trust);

}  // namespace timerose::node
