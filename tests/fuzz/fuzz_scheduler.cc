// What the scheduler reads of others: adverts and evidence, and of people: requirements and ways to
// verify. Whatever is read must be written as the same.
#include <cstdint>

#include "base/check.h"
#include "scheduler/adverts/advert.h"
#include "scheduler/placement/requirement.h"
#include "scheduler/verify/evidence.h"

namespace timerose::scheduler {
namespace {

void check_advert(ByteView bytes) {
  const auto advert = Advert::decode(bytes);
  if (!advert.ok()) return;
  const auto again = advert->encode();
  CHECK(again.ok());
  CHECK(equal(*again, bytes));
}

void check_evidence(ByteView bytes) {
  const auto evidence = verify::Evidence::decode(bytes);
  if (!evidence.ok()) return;
  const auto again = evidence->encode();
  CHECK(again.ok());
  CHECK(equal(*again, bytes));
  const auto finding = evidence->examine();
  if (!finding.ok()) return;
  CHECK(finding->outcomes_differ || finding->metering_differs);
}

void check_wish(std::string_view text) {
  const auto wish = verify::parse_wish(text);
  if (!wish.ok()) return;
  CHECK(verify::parse_wish(verify::format_wish(*wish)).value() == *wish);
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
  check_evidence(bytes);
  check_wish(timerose::as_text(bytes));
  check_requirement(timerose::as_text(bytes));
  return 0;
}
