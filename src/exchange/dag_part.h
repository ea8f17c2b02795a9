// Which blocks make up a part of a DAG, told block by block: the scopes of trustless gateways
// (specs.ipfs.tech/http-gateways/trustless-gateway, "dag-scope" and "entity-bytes"). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "multiformats/cid.h"

namespace timerose::exchange {

enum class DagScope {
  kBlock,   // the root alone
  kEntity,  // a whole file; a directory without what is in it, with all its shards; else the root
  kAll,     // everything below
};

// Bytes of a file, [begin, end).
struct FileBytes {
  uint64_t begin = 0;
  uint64_t end = UINT64_MAX;
  bool operator==(const FileBytes&) const = default;
};

struct DagPart {
  DagScope scope = DagScope::kAll;
  std::optional<FileBytes> bytes = {};  // of a file, with kEntity; of what is no file, nothing
  bool operator==(const DagPart&) const = default;
};

// A block of a part, and what of it belongs to the part.
struct PartStep {
  enum class Role {
    kAlone,  // whatever is below it does not
    kAll,    // everything below it does
    kEntity,
    kFile,   // a part of a file that reaches over an end of the range
    kShard,  // of a sharded directory
  };
  Cid cid;
  Role role = Role::kAlone;
  FileBytes content = {};  // of kFile: where its content lies in the file, as its parent says
  bool operator==(const PartStep&) const = default;
};

// Whether what lies below a block is the same however often such a step leads to it.
inline bool is_entered_once(PartStep::Role role) {
  return role == PartStep::Role::kAll || role == PartStep::Role::kShard;
}

PartStep first_step(const Cid& root, const DagPart& part);

// The steps to the blocks below one, in the order of its links. An error for a block that is not
// what its codec says, or whose links are not known. Of a range there are at most two steps of
// kFile at each level, since a part of a file counts no further than its parent says.
Result<std::vector<PartStep>> steps_below(const PartStep& step, const SharedBytes& block,
                                          const DagPart& part);

}  // namespace timerose::exchange
