#include "cli/mesh/token_view.h"

#include <fmt/format.h>

#include "base/duration.h"
#include "ipld/dag_json.h"
#include "multiformats/peer_id.h"
#include "names/rfc3339.h"
#include "scheduler/authority/call.h"

namespace timerose::cli {
namespace {

using Json = nlohmann::ordered_json;
using scheduler::authority::Delegation;
using scheduler::authority::Invocation;
using scheduler::authority::Token;

// "2026-11-28T12:00:00Z": tokens know whole seconds.
std::string moment(uint64_t unix_s) {
  const std::string text = names::format_rfc3339(unix_s * kNsPerSecond);
  return text.substr(0, text.find('.')) + "Z";
}

const char* state_of(const Token& token, const std::optional<uint64_t>& not_before_s,
                     const std::optional<uint64_t>& expires_s,
                     const scheduler::authority::Revocations& revocations, uint64_t now_s) {
  if (revocations.has(token.cid())) return "revoked";
  if (expires_s && now_s > *expires_s) return "expired";
  if (not_before_s && now_s < *not_before_s) return "not yet";
  return "good";
}

void put_time(Json& json, const char* name, const std::optional<uint64_t>& time_s) {
  if (time_s) json[name] = moment(*time_s);
}

void put_delegation(const Delegation& delegation, Json& json) {
  json["kind"] = "delegation";
  json["from"] = did_key_format(delegation.issuer);
  json["to"] = did_key_format(delegation.audience);
  if (delegation.subject) json["subject"] = did_key_format(*delegation.subject);
  json["command"] = delegation.command;
  const auto policy = dag_json::encode(delegation.policy.value());
  json["policy"] = policy.ok() ? Json::parse(*policy) : Json::array();
  put_time(json, "not_before", delegation.not_before_s);
  put_time(json, "expires", delegation.expires_s);
}

void put_invocation(const Token& token, const Invocation& invocation, Json& json) {
  const Cid* module = scheduler::authority::vouched_module(token);
  json["kind"] = module == nullptr ? "invocation" : "voucher";
  json["from"] = did_key_format(invocation.issuer);
  json["command"] = invocation.command;
  if (module != nullptr) json["function"] = module->to_string();
  put_time(json, "expires", invocation.expires_s);
}

}  // namespace

Json token_json(const Token& token, const scheduler::authority::Revocations& revocations,
                uint64_t now_s) {
  Json json{{"cid", scheduler::authority::token_name(token.cid())}};
  std::optional<uint64_t> not_before_s;
  std::optional<uint64_t> expires_s;
  if (const Delegation* delegation = token.delegation()) {
    put_delegation(*delegation, json);
    not_before_s = delegation->not_before_s;
    expires_s = delegation->expires_s;
  } else {
    put_invocation(token, *token.invocation(), json);
    expires_s = token.invocation()->expires_s;
  }
  json["state"] = state_of(token, not_before_s, expires_s, revocations, now_s);
  return json;
}

std::string token_line(const Json& token) {
  const auto text = [&](const char* name) { return token.value(name, std::string()); };
  std::string line =
      fmt::format("{} {} {}: by {}", text("cid"), text("state"), text("kind"), text("from"));
  if (token.contains("to")) line += " to " + text("to");
  if (token.contains("subject") && text("subject") != text("from")) {
    line += " about " + text("subject");
  }
  if (token.contains("function")) line += " about " + text("function");
  if (token.contains("policy"))
    line += fmt::format(", {} {}", text("command"), token["policy"].dump());
  if (token.contains("expires")) line += ", until " + text("expires");
  return line;
}

}  // namespace timerose::cli
