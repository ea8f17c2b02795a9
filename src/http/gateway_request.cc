#include "http/gateway_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/accept.h"
#include "http/target.h"

namespace timerose::http {
namespace {

constexpr size_t kRequestShownMax = 100;  // of what was asked for, in a message

constexpr std::string_view kServed =
    "this gateway serves what can be verified: ?format=raw (application/vnd.ipld.raw) for one "
    "block, ?format=car (application/vnd.ipld.car) for a DAG, and /ipns/NAME?format=ipns-record "
    "(application/vnd.ipfs.ipns-record)";

std::string shown(std::string_view text) {
  return percent_encode(text.substr(0, kRequestShownMax));
}

std::optional<Format> format_of_type(std::string_view type) {
  if (type == kRawType) return Format::kRaw;
  if (type == kCarType) return Format::kCar;
  if (type == kIpnsRecordType) return Format::kIpnsRecord;
  return std::nullopt;
}

std::optional<Format> format_named(std::string_view name) {
  if (name == "raw") return Format::kRaw;
  if (name == "car") return Format::kCar;
  if (name == "ipns-record") return Format::kIpnsRecord;
  return std::nullopt;
}

std::string_view format_name(Format format) {
  switch (format) {
    case Format::kRaw:
      return "raw";
    case Format::kCar:
      return "car";
    case Format::kIpnsRecord:
      return "ipns-record";
  }
  return "raw";
}

// Whether a CAR with these parameters, "" where one was not given, can be made here.
bool is_served_car(std::string_view version, std::string_view order, std::string_view dups) {
  return (version.empty() || version == "1") &&
         (order.empty() || order == "dfs" || order == "unk") &&
         (dups.empty() || dups == "y" || dups == "n");
}

bool is_served(const MediaRange& range) {
  const auto format = format_of_type(range.type);
  if (format != Format::kCar) return format.has_value();
  return is_served_car(range.parameter("version"), range.parameter("order"),
                       range.parameter("dups"));
}

// Takes a request apart, one thing after another; the first that is wrong ends it.
class Parser {
 public:
  explicit Parser(const Request& request)
      : request_(request), accepted_(parse_accept(request.headers.join("Accept"))) {}

  std::variant<GatewayRequest, Refusal> run() {
    if (method() && target() && root() && format() && fits() && car()) {
      rest();
      return std::move(out_);
    }
    return std::move(refusal_);
  }

 private:
  bool refuse(uint32_t status, std::string message) {
    refusal_ = {status, std::move(message)};
    return false;
  }

  bool method() {
    out_.head = request_.method == Method::kHead;
    return request_.method != Method::kOther || refuse(405, "expected GET or HEAD");
  }

  bool target() {
    auto target = parse_target(request_.target);
    if (!target.ok()) return refuse(400, target.error().message);
    target_ = std::move(*target);
    return true;
  }

  bool root() {
    auto& segments = target_.segments;
    if (segments.size() < 2 || (segments[0] != "ipfs" && segments[0] != "ipns")) {
      return refuse(404, fmt::format("no \"{}\" here, only /ipfs/CID and /ipns/NAME",
                                     shown(request_.target)));
    }
    out_.path = format_path(segments);
    out_.segments.assign(segments.begin() + 2, segments.end());
    if (segments[0] == "ipns") {
      out_.name = segments[1];
      return true;
    }
    auto cid = Cid::parse(segments[1]);
    if (!cid.ok()) {
      return refuse(400,
                    fmt::format("\"{}\" is no CID: {}", shown(segments[1]), cid.error().message));
    }
    out_.root = std::move(*cid);
    return true;
  }

  // The parameter decides before the header, as the specification has it.
  bool format() {
    if (const auto name = target_.parameter("format")) {
      const auto format = format_named(*name);
      if (!format) {
        return refuse(406, fmt::format("no format \"{}\" here; {}", shown(*name), kServed));
      }
      out_.format = *format;
      return true;
    }
    const auto best = std::ranges::find_if(accepted_, is_served);
    if (best == accepted_.end()) return no_format();
    out_.format = *format_of_type(best->type);
    format_from_header_ = true;
    return true;
  }

  bool no_format() {
    const bool anything =
        accepted_.empty() ||
        std::ranges::any_of(accepted_, [](const MediaRange& r) { return r.type == "*/*"; });
    if (anything) return refuse(400, fmt::format("the request names no format; {}", kServed));
    const bool other_car = std::ranges::any_of(
        accepted_, [](const MediaRange& range) { return range.type == kCarType; });
    if (other_car) {
      return refuse(406, "CARs are served with version=1, order=dfs or unk, and dups=y or n");
    }
    return refuse(406, fmt::format("nothing of what Accept names is served here; {}", kServed));
  }

  // Whether the format is one of what lies at such a path.
  bool fits() {
    if ((out_.format == Format::kIpnsRecord) == out_.root.has_value()) {
      return out_.root ? refuse(400, "an IPNS record is asked for as /ipns/NAME")
                       : refuse(406, "a name is served as its record only: /ipns/NAME?format=" +
                                         std::string(format_name(Format::kIpnsRecord)));
    }
    if (out_.format == Format::kCar || out_.segments.empty()) return true;
    return out_.root ? refuse(406,
                              "a block is asked for as /ipfs/CID, without a path behind it; what "
                              "lies at a path is served as ?format=car")
                     : refuse(400, "an IPNS record is asked for without a path behind its name");
  }

  bool car() {
    if (out_.format != Format::kCar) return true;
    return car_type() && dag_scope();
  }

  // A URL's word stands before the header's.
  [[nodiscard]] std::string_view car_parameter(std::string_view of_url, std::string_view of_type) {
    if (const auto value = target_.parameter(of_url)) return *value;
    const auto best = std::ranges::find_if(accepted_, [](const MediaRange& range) {
      return range.type == kCarType && is_served(range);
    });
    return best == accepted_.end() ? std::string_view() : best->parameter(of_type);
  }

  bool car_type() {
    const std::string_view version = car_parameter("car-version", "version");
    const std::string_view order = car_parameter("car-order", "order");
    const std::string_view dups = car_parameter("car-dups", "dups");
    if (!is_served_car(version, order, dups)) {
      return refuse(400, "expected car-version=1, car-order=dfs or unk, car-dups=y or n");
    }
    out_.car.duplicates = dups == "y" ? Duplicates::kYes : Duplicates::kNo;
    return true;
  }

  bool dag_scope() {
    const auto bytes = target_.parameter("entity-bytes");
    const std::string_view scope =
        target_.parameter("dag-scope").value_or(bytes ? "entity" : "all");
    if (scope == "block") {
      out_.car.scope = DagScope::kBlock;
    } else if (scope == "entity") {
      out_.car.scope = DagScope::kEntity;
    } else if (scope != "all") {
      return refuse(
          400, fmt::format("expected dag-scope=block, entity or all, found \"{}\"", shown(scope)));
    }
    if (!bytes) return true;
    if (out_.car.scope != DagScope::kEntity) {
      return refuse(400, "entity-bytes goes with dag-scope=entity, or without dag-scope");
    }
    auto range = parse_entity_bytes(*bytes);
    if (!range.ok()) return refuse(400, range.error().message);
    out_.car.bytes = *range;
    return true;
  }

  void rest() {
    out_.if_none_match = request_.headers.join("If-None-Match");
    out_.range = request_.headers.find("Range");
    out_.only_if_cached =
        request_.headers.join("Cache-Control").find("only-if-cached") != std::string::npos;
    const std::string_view filename = target_.parameter("filename").value_or("");
    out_.filename = filename.substr(0, kFilenameBytesMax);
    out_.content_location = content_location();
  }

  [[nodiscard]] std::string content_location() {
    std::string query;
    if (format_from_header_) query = fmt::format("format={}", format_name(out_.format));
    if (out_.format == Format::kCar) {
      for (const std::string_view name : {"order", "dups"}) {
        const std::string of_url = fmt::format("car-{}", name);
        const std::string_view value = car_parameter(of_url, name);
        if (value.empty() || target_.parameter(of_url)) continue;
        query += fmt::format("{}{}={}", query.empty() ? "" : "&", of_url, value);
      }
    }
    if (query.empty()) return {};
    std::string location = out_.path + "?" + query;
    for (const auto& [key, value] : target_.parameters) {
      location += "&" + percent_encode(key) + "=" + percent_encode(value);
    }
    return location;
  }

  const Request& request_;
  const std::vector<MediaRange> accepted_;
  Target target_;
  GatewayRequest out_;
  Refusal refusal_;
  bool format_from_header_ = false;
};

}  // namespace

const char* dag_scope_name(DagScope scope) {
  switch (scope) {
    case DagScope::kBlock:
      return "block";
    case DagScope::kEntity:
      return "entity";
    case DagScope::kAll:
      return "all";
  }
  return "all";
}

std::variant<GatewayRequest, Refusal> parse_gateway_request(const Request& request) {
  return Parser(request).run();
}

}  // namespace timerose::http
