// IPNS records and the answers of name servers: what is accepted has the same meaning when it is
// written again, and nothing that was not signed is accepted.
#include "base/check.h"
#include "names/dnslink.h"
#include "names/ipns_record.h"
#include "names/name_path.h"
#include "names/rfc3339.h"

using timerose::ByteView;
namespace names = timerose::names;

namespace {

void check_record(ByteView input) {
  static const auto key = timerose::PrivateKey::from_seed({1});
  static const auto name = timerose::PeerId::of(key.public_key());
  const auto entry = names::IpnsEntry::decode(input);
  CHECK(entry.ok() || input.size() > names::kRecordBytesMax ||
        entry.error().code == timerose::ErrorCode::kMalformed);
  if (!entry.ok()) return;
  const auto again = names::IpnsEntry::decode(entry->encode());
  CHECK(again.ok() && *again == *entry);
  (void)names::inspect(input, name);
  auto record = names::read_data(*entry);
  if (!record.ok() || record->sequence > names::kSequenceMax || record->ttl_ns > names::kTtlNsMax) {
    return;
  }
  const auto bytes = names::create(key, *record);
  if (!bytes.ok()) return;  // its path is too long to be there twice
  const auto read = names::inspect(*bytes, name);
  CHECK(read.ok() && *read == *record);
}

void check_texts(std::string_view text) {
  if (const auto moment = names::parse_rfc3339(text); moment.ok()) {
    CHECK(*names::parse_rfc3339(names::format_rfc3339(*moment)) == *moment);
  }
  if (const auto path = names::NamePath::parse(text); path.ok()) {
    const auto again = names::NamePath::parse(path->to_string());
    CHECK(again.ok() && *again == *path);
  }
  (void)names::dnslink_of({std::string(text)});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  check_record(input);
  check_texts(timerose::as_text(input));
  (void)names::parse_txt_answer(input);
  if (const auto name = names::name_of_routing_key(input); name.ok()) {
    CHECK(timerose::equal(names::routing_key(*name), input));
  }
  return 0;
}
