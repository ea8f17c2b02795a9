// Code that workers have compiled, each piece for the workers of one requester. The node keeps
// descriptors and never reads what is in them. Of one thread at a time.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "multiformats/cid.h"

namespace timerose::isolation {

class CodeShelf {
 public:
  // Of all together: the pieces asked for the longest ago go.
  static constexpr size_t kPiecesMax = 128;
  static constexpr uint64_t kBytesMax = 256ULL << 20;
  // Of one requester, whose own oldest pieces go: he pushes nobody else's out by himself.
  static constexpr size_t kPiecesOfRequesterMax = 32;
  static constexpr uint64_t kBytesOfRequesterMax = 64ULL << 20;

  using Code = std::shared_ptr<const FileDescriptor>;

  // Replaces what was there. Code of more bytes than a requester may have is not kept.
  void put(const std::string& requester, const Cid& module, Code code, uint64_t bytes);
  // Null if there is none.
  Code find(const std::string& requester, const Cid& module);
  [[nodiscard]] bool has(const std::string& requester, const Cid& module) const;
  // Modules of which there is code, of whomever; the latest asked for first.
  [[nodiscard]] std::vector<Cid> latest(size_t max) const;

 private:
  struct Piece {
    std::string requester;
    Cid module;
    Code code;
    uint64_t bytes;
  };
  using Pieces = std::list<Piece>;

  [[nodiscard]] Pieces::const_iterator position(const std::string& requester,
                                                const Cid& module) const;
  // Drops the oldest of those that `counts` says count, until they are within the bounds.
  template <typename Counts>
  void shrink(size_t pieces_max, uint64_t bytes_max, const Counts& counts);

  Pieces pieces_;  // asked for last: first
};

}  // namespace timerose::isolation
