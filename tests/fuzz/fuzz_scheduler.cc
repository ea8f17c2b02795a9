// What the scheduler reads of others: adverts, and of people: requirements. Whatever is read must
// be written as the same.
#include <cstdint>

#include "base/check.h"
#include "scheduler/advert.h"
#include "scheduler/requirement.h"

namespace timerose::scheduler {
namespace {

void check_advert(ByteView bytes) {
  const auto advert = Advert::decode(bytes);
  if (!advert.ok()) return;
  const auto again = advert->encode();
  CHECK(again.ok());
  CHECK(equal(*again, bytes));
}

void check_requirement(std::string_view text) {
  const auto requirement = Requirement::parse(text);
  if (!requirement.ok()) return;
  const std::string written = requirement->to_string();
  if (written.size() > Requirement::kTextBytesMax) return;
  const auto again = Requirement::parse(written);
  CHECK(again.ok());
  CHECK(*again == *requirement);
  const Advert advert;
  for (const Term& term : requirement->terms) {
    CHECK(holds(term, {advert, 0.001}) == (shortfall(term, {advert, 0.001}) == 0));
  }
}

}  // namespace
}  // namespace timerose::scheduler

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace timerose::scheduler;
  const timerose::ByteView bytes(data, size);
  check_advert(bytes);
  check_requirement(timerose::as_text(bytes));
  return 0;
}
