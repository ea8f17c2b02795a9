// A compact set of CIDs that is right when it says no, and wrong once in many millions when it says
// yes: the last four bytes of each, which are of its digest.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "multiformats/cid.h"

namespace timerose::scheduler {

class WarmSet {
 public:
  static constexpr size_t kEntriesMax = 128;

  WarmSet() = default;
  // The first kEntriesMax of them: the most useful ones come first.
  explicit WarmSet(std::span<const Cid> cids);

  [[nodiscard]] bool may_hold(const Cid& cid) const;
  [[nodiscard]] bool may_hold(uint32_t mark) const;
  static uint32_t mark_of(const Cid& cid);

  // Four bytes each, most significant first, ascending, each once. Inverses.
  [[nodiscard]] Bytes encode() const;
  static Result<WarmSet> decode(ByteView bytes);

  [[nodiscard]] bool empty() const { return marks_.empty(); }
  [[nodiscard]] size_t size() const { return marks_.size(); }
  [[nodiscard]] const std::vector<uint32_t>& marks() const { return marks_; }
  bool operator==(const WarmSet&) const = default;

 private:
  std::vector<uint32_t> marks_;  // ascending
};

}  // namespace timerose::scheduler
