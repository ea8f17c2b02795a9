#include "cli/session.h"

#include <cstdio>

namespace timerose::cli {

Result<node::Repository*> Session::repository() {
  if (!repository_) {
    TR_ASSIGN(repository_, node::Repository::open(repository_path_, {clock_, random_}));
  }
  return repository_.get();
}

Result<Blockstore*> Session::blockstore(Access access) {
  TR_ASSIGN(auto* opened, repository());
  TR_ASSIGN(auto* store, opened->blockstore(access));
  if (!hold_) hold_ = store->hold();
  return store;
}

void complain(std::string_view message) {
  std::fprintf(stderr, "timerose: %.*s\n", static_cast<int>(message.size()), message.data());
}

}  // namespace timerose::cli
