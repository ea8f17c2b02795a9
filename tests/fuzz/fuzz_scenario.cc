// Scenario files of timerose-sim: each is read, or said to be wrong at a line of it.
#include "base/check.h"
#include "sim/jobs/scenario.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = timerose::as_text({data, size});
  const auto scenario = timerose::sim::jobs::Scenario::parse(text);
  if (!scenario.ok()) CHECK(!scenario.error().message.empty());
  if (scenario.ok()) CHECK(scenario->check().ok());
  return 0;
}
