// DAG-JSON: what decodes, encodes to a canon that decodes to the same value and encodes to itself;
// DAG-CBOR carries the same value. Only a map that began with another key than "/" in the input,
// and has it first when sorted, can be read but not written.
#include "base/check.h"
#include "ipld/dag_cbor.h"
#include "ipld/dag_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto value = timerose::dag_json::decode({data, size});
  if (!value.ok()) return 0;
  const auto cbor = timerose::dag_cbor::encode(*value);
  CHECK(cbor.ok());
  const auto from_cbor = timerose::dag_cbor::decode(*cbor);
  CHECK(from_cbor.ok() && *from_cbor == *value);

  const auto text = timerose::dag_json::encode(*value);
  if (!text.ok()) {
    CHECK(text.error().message.find("reserved") != std::string::npos);
    return 0;
  }
  const auto again = timerose::dag_json::decode(timerose::as_bytes(*text));
  CHECK(again.ok() && *again == *value);
  const auto same_text = timerose::dag_json::encode(*again);
  CHECK(same_text.ok() && *same_text == *text);
  return 0;
}
