// timerose id, timerose key: who this node is, and its named keys.
#include <nlohmann/json.hpp>

#include "base/printable.h"
#include "cli/network/own_addresses.h"
#include "cli/program/grammar.h"
#include "cli/program/version.h"
#include "multiformats/multibase.h"
#include "multiformats/peer_id.h"
#include "node/daemon/daemon.h"

namespace timerose::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Identity {
  std::string peer_id;
  std::string did;
  std::string public_key;  // base64
  std::string agent;
};

Identity identity_of(const PublicKey& key) {
  return {PeerId::of(key).to_string(), did_key_format(key),
          base_encode(Multibase::kBase64Pad, key.bytes), "timerose/" + version_number()};
}

// "<id>", "<did>", "<pubkey>", "<aver>" and the escapes "\n" and "\t" of a format.
std::string format_identity(const Identity& identity, std::string text) {
  const std::string agent = printable_line(identity.agent);
  const std::pair<std::string_view, std::string_view> replacements[] = {
      {"<id>", identity.peer_id},        {"<did>", identity.did},
      {"<pubkey>", identity.public_key}, {"<aver>", agent},
      {"\\n", std::string_view("\n")},   {"\\t", std::string_view("\t")},
  };
  for (const auto& [name, value] : replacements) {
    for (size_t at = text.find(name); at != std::string::npos;
         at = text.find(name, at + value.size())) {
      text.replace(at, name.size(), value);
    }
  }
  return text;
}

void add_id(Grammar& grammar) {
  auto format = std::make_shared<std::string>();
  CLI::App* command =
      add_command(grammar, grammar.root, "id",
                  {"Show this node's PeerID and did:key, and its addresses while it runs",
                   "  timerose id\n  timerose id -f '<did>\\n'"},
                  [format](Session& session) -> Result<int> {
                    TR_ASSIGN(auto* repository, session.repository());
                    TR_ASSIGN(const PrivateKey* key, repository->key());
                    const Identity identity = identity_of(key->public_key());
                    if (!format->empty()) {
                      TR_TRY(session.out().write(format_identity(identity, *format)));
                      return kExitSuccess;
                    }
                    Json json{{"ID", identity.peer_id},
                              {"DID", identity.did},
                              {"PublicKey", identity.public_key},
                              {"AgentVersion", identity.agent}};
                    if (session.daemon() != nullptr) {
                      TR_ASSIGN(json["Addresses"], own_addresses(session.daemon()->network()));
                    }
                    TR_TRY(session.out().line(json.dump(2)));
                    return kExitSuccess;
                  });
  command->group("Identity and settings");
  add_text(*command, "-f,--format", *format, "Template of <id>, <did>, <pubkey>, <aver>, \\n, \\t")
      ->type_name("TEMPLATE");
}

Result<node::Keystore> keystore(Session& session) {
  TR_ASSIGN(auto* repository, session.repository());
  return repository->keystore();
}

std::string key_id(const PublicKey& key) {
  return PeerId::of(key).to_cid().to_string(Multibase::kBase36);
}

void add_gen(Grammar& grammar, CLI::App& group) {
  auto name = std::make_shared<std::string>();
  CLI::App* command =
      add_command(grammar, group, "gen",
                  {"Make a named Ed25519 key and print its id", "  timerose key gen releases"},
                  [name](Session& session) -> Result<int> {
                    TR_ASSIGN(auto keys, keystore(session));
                    TR_ASSIGN(const auto key, keys.generate(*name, session.random()));
                    TR_TRY(session.out().line(key_id(key.public_key())));
                    return kExitSuccess;
                  });
  add_word(*command, "NAME", *name, "The key's name");
}

Status list_keys(Session& session, bool with_ids) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(const PrivateKey* self, repository->key());
  TR_TRY(session.out().line(with_ids ? key_id(self->public_key()) + " self" : "self"));
  const node::Keystore keys = repository->keystore();
  TR_ASSIGN(const auto names, keys.names());
  for (const std::string& name : names) {
    if (!with_ids) {
      TR_TRY(session.out().line(name));
      continue;
    }
    TR_ASSIGN(const auto key, keys.load(name));
    TR_TRY(session.out().line(key_id(key.public_key()) + " " + name));
  }
  return success();
}

void add_key_list(Grammar& grammar, CLI::App& group) {
  auto with_ids = std::make_shared<bool>(false);
  CLI::App* command =
      add_command(grammar, group, "list",
                  {"List the node's own key, self, and the named ones", "  timerose key list -l"},
                  [with_ids](Session& session) -> Result<int> {
                    TR_TRY(list_keys(session, *with_ids));
                    return kExitSuccess;
                  });
  command->add_flag("-l", *with_ids, "Show ids too");
}

void add_rm(Grammar& grammar, CLI::App& group) {
  auto names = std::make_shared<std::vector<std::string>>();
  CLI::App* command = add_command(grammar, group, "rm",
                                  {"Delete named keys for ever", "  timerose key rm releases"},
                                  [names](Session& session) -> Result<int> {
                                    TR_ASSIGN(auto keys, keystore(session));
                                    for (const std::string& name : *names) {
                                      TR_TRY(keys.remove(name));
                                      TR_TRY(session.out().line(name));
                                    }
                                    return kExitSuccess;
                                  });
  add_words(*command, "NAME", *names, 1, "Names of keys");
}

}  // namespace

void add_identity_commands(Grammar& grammar) {
  add_id(grammar);
  CLI::App* group = add_group(grammar.root, "key", "Make, list and delete named keys");
  group->group("Identity and settings");
  add_gen(grammar, *group);
  add_key_list(grammar, *group);
  add_rm(grammar, *group);
}

}  // namespace timerose::cli
