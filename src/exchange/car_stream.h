// A CAR (version 1, ipld.io/specs/transport/car/carv1) that is read as its bytes arrive. Holds at
// most one section.
#pragma once

#include <functional>

#include "base/bytes.h"
#include "base/result.h"
#include "blockstore/block.h"

namespace timerose::exchange {

inline constexpr size_t kCarStreamHeaderBytesMax = 64U << 10;

class CarStream {
 public:
  // Takes the next bytes and gives each block that they complete, verified. kMalformed,
  // kLimitExceeded and kMismatch say what is wrong; after an error, or one that `give` returns,
  // there is nothing more to read.
  Status feed(ByteView bytes, const std::function<Status(Block)>& give);

  // Whether the archive may end here: behind its header, and not inside a section.
  [[nodiscard]] bool may_end() const { return has_header_ && waiting_.empty(); }

 private:
  Status take_sections(ByteView& rest, const std::function<Status(Block)>& give);
  [[nodiscard]] Status check_header(ByteView header) const;

  bool has_header_ = false;
  Bytes waiting_;  // a section that is not whole
};

}  // namespace timerose::exchange
