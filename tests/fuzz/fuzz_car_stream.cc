// A CAR as it arrives from a gateway: the same blocks and the same verdict however its bytes are
// cut, and as the reader of whole files has it.
#include <algorithm>

#include "base/check.h"
#include "exchange/car_stream.h"
#include "exchange/dag_check.h"

using timerose::Block;
using timerose::ByteView;
using timerose::Cid;

namespace {

struct Read {
  std::vector<Cid> cids;
  bool ok = true;
  bool may_end = false;
};

Read read(ByteView car, size_t piece) {
  timerose::exchange::CarStream stream;
  Read read;
  while (!car.empty() && read.ok) {
    const ByteView part = car.first(std::min(piece, car.size()));
    car = car.subspan(part.size());
    read.ok = stream
                  .feed(part,
                        [&](const Block& block) {
                          CHECK(*block.cid().matches(block.data().view()));
                          read.cids.push_back(block.cid());
                          return timerose::success();
                        })
                  .ok();
  }
  read.may_end = read.ok && stream.may_end();
  return read;
}

void check_dag(ByteView car) {
  timerose::exchange::CarStream stream;
  std::optional<timerose::exchange::DagCheck> check;
  (void)stream.feed(car, [&](const Block& block) -> timerose::Status {
    if (!check) check.emplace(block.cid());
    const auto added = check->add(block);
    if (!added.ok()) return added.error();
    return timerose::success();
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteView car(data + 1, size - 1);
  const Read whole = read(car, std::max<size_t>(car.size(), 1));
  const Read parts = read(car, data[0] % 64 + 1U);
  CHECK(whole.ok == parts.ok && whole.cids == parts.cids && whole.may_end == parts.may_end);
  check_dag(car);
  return 0;
}
