#include "blockstore/dag_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "ipld/codec.h"

namespace timerose {
namespace {

// A block on the way from a root to the block at hand, with its links that are still to be
// followed.
struct Level {
  std::optional<Cid> cid;  // none: the roots
  std::vector<Cid> links;  // last first
};

Result<std::vector<Cid>> links_of(const Cid& cid, const SharedBytes& data) {
  std::vector<Cid> links;
  TR_TRY(ipld::for_each_link(cid.codec(), data.view(), [&](const Cid& link) {
    links.push_back(link);
    return success();
  }));
  std::reverse(links.begin(), links.end());
  return links;
}

Error in_block(Error error, const Cid& cid) {
  return std::move(error).within("block " + cid.to_string());
}

Error linked_from(Error error, const Level& parent) {
  if (parent.cid) error.message += fmt::format(" (linked from {})", parent.cid->to_string());
  return error;
}

}  // namespace

Status walk_dag(Blockstore& store, std::span<const Cid> roots, const DagVisit& visit,
                const WalkOptions& options) {
  std::unordered_set<Cid> seen;  // as version 1
  std::vector<Level> path;
  path.push_back({std::nullopt, {roots.rbegin(), roots.rend()}});
  while (!path.empty()) {
    if (path.back().links.empty()) {
      path.pop_back();
      continue;
    }
    const Cid cid = path.back().links.back();
    path.back().links.pop_back();
    const Cid identity = cid.as_v1();
    if (seen.contains(identity)) continue;

    auto data = store.get(cid);
    if (!data) {
      if (options.skip_missing && data.error().code == ErrorCode::kNotFound) continue;
      return linked_from(std::move(data).error(), path.back());
    }
    seen.insert(identity);
    TR_ASSIGN(const Walk walk, visit(cid, *data));
    if (walk == Walk::kSkip) continue;
    auto links = links_of(cid, *data);
    if (!links) return in_block(std::move(links).error(), cid);
    if (!links->empty()) path.push_back({cid, std::move(*links)});
  }
  return success();
}

Status walk_dag_all(Blockstore& store, std::span<const Cid> roots,
                    const std::function<Status(const Cid& cid, const SharedBytes& data)>& visit) {
  return walk_dag(store, roots, [&](const Cid& cid, const SharedBytes& data) -> Result<Walk> {
    TR_TRY(visit(cid, data));
    return Walk::kEnter;
  });
}

}  // namespace timerose
