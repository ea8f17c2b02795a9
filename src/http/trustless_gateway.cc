#include "http/trustless_gateway.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/car_body.h"
#include "http/gateway_request.h"
#include "http/target.h"
#include "http/way.h"
#include "ipld/codec.h"
#include "unixfs/file_node.h"

namespace timerose::http {
namespace {

constexpr std::string_view kImmutable = "public, max-age=29030400, immutable";
constexpr std::string_view kRetryAfterSeconds = "5";
constexpr uint64_t kTtlSecondsMax = 24 * 3600;

// What a failure means to the client. `recursive`: see GatewayOptions.
Response failure(const Error& error, bool recursive) {
  switch (error.code) {
    case ErrorCode::kNotFound:
    case ErrorCode::kCancelled:
      if (recursive) {
        Response response = text_response(504, error.message);
        response.headers.add("Retry-After", kRetryAfterSeconds);
        return response;
      }
      return text_response(404, error.message);
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kMalformed:
    case ErrorCode::kUnsupported:
    case ErrorCode::kLimitExceeded:
      return text_response(400, error.message);
    default:
      return text_response(500, error.message);
  }
}

// Attachment, so that no browser shows the bytes as a page (RFC 6266, RFC 8187).
std::string disposition(const GatewayRequest& request, const std::string& filename) {
  if (request.filename.empty()) return fmt::format("attachment; filename=\"{}\"", filename);
  std::string plain;
  bool plain_is_all = true;
  for (const char c : request.filename) {
    // One '_' for each character, so none for the further bytes of a UTF-8 sequence.
    if ((static_cast<uint8_t>(c) & 0xc0) == 0x80) continue;
    const bool is_plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
    plain += is_plain ? c : '_';
    plain_is_all = plain_is_all && is_plain;
  }
  std::string text = fmt::format("attachment; filename=\"{}\"", plain);
  if (!plain_is_all) text += "; filename*=UTF-8''" + percent_encode(request.filename);
  return text;
}

// Weak comparison (RFC 9110 section 13.1.2).
bool matches_any(std::string_view list, std::string_view etag) {
  const auto opaque = [](std::string_view tag) {
    const size_t first = tag.find_first_not_of(" \t");
    if (first == std::string_view::npos) return std::string_view();
    tag = tag.substr(first, tag.find_last_not_of(" \t") - first + 1);
    return tag.starts_with("W/") ? tag.substr(2) : tag;
  };
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view tag = opaque(list.substr(0, comma));
    if (tag == "*" || (!tag.empty() && tag == opaque(etag))) return true;
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return false;
}

void add_common_headers(Response& response, const GatewayRequest& request, const std::string& etag,
                        std::string_view cache_control) {
  response.headers.add("Etag", etag);
  response.headers.add("Cache-Control", cache_control);
  response.headers.add("X-Ipfs-Path", request.path);
  response.headers.add("X-Content-Type-Options", "nosniff");
  if (!request.content_location.empty()) {
    response.headers.add("Content-Location", request.content_location);
  }
  response.headers.add("Vary", "Accept");
}

Response not_modified(const GatewayRequest& request, const std::string& etag,
                      std::string_view cache_control) {
  Response response;
  response.status = 304;
  add_common_headers(response, request, etag, cache_control);
  return response;
}

// Answers one request for content.
class Answer {
 public:
  Answer(Blockstore& store, const GatewayOptions& options, const GatewayRequest& request)
      : store_(store), options_(options), request_(request), root_(*request.root) {}

  Response run() {
    if (is_denied(root_)) return gone(root_);
    if (request_.only_if_cached) {
      const auto has = store_.has(root_);
      if (!has.ok()) return failure(has.error(), options_.recursive);
      if (!*has) return text_response(412, "the block is not here, and only-if-cached was asked");
    }
    return request_.format == Format::kRaw ? raw() : car();
  }

 private:
  [[nodiscard]] bool is_denied(const Cid& cid) const {
    return options_.denied && options_.denied(cid);
  }

  static Response gone(const Cid& cid) {
    return text_response(410, cid.to_string() + " is not served here");
  }

  Response raw() {
    const std::string etag = fmt::format("\"{}.raw\"", root_.to_string());
    // A block is asked for even where the answer has none: what is not here is 404 in any case.
    const auto size = store_.size(root_);
    if (!size.ok()) return failure(size.error(), options_.recursive);
    if (matches_any(request_.if_none_match, etag)) return not_modified(request_, etag, kImmutable);
    const RangeAnswer range = parse_range_header(request_.range, *size);
    if (std::holds_alternative<Unsatisfiable>(range)) {
      Response response = text_response(416, fmt::format("the block has {} bytes", *size));
      response.headers.add("Content-Range", fmt::format("bytes */{}", *size));
      return response;
    }
    const ByteRange* part = std::get_if<ByteRange>(&range);
    Response response;
    if (Status filled = fill_raw(response, part, *size); !filled.ok()) {
      return failure(filled.error(), options_.recursive);
    }
    response.headers.add("Content-Type", kRawType);
    response.headers.add("Content-Disposition", disposition(request_, root_.to_string() + ".bin"));
    response.headers.add("Accept-Ranges", "bytes");
    response.headers.add("X-Ipfs-Roots", root_.to_string());
    if (part != nullptr) {
      response.status = 206;
      response.headers.add("Content-Range",
                           fmt::format("bytes {}-{}/{}", part->begin, part->end - 1, *size));
    }
    add_common_headers(response, request_, etag, kImmutable);
    return response;
  }

  Status fill_raw(Response& response, const ByteRange* part, uint64_t size) {
    const ByteRange wanted = part != nullptr ? *part : ByteRange{0, size};
    response.head_bytes = wanted.end - wanted.begin;
    if (request_.head) return success();
    TR_ASSIGN(const SharedBytes block, store_.get(root_));
    if (wanted.end > block.size()) {
      return Error{ErrorCode::kInternal, "the block has another size than the store said"};
    }
    response.body = block.slice(wanted.begin, wanted.end - wanted.begin);
    return success();
  }

  Response car() {
    const auto way = find_way(store_, root_, request_.segments);
    if (!way.ok()) return failure(way.error(), options_.recursive);
    if (!way->dead_end.empty()) return text_response(404, way->dead_end);
    for (const Cid& cid : way->roots) {
      if (is_denied(cid)) return gone(cid);
    }
    // The terminus is read here, so that what is not there is no half answer.
    const auto terminus = store_.get(way->terminus);
    if (!terminus.ok()) return failure(terminus.error(), options_.recursive);
    auto plan = make_plan(*way, *terminus);
    if (!plan.ok()) return failure(plan.error(), false);

    const std::string etag = car_etag(*way, *plan);
    if (matches_any(request_.if_none_match, etag)) return not_modified(request_, etag, kImmutable);
    Response response;
    if (!request_.head) response.stream = std::make_unique<CarBody>(store_, std::move(*plan));
    response.headers.add("Content-Type",
                         fmt::format("{}; version=1; order=dfs; dups={}", kCarType, duplicates()));
    response.headers.add("Content-Disposition",
                         disposition(request_, way->terminus.to_string() + ".car"));
    response.headers.add("Accept-Ranges", "none");
    response.headers.add("X-Ipfs-Roots", join(way->roots));
    add_common_headers(response, request_, etag, kImmutable);
    return response;
  }

  Result<CarPlan> make_plan(const Way& way, const SharedBytes& terminus) {
    CarPlan plan{.way = way.blocks,
                 .terminus = way.terminus,
                 .part = {.scope = way.inside ? DagScope::kBlock : request_.car.scope},
                 .duplicates = request_.car.duplicates,
                 .denied = options_.denied};
    const Codec codec = way.terminus.codec();
    if (plan.part.scope == DagScope::kAll) {
      TR_TRY(ipld::for_each_link(codec, terminus.view(), [](const Cid&) { return success(); }));
    }
    if (plan.part.scope != DagScope::kEntity || !request_.car.bytes) return plan;
    const auto file = unixfs::parse_file_node(way.terminus, terminus);
    if (!file.ok()) return plan;  // not a file: the range means nothing
    const auto part = clip(*request_.car.bytes, file->size);
    if (!part) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("entity-bytes={} is outside of the file, which has {} bytes",
                               format_entity_bytes(*request_.car.bytes), file->size)};
    }
    if (part->begin == part->end) {
      plan.part.scope = DagScope::kBlock;  // enough to see how long the file is
    } else {
      plan.part.bytes = exchange::FileBytes{part->begin, part->end};
    }
    return plan;
  }

  [[nodiscard]] const char* duplicates() const {
    return request_.car.duplicates == Duplicates::kYes ? "y" : "n";
  }

  // Weak: another version may order the same blocks otherwise.
  [[nodiscard]] std::string car_etag(const Way& way, const CarPlan& plan) const {
    const std::string range =
        request_.car.bytes ? "." + format_entity_bytes(*request_.car.bytes) : std::string();
    return fmt::format("W/\"{}{}.{}.{}.{}.car\"", dag_scope_name(plan.part.scope), range,
                       duplicates(), root_.to_string(), way.terminus.to_string());
  }

  static std::string join(const std::vector<Cid>& cids) {
    std::string text;
    for (const Cid& cid : cids) text += (text.empty() ? "" : ",") + cid.to_string();
    return text;
  }

  Blockstore& store_;
  const GatewayOptions& options_;
  const GatewayRequest& request_;
  const Cid& root_;
};

Response answer_name(const GatewayOptions& options, const GatewayRequest& request) {
  if (!options.ipns_record) return text_response(404, "this gateway serves no names");
  auto answer = options.ipns_record(request.name);
  if (!answer.ok()) return failure(answer.error(), false);
  const std::string cache_control = fmt::format(
      "public, max-age={}", std::min<uint64_t>(answer->ttl_ns / 1'000'000'000, kTtlSecondsMax));
  const std::string etag =
      fmt::format("\"{}.ipns-record\"", Cid::of_sha256(Codec::kRaw, answer->record).to_string());
  if (matches_any(request.if_none_match, etag)) return not_modified(request, etag, cache_control);
  Response response;
  response.head_bytes = answer->record.size();
  if (!request.head) response.body = SharedBytes(std::move(answer->record));
  response.headers.add("Content-Type", kIpnsRecordType);
  response.headers.add("Content-Disposition",
                       disposition(request, percent_encode(request.name) + ".ipns-record"));
  add_common_headers(response, request, etag, cache_control);
  return response;
}

}  // namespace

Response TrustlessGateway::answer(const Request& request) {
  const auto parsed = parse_gateway_request(request);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    Response response = text_response(refusal->status, refusal->message);
    if (refusal->status == 405) response.headers.add("Allow", "GET, HEAD");
    return response;
  }
  const auto& asked = std::get<GatewayRequest>(parsed);
  if (!asked.root) return answer_name(options_, asked);
  return Answer(store_, options_, asked).run();
}

}  // namespace timerose::http
