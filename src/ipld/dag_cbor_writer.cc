#include <array>
#include <bit>

#include "base/check.h"
#include "ipld/dag_cbor.h"

namespace timerose::dag_cbor {

void Writer::head(uint8_t major, uint64_t argument) {
  std::array<uint8_t, 9> buffer;
  const auto lead = static_cast<uint8_t>(major << 5);
  if (argument < 24) {
    out_.push_back(static_cast<uint8_t>(lead | argument));
    return;
  }
  const int width_log2 = argument <= 0xff         ? 0
                         : argument <= 0xffff     ? 1
                         : argument <= 0xffffffff ? 2
                                                  : 3;
  const size_t width = size_t{1} << width_log2;
  buffer[0] = static_cast<uint8_t>(lead | (24 + width_log2));
  for (size_t i = 0; i < width; ++i) {
    buffer[1 + i] = static_cast<uint8_t>(argument >> (8 * (width - 1 - i)));
  }
  out_.insert(out_.end(), buffer.data(), buffer.data() + 1 + width);
}

void Writer::null() {
  begin_item(false, {});
  out_.push_back(0xf6);
}

void Writer::boolean(bool value) {
  begin_item(false, {});
  out_.push_back(value ? 0xf5 : 0xf4);
}

void Writer::integer(uint64_t value) {
  begin_item(false, {});
  head(0, value);
}

void Writer::negative(int64_t value) {
  if (value >= 0) {
    integer(static_cast<uint64_t>(value));
  } else {
    negative_minus_one(static_cast<uint64_t>(-1 - value));
  }
}

void Writer::negative_minus_one(uint64_t value) {
  begin_item(false, {});
  head(1, value);
}

void Writer::floating(double value) {
  begin_item(false, {});
  const auto bits = std::bit_cast<uint64_t>(value);
  out_.push_back(0xfb);
  for (int shift = 56; shift >= 0; shift -= 8) out_.push_back(static_cast<uint8_t>(bits >> shift));
}

void Writer::text(std::string_view value) {
  begin_item(true, value);
  head(3, value.size());
  out_.insert(out_.end(), value.begin(), value.end());
}

void Writer::bytes(ByteView value) {
  begin_item(false, {});
  head(2, value.size());
  out_.insert(out_.end(), value.begin(), value.end());
}

void Writer::link(const Cid& cid) {
  begin_item(false, {});
  const ByteView bytes = cid.bytes();
  out_.push_back(0xd8);
  out_.push_back(42);
  head(2, bytes.size() + 1);
  out_.push_back(0);
  out_.insert(out_.end(), bytes.begin(), bytes.end());
}

void Writer::list(uint64_t items) {
  begin_item(false, {});
  head(4, items);
  open(items, false);
}

void Writer::map(uint64_t entries) {
  begin_item(false, {});
  head(5, entries);
  open(entries * 2, true);
}

#ifdef NDEBUG

void Writer::begin_item(bool, std::string_view) {}
void Writer::open(uint64_t, bool) {}

#else

// Called before each item: a key must be text in order; an item more than was announced shows as a
// second root.
void Writer::begin_item(bool is_text, std::string_view text) {
  while (!open_.empty() && open_.back().left == 0) open_.pop_back();
  CHECK(!begun_ || !open_.empty());
  begun_ = true;
  if (open_.empty()) return;
  Open& container = open_.back();
  const bool is_key = container.is_map && container.left % 2 == 0;
  --container.left;
  if (!is_key) return;
  CHECK(is_text);
  CHECK(!container.has_key || DagCborKeyOrder()(container.last_key, text));
  container.has_key = true;
  container.last_key = text;
}

void Writer::open(uint64_t items, bool is_map) { open_.push_back({items, is_map, false, {}}); }

#endif

}  // namespace timerose::dag_cbor
