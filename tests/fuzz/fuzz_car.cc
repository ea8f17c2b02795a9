// CAR: however the bytes arrive, the same is read; what was read is read again from what is
// written.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "blockstore/car_reader.h"
#include "blockstore/car_writer.h"

using timerose::Block;
using timerose::Bytes;
using timerose::ByteView;
using timerose::Cid;

namespace {

struct Found {
  std::string error;
  std::vector<Cid> roots;
  std::vector<Block> blocks;
};

Found read(ByteView bytes, size_t part) {
  Found found;
  auto reader = timerose::CarReader::open([&](std::span<uint8_t> out) {
    const size_t count = std::min({out.size(), bytes.size(), part});
    std::copy_n(bytes.begin(), count, out.begin());
    bytes = bytes.subspan(count);
    return timerose::Result<size_t>(count);
  });
  if (!reader) {
    found.error = reader.error().message;
    return found;
  }
  found.roots = reader->roots();
  while (true) {
    auto block = reader->next();
    if (!block) {
      found.error = block.error().message;
      return found;
    }
    if (!*block) return found;
    CHECK(*(*block)->cid().matches((*block)->data().view()));
    found.blocks.push_back(**block);
  }
}

bool same_content(const Found& a, const Found& b) {
  return a.roots == b.roots &&
         std::equal(a.blocks.begin(), a.blocks.end(), b.blocks.begin(), b.blocks.end(),
                    [](const Block& x, const Block& y) {
                      return x.cid() == y.cid() &&
                             timerose::equal(x.data().view(), y.data().view());
                    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  const Found whole = read(input, SIZE_MAX);
  const Found in_parts = read(input, 3);
  CHECK(whole.error == in_parts.error && same_content(whole, in_parts));

  Bytes written;
  timerose::CarWriter writer(
      [&](ByteView bytes) {
        written.insert(written.end(), bytes.begin(), bytes.end());
        return timerose::success();
      },
      whole.roots);
  for (const Block& block : whole.blocks) {
    CHECK(writer.put(block.cid(), block.data().view()).ok());
  }
  CHECK(writer.finish().ok());
  const Found again = read(written, SIZE_MAX);
  CHECK(again.error.empty() && same_content(again, whole));
  return 0;
}
