// DNSLink (dnslink.dev): a domain that stands for a path by a TXT record of _dnslink.DOMAIN,
// "dnslink=/ipfs/CID".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "names/name_path.h"

namespace timerose::names {

// The path that TXT records name: "/ipfs/..." or "/ipns/...". Other records are passed over.
// kNotFound if none names one, kInvalidArgument if they name several.
Result<NamePath> dnslink_of(const std::vector<std::string>& texts);

struct TxtAnswer {
  std::vector<std::string> texts;  // the character-strings of one record joined
  uint64_t ttl_ns = 0;             // the shortest of them

  bool operator==(const TxtAnswer&) const = default;
};

// Longest DNS message, and most TXT records of one answer that are read.
inline constexpr size_t kDnsMessageBytesMax = 65535;
inline constexpr size_t kTxtRecordsMax = 256;

// Of a whole DNS message (RFC 1035). kNotFound for a domain that is not there or has no TXT record,
// kBusy if the server could not answer, kMalformed, kLimitExceeded.
Result<TxtAnswer> parse_txt_answer(ByteView message);

// Asks for TXT records. Thread-safe; blocks.
class TxtResolver {
 public:
  virtual ~TxtResolver() = default;
  // Errors as parse_txt_answer() has them; kBusy also if no server answered in time.
  virtual Result<TxtAnswer> lookup(const std::string& domain) = 0;
};

// The name servers of this machine (/etc/resolv.conf), or one that is given.
class SystemTxtResolver final : public TxtResolver {
 public:
  struct Server {
    uint32_t ipv4 = 0x7f000001;  // in the machine's byte order
    uint16_t port = 53;
  };
  // Each server is waited for this long, twice.
  static constexpr std::chrono::seconds kWaitMax{3};

  explicit SystemTxtResolver(std::optional<Server> server = std::nullopt) : server_(server) {}
  Result<TxtAnswer> lookup(const std::string& domain) override;

 private:
  const std::optional<Server> server_;
};

}  // namespace timerose::names
