// Decoders of our own objects: whatever decodes must encode to the same bytes.
#include <cstdint>

#include "base/check.h"
#include "compute/function.h"
#include "compute/invocation.h"
#include "compute/memo_record.h"
#include "compute/outcome.h"
#include "compute/receipt.h"

namespace timerose::compute {
namespace {

template <typename Object>
void check_object(ByteView bytes) {
  const auto object = Object::decode(bytes);
  if (!object.ok()) return;
  const auto again = object->encode();
  CHECK(again.ok());
  CHECK(equal(*again, bytes));
}

void check_fan(ByteView text) {
  const auto function = FanFunction::parse(text);
  if (!function.ok()) return;
  const auto written = function->format();
  if (!written.ok()) return;  // longer than allowed once it is escaped
  const auto again = FanFunction::parse(as_bytes(*written));
  CHECK(again.ok());
  CHECK(*again == *function);
}

void check_memo(ByteView bytes) {
  const auto entry = decode_remembered(bytes);
  if (!entry.ok()) return;
  const auto again = encode_remembered(*entry);
  CHECK(again.ok());
  CHECK(equal(*again, bytes));
  if (!is_packable(*entry)) return;
  Bytes packed;
  pack(*entry, 1, packed);
  Remembered out;
  uint16_t engine = 0;
  unpack(packed, out, engine);
  CHECK(out.outcome == entry->outcome);
}

}  // namespace
}  // namespace timerose::compute

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace timerose::compute;
  const timerose::ByteView bytes(data, size);
  check_object<Function>(bytes);
  check_object<Invocation>(bytes);
  check_object<Outcome>(bytes);
  check_object<Receipt>(bytes);
  check_fan(bytes);
  check_memo(bytes);
  return 0;
}
