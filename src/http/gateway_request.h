// What a request asks of a trustless gateway, told from its target and headers alone. Pure.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "exchange/dag_part.h"
#include "http/byte_range.h"
#include "http/car_walk.h"
#include "http/message.h"
#include "multiformats/cid.h"

namespace timerose::http {

inline constexpr std::string_view kRawType = "application/vnd.ipld.raw";
inline constexpr std::string_view kCarType = "application/vnd.ipld.car";
inline constexpr std::string_view kIpnsRecordType = "application/vnd.ipfs.ipns-record";
inline constexpr size_t kFilenameBytesMax = 255;

enum class Format { kRaw, kCar, kIpnsRecord };
using exchange::DagScope;

const char* dag_scope_name(DagScope scope);  // "entity"

struct CarShape {
  DagScope scope = DagScope::kAll;
  std::optional<EntityBytes> bytes;  // of kEntity only
  Duplicates duplicates = Duplicates::kNo;
  bool operator==(const CarShape&) const = default;
};

struct GatewayRequest {
  bool head = false;
  std::optional<Cid> root;            // of /ipfs
  std::string name;                   // of /ipns
  std::vector<std::string> segments;  // below the root
  std::string path;                   // "/ipfs/CID/a%20b": safe in a header
  Format format = Format::kRaw;
  CarShape car;
  // The target under which a cache may keep the answer, where the one of the request does not name
  // the format that it got; else empty.
  std::string content_location;
  std::string filename;  // as the client would have it; empty: no wish
  bool only_if_cached = false;
  std::string if_none_match;
  std::string range;
};

struct Refusal {
  uint32_t status = 400;
  std::string message;
};

std::variant<GatewayRequest, Refusal> parse_gateway_request(const Request& request);

}  // namespace timerose::http
