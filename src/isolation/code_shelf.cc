#include "isolation/code_shelf.h"

#include <algorithm>

namespace timerose::isolation {

CodeShelf::Pieces::const_iterator CodeShelf::position(const std::string& requester,
                                                      const Cid& module) const {
  return std::ranges::find_if(pieces_, [&](const Piece& piece) {
    return piece.requester == requester && piece.module == module;
  });
}

template <typename Counts>
void CodeShelf::shrink(size_t pieces_max, uint64_t bytes_max, const Counts& counts) {
  size_t pieces = 0;
  uint64_t bytes = 0;
  std::erase_if(pieces_, [&](const Piece& piece) {
    if (!counts(piece)) return false;
    const bool too_many = pieces == pieces_max || bytes + piece.bytes > bytes_max;
    if (too_many) return true;
    ++pieces;
    bytes += piece.bytes;
    return false;
  });
}

void CodeShelf::put(const std::string& requester, const Cid& module, Code code, uint64_t bytes) {
  const auto before = position(requester, module);
  if (before != pieces_.end()) pieces_.erase(before);
  if (bytes > kBytesOfRequesterMax) return;
  pieces_.push_front({requester, module, std::move(code), bytes});
  shrink(kPiecesOfRequesterMax, kBytesOfRequesterMax,
         [&](const Piece& piece) { return piece.requester == requester; });
  shrink(kPiecesMax, kBytesMax, [](const Piece&) { return true; });
}

CodeShelf::Code CodeShelf::find(const std::string& requester, const Cid& module) {
  const auto found = position(requester, module);
  if (found == pieces_.end()) return nullptr;
  pieces_.splice(pieces_.begin(), pieces_, found);
  return found->code;
}

bool CodeShelf::has(const std::string& requester, const Cid& module) const {
  return position(requester, module) != pieces_.end();
}

std::vector<Cid> CodeShelf::latest(size_t max) const {
  std::vector<Cid> out;
  for (const Piece& piece : pieces_) {
    if (out.size() == max) break;
    if (std::ranges::find(out, piece.module) == out.end()) out.push_back(piece.module);
  }
  return out;
}

}  // namespace timerose::isolation
