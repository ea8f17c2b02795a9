#include "node/config_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/units.h"
#include "exchange/http_address.h"
#include "isolation/pool.h"
#include "multiformats/cid.h"
#include "node/network/peer_address.h"

namespace timerose::node {
namespace {

constexpr size_t kNetworkKeyDigits = 64;

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\n'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

Status check_one_of(std::string_view value, std::initializer_list<std::string_view> allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return success();
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("expected {}; found '{}'", fmt::join(allowed, " or "), value)};
}

}  // namespace

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    const std::string_view item = trimmed(text.substr(0, end));
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return items;
}

Status check_switch(std::string_view value) { return check_one_of(value, {"true", "false"}); }

Status check_listen(std::string_view value) {
  for (const std::string& item : split_list(value)) {
    if (item != "loopback" && item != "lan") TR_TRY(check_address(item));
  }
  return success();
}

Status check_addresses(std::string_view value) {
  for (const std::string& item : split_list(value)) TR_TRY(check_address(item));
  return success();
}

Status check_peers(std::string_view value) {
  for (const std::string& item : split_list(value)) {
    if (auto peer = parse_peer(item); !peer.ok()) return std::move(peer).error();
  }
  return success();
}

Status check_gateways(std::string_view value) {
  for (const std::string& item : split_list(value)) {
    if (auto address = exchange::parse_http_address(item); !address.ok()) {
      return std::move(address).error();
    }
  }
  return success();
}

Status check_cids(std::string_view value) {
  for (const std::string& item : split_list(value)) {
    if (auto cid = Cid::parse(item); !cid.ok()) return std::move(cid).error();
  }
  return success();
}

Status check_keys(std::string_view value) {
  for (const std::string& item : split_list(value)) {
    TR_ASSIGN(const PeerId peer, parse_key(item));
    if (auto key = peer.public_key(); !key.ok()) return std::move(key).error();
  }
  return success();
}

Status check_network_key(std::string_view value) {
  const bool digits = value.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  if (value.empty() || (digits && value.size() == kNetworkKeyDigits)) return success();
  // The value itself is a secret.
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("expected {} hexadecimal digits; found {} characters", kNetworkKeyDigits,
                           value.size())};
}

Status check_routing_mode(std::string_view value) {
  return check_one_of(value, {"auto", "client", "server"});
}

Status check_serving(std::string_view value) {
  return check_one_of(value, {"all", "listed", "none"});
}

Status check_positive(std::string_view value) {
  TR_ASSIGN(const uint64_t count, parse_count(value));
  if (count >= 1 && count <= kCountMax) return success();
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("expected a number from 1 to {}; found {}", kCountMax, count)};
}

Status check_worker_memory(std::string_view value) {
  TR_ASSIGN(const uint64_t bytes, parse_bytes(value));
  if (bytes == 0 || bytes >= isolation::kWorkerMemoryMin) return success();
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("expected 0 or at least {}, which a worker process needs; found {}",
                           format_bytes(isolation::kWorkerMemoryMin), format_bytes(bytes))};
}

Status check_workers_memory(std::string_view value) {
  return value == "auto" ? success() : check_worker_memory(value);
}

Status check_file(std::string_view value) {
  if (value.empty() || value.front() == '/') return success();
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("expected an absolute path, found '{}'", value)};
}

}  // namespace timerose::node
