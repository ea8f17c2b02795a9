// timerose trust add|rm|list: the keys this node trusts, and with what.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/mesh/authority_commands.h"
#include "cli/program/form_option.h"
#include "cli/program/grammar.h"
#include "node/daemon/daemon.h"
#include "node/network/peer_address.h"
#include "node/records/trust_records.h"

namespace timerose::cli {
namespace {

using scheduler::execute::Role;
using scheduler::execute::TrustList;

Result<TrustList> load_trust(Session& session) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(const PrivateKey* key, repository->key());
  return node::load_trust(repository->records(), PeerId::of(key->public_key()));
}

// Kept, and, where a node runs, in force at once.
Status keep_trust(Session& session, const TrustList& trust) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_TRY(node::save_trust(repository->records(), trust));
  if (session.daemon() != nullptr) session.daemon()->network().set_trust(trust);
  return success();
}

struct TrustTexts {
  std::vector<std::string> keys;
  std::vector<std::string> roles;
};

Result<std::vector<Role>> roles_of(const std::vector<std::string>& texts) {
  std::vector<Role> roles;
  for (const std::string& text : texts) {
    auto role = scheduler::execute::role_named(text);
    if (!role.ok()) return std::move(role).error().within("--role");
    roles.push_back(*role);
  }
  return roles;
}

void add_role_option(CLI::App& command, TrustTexts& texts, const std::string& description) {
  add_repeated(command, "--role", texts.roles, description)
      ->type_name("requester|executor|verifier");
}

Result<int> trust_add(Session& session, const TrustTexts& texts) {
  TR_ASSIGN(auto roles, roles_of(texts.roles));
  if (roles.empty()) roles = {Role::kRequester, Role::kExecutor};
  TR_ASSIGN(TrustList trust, load_trust(session));
  for (const std::string& text : texts.keys) {
    TR_ASSIGN(const PeerId peer, node::parse_key(text));
    for (const Role role : roles) TR_TRY(trust.add(peer, role));
  }
  TR_TRY(keep_trust(session, trust));
  return kExitSuccess;
}

void add_trust_add(Grammar& grammar, CLI::App& group) {
  auto texts = std::make_shared<TrustTexts>();
  CLI::App* command = add_command(
      grammar, group, "add",
      {"Trust keys: as requesters, for whom this node executes, and as executors, whose answers "
       "count",
       "  timerose trust add 12D3KooW...\n  timerose trust add --role requester did:key:z6Mk..."},
      [texts](Session& session) { return trust_add(session, *texts); });
  add_words(*command, "KEY", texts->keys, 1, "PeerIDs or did:keys");
  add_role_option(*command, *texts, "One role; may be repeated (default: requester and executor)");
}

Error not_trusted(const TrustList& trust, const PeerId& peer, const TrustTexts& texts) {
  if (peer == trust.self()) {
    return {ErrorCode::kInvalidArgument, "a node always trusts its own key"};
  }
  const std::string roles = texts.roles.empty() ? "" : " as ";
  return {ErrorCode::kNotFound,
          fmt::format("{} is not trusted{}{}; `timerose trust list` shows who is", peer.to_string(),
                      roles, fmt::join(texts.roles, " or "))};
}

Result<int> trust_remove(Session& session, const TrustTexts& texts) {
  TR_ASSIGN(const auto roles, roles_of(texts.roles));
  TR_ASSIGN(TrustList trust, load_trust(session));
  for (const std::string& text : texts.keys) {
    TR_ASSIGN(const PeerId peer, node::parse_key(text));
    bool had = false;
    for (const Role role : roles.empty() ? trust.roles_of(peer) : roles) {
      had = trust.remove(peer, role) || had;
    }
    if (!had) return not_trusted(trust, peer, texts);
  }
  TR_TRY(keep_trust(session, trust));
  return kExitSuccess;
}

void add_trust_rm(Grammar& grammar, CLI::App& group) {
  auto texts = std::make_shared<TrustTexts>();
  CLI::App* command =
      add_command(grammar, group, "rm",
                  {"Trust keys no more: with some roles, or with any",
                   "  timerose trust rm 12D3KooW...\n"
                   "  timerose trust rm --role executor 12D3KooW..."},
                  [texts](Session& session) { return trust_remove(session, *texts); });
  add_words(*command, "KEY", texts->keys, 1, "PeerIDs or did:keys");
  add_role_option(*command, *texts, "One role; may be repeated (default: all)");
}

Result<int> trust_list(Session& session, const std::string& form) {
  TR_ASSIGN(const bool as_json, is_json(form));
  TR_ASSIGN(const TrustList trust, load_trust(session));
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const PeerId& peer : trust.peers()) {
    std::vector<std::string> names;
    for (const Role role : trust.roles_of(peer)) names.emplace_back(role_name(role));
    json.push_back({{"peer", peer.to_string()}, {"roles", names}});
    if (as_json) continue;
    TR_TRY(session.out().line(fmt::format("{} {}", peer.to_string(), fmt::join(names, ","))));
  }
  if (as_json) TR_TRY(session.out().line(json.dump(2)));
  return kExitSuccess;
}

void add_trust_list(Grammar& grammar, CLI::App& group) {
  auto form = std::make_shared<std::string>();
  CLI::App* command = add_command(grammar, group, "list",
                                  {"List the keys that are trusted, and with what",
                                   "  timerose trust list\n  timerose trust list -o json"},
                                  [form](Session& session) { return trust_list(session, *form); });
  add_form_option(*command, *form);
}

}  // namespace

void add_trust_commands(Grammar& grammar) {
  auto form = std::make_shared<std::string>();
  CLI::App* group = add_command(grammar, grammar.root, "trust",
                                {"Whom this node executes for, and whose answers count",
                                 "  timerose trust               as trust list\n"
                                 "  timerose trust add 12D3KooW... --role executor\n"
                                 "  timerose trust delegate --to 12D3KooW... > token"},
                                [form](Session& session) { return trust_list(session, *form); });
  group->group("Compute");
  add_form_option(*group, *form);
  add_trust_add(grammar, *group);
  add_trust_rm(grammar, *group);
  add_trust_list(grammar, *group);
  add_delegation_commands(grammar, *group);
}

}  // namespace timerose::cli
