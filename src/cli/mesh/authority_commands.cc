#include "cli/mesh/authority_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/duration.h"
#include "base/units.h"
#include "cli/content/block_input.h"
#include "cli/content/content.h"
#include "cli/mesh/token_view.h"
#include "cli/program/form_option.h"
#include "compute/function.h"
#include "ipld/dag_json.h"
#include "node/daemon/daemon.h"
#include "node/network/peer_address.h"
#include "node/records/authority_records.h"
#include "scheduler/authority/call.h"
#include "scheduler/authority/container.h"

namespace timerose::cli {
namespace {

namespace authority = scheduler::authority;
using authority::Token;
using authority::TokenRef;

constexpr uint64_t kMsPerSecond = 1'000;

uint64_t now_s(Session& session) { return session.clock().unix_ns() / kNsPerSecond; }

// What was kept is in force at once where a node runs.
Status put_in_force(Session& session, node::Repository& repository) {
  if (session.daemon() == nullptr) return success();
  return session.daemon()->network().reload_authority(repository.records());
}

Result<PublicKey> parse_public_key(const std::string& option, const std::string& text) {
  auto peer = node::parse_key(text);
  if (!peer.ok()) return std::move(peer).error().within(option);
  auto key = peer->public_key();
  if (!key.ok()) return std::move(key).error().within(option);
  return key;
}

// "7d", or "never".
Result<std::optional<uint64_t>> parse_expiry(Session& session, const std::string& text) {
  if (text == "never") return std::optional<uint64_t>();
  auto span_ms = parse_duration_ms(text);
  if (!span_ms.ok()) return std::move(span_ms).error().within("--expires");
  return std::optional(std::min(now_s(session) + *span_ms / kMsPerSecond, authority::kTimeMax));
}

Result<std::vector<TokenRef>> read_container_of(const Streams& streams, const std::string& file) {
  TR_ASSIGN(const Bytes bytes, read_source(streams, file, authority::kContainerBytesMax));
  auto tokens = authority::read_container(bytes);
  if (!tokens.ok()) return std::move(tokens).error().within(file);
  return tokens;
}

Status print_container(Session& session, const std::vector<TokenRef>& tokens) {
  return session.out().line(authority::write_container(tokens));
}

// --- delegate ---

struct DelegateTexts {
  std::string to;
  std::string subject;
  std::vector<std::string> functions;
  std::string fuel_max;
  std::string memory_max;
  std::string policy;
  std::string expires = "7d";
};

Value statement(const char* does, const char* selector, Value argument) {
  return Value(Value::List{does, selector, std::move(argument)});
}

// Any of the functions.
Result<Value> functions_statement(Session& session, const std::vector<std::string>& functions) {
  Value::List any;
  for (const std::string& text : functions) {
    TR_ASSIGN(const Cid cid, resolve_content(session, text));
    TR_ASSIGN(auto* store, session.content());
    TR_ASSIGN(const auto loaded, compute::load_function(*store, cid));
    any.push_back(statement("==", ".function", loaded.function.module.as_v1()));
  }
  if (any.size() == 1) return any.front();
  return Value(Value::List{"or", std::move(any)});
}

Result<authority::Policy> policy_of(Session& session, const DelegateTexts& texts) {
  Value::List statements;
  if (!texts.policy.empty()) {
    auto value = dag_json::decode(as_bytes(texts.policy));
    if (!value.ok()) return std::move(value).error().within("--policy");
    if (auto checked = authority::Policy::parse(*value); !checked.ok()) {
      return std::move(checked).error().within("--policy");
    }
    statements = *value->as_list();
  }
  if (!texts.functions.empty()) {
    TR_ASSIGN(Value functions, functions_statement(session, texts.functions));
    statements.push_back(std::move(functions));
  }
  if (!texts.fuel_max.empty()) {
    auto fuel = parse_count(texts.fuel_max);
    if (!fuel.ok()) return std::move(fuel).error().within("--fuel-max");
    statements.push_back(statement("<=", ".fuel", *fuel));
  }
  if (!texts.memory_max.empty()) {
    auto bytes = parse_bytes(texts.memory_max);
    if (!bytes.ok()) return std::move(bytes).error().within("--memory-max");
    statements.push_back(statement("<=", ".memory", *bytes));
  }
  return authority::Policy::parse(Value(std::move(statements)));
}

// What was handed on to us of what is the subject's: nothing if that is us.
Result<std::vector<TokenRef>> chain_from(node::Repository& repository, const PublicKey& subject,
                                         const PublicKey& self) {
  if (subject == self) return std::vector<TokenRef>();
  TR_ASSIGN(const auto kept, node::load_tokens(repository.records()));
  auto chains = authority::find_chains(kept, self);
  const auto found = std::ranges::find_if(
      chains, [&](const auto& chain) { return chain.front()->issuer() == subject; });
  if (found != chains.end()) return std::move(*found);
  return Error{ErrorCode::kNotFound,
               fmt::format("--for: nothing of {} was handed on to this node, as far as it keeps "
                           "tokens; `timerose trust accept` keeps one",
                           did_key_format(subject))};
}

Result<int> delegate(Session& session, const DelegateTexts& texts) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(const PrivateKey* key, repository->key());
  authority::Delegation delegation;
  TR_ASSIGN(delegation.audience, parse_public_key("--to", texts.to));
  PublicKey subject = key->public_key();
  if (!texts.subject.empty()) {
    TR_ASSIGN(subject, parse_public_key("--for", texts.subject));
  }
  TR_ASSIGN(auto chain, chain_from(*repository, subject, key->public_key()));
  delegation.subject = subject;
  delegation.command = authority::kExecuteCommand;
  TR_ASSIGN(delegation.policy, policy_of(session, texts));
  TR_ASSIGN(delegation.expires_s, parse_expiry(session, texts.expires));
  delegation.nonce = authority::fresh_nonce(session.random());
  TR_ASSIGN(Token token, Token::sign(std::move(delegation), *key));
  chain.push_back(std::make_shared<const Token>(std::move(token)));
  if (chain.size() > authority::kChainMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("it would be the {}th delegation of its chain; {} is the most",
                             chain.size(), authority::kChainMax)};
  }
  // Who hands on must be able to find out later what there is to revoke.
  TR_TRY(node::keep_tokens(repository->records(), {chain.back()}));
  TR_TRY(print_container(session, chain));
  return kExitSuccess;
}

void add_delegate(Grammar& grammar, CLI::App& group) {
  auto texts = std::make_shared<DelegateTexts>();
  CLI::App* command = add_command(
      grammar, group, "delegate",
      {"Let another key have calls carried out here, or where this node may: prints a token for it",
       "  timerose trust delegate --to 12D3KooW... --fuel-max 1000000000 --expires 7d > token\n"
       "  timerose trust delegate --to did:key:z6Mk... --for 12D3KooW... --function CID"},
      [texts](Session& session) { return delegate(session, *texts); });
  add_text(*command, "--to", texts->to, "Who may: a PeerID or did:key")
      ->required()
      ->type_name("KEY");
  add_text(*command, "--for", texts->subject,
           "Where: the node that this one has a delegation of (default: this node)")
      ->type_name("KEY");
  add_repeated(*command, "--function", texts->functions,
               "Only this module or Function; may be repeated")
      ->type_name("X");
  add_text(*command, "--fuel-max", texts->fuel_max, "Only calls with no larger budget")
      ->type_name("N");
  add_text(*command, "--memory-max", texts->memory_max, "Only calls with no larger memory limit")
      ->type_name("SIZE");
  add_text(*command, "--policy", texts->policy, "What else must hold, as a UCAN policy in DAG-JSON")
      ->type_name("JSON");
  add_text(*command, "--expires", texts->expires, "When it ends, or never (default: 7d)")
      ->type_name("TIME");
}

// --- accept, show, drop, revoke ---

Status list_tokens(Session& session, const std::vector<TokenRef>& tokens, bool as_json) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(const auto revocations, node::load_revocations(repository->records()));
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const TokenRef& token : tokens) {
    list.push_back(token_json(*token, revocations, now_s(session)));
    if (!as_json) TR_TRY(session.out().line(token_line(list.back())));
  }
  return as_json ? session.out().line(list.dump(2)) : success();
}

Result<int> accept(Session& session, const std::string& file) {
  TR_ASSIGN(const auto tokens, read_container_of(session.streams(), file));
  TR_ASSIGN(auto* repository, session.repository());
  TR_TRY(node::keep_tokens(repository->records(), tokens));
  TR_TRY(put_in_force(session, *repository));
  TR_TRY(list_tokens(session, tokens, false));
  return kExitSuccess;
}

Result<int> show(Session& session, const std::string& file, bool as_json) {
  TR_ASSIGN(auto* repository, session.repository());
  if (!file.empty()) {
    TR_ASSIGN(const auto tokens, read_container_of(session.streams(), file));
    TR_TRY(list_tokens(session, tokens, as_json));
    return kExitSuccess;
  }
  TR_ASSIGN(const auto tokens, node::load_tokens(repository->records()));
  TR_TRY(list_tokens(session, tokens, as_json));
  if (as_json) return kExitSuccess;
  TR_ASSIGN(const auto revoked, node::load_revoked(repository->records()));
  for (const Cid& cid : revoked) {
    const bool listed =
        std::ranges::any_of(tokens, [&](const auto& one) { return one->cid() == cid; });
    if (!listed) TR_TRY(session.out().line(authority::token_name(cid) + " revoked"));
  }
  return kExitSuccess;
}

Result<int> drop(Session& session, const std::vector<std::string>& words) {
  TR_ASSIGN(auto* repository, session.repository());
  for (const std::string& word : words) {
    TR_ASSIGN(const Cid cid, Cid::parse(word));
    TR_ASSIGN(const bool was_kept, node::drop_token(repository->records(), cid));
    if (!was_kept) {
      return Error{ErrorCode::kNotFound,
                   fmt::format("{} is not kept; `timerose trust show` lists what is", word)};
    }
  }
  TR_TRY(put_in_force(session, *repository));
  return kExitSuccess;
}

Result<int> revoke(Session& session, const std::vector<std::string>& words) {
  TR_ASSIGN(auto* repository, session.repository());
  for (const std::string& word : words) {
    TR_ASSIGN(const Cid cid, Cid::parse(word));
    TR_TRY(node::keep_revoked(repository->records(), cid));
  }
  TR_TRY(put_in_force(session, *repository));
  return kExitSuccess;
}

void add_accept(Grammar& grammar, CLI::App& group) {
  auto file = std::make_shared<std::string>();
  CLI::App* command = add_command(
      grammar, group, "accept",
      {"Keep tokens: delegations are shown by themselves to who is asked, vouchers count here",
       "  timerose trust accept token"},
      [file](Session& session) { return accept(session, *file); });
  add_word(*command, "FILE", *file, "Tokens as `timerose trust delegate` prints them; -: stdin");
}

void add_token_show(Grammar& grammar, CLI::App& group) {
  auto file = std::make_shared<std::string>();
  auto form = std::make_shared<std::string>();
  CLI::App* command =
      add_command(grammar, group, "show",
                  {"Show the tokens of a file, or those that are kept or were made here",
                   "  timerose trust show\n  timerose trust show -o json token"},
                  [file, form](Session& session) -> Result<int> {
                    TR_ASSIGN(const bool as_json, is_json(*form));
                    return show(session, *file, as_json);
                  });
  add_word(*command, "FILE", *file, "Tokens; default: what is kept")->required(false);
  add_form_option(*command, *form);
}

void add_by_name(Grammar& grammar, CLI::App& group, const std::string& name, const Help& help,
                 Result<int> (*action)(Session&, const std::vector<std::string>&)) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* command = add_command(grammar, group, name, help, [words, action](Session& session) {
    return action(session, *words);
  });
  add_words(*command, "CID", *words, 1, "Tokens, as `timerose trust show` names them");
}

// --- function sign ---

struct SignTexts {
  std::string function;
  std::string expires = "never";
};

Result<int> sign(Session& session, const SignTexts& texts) {
  TR_ASSIGN(auto* store, session.content());
  TR_ASSIGN(const Cid cid, resolve_content(session, texts.function));
  TR_ASSIGN(const auto loaded, compute::load_function(*store, cid));
  TR_ASSIGN(const auto expires_s, parse_expiry(session, texts.expires));
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(const PrivateKey* key, repository->key());
  std::vector<Cid> modules{loaded.function.module};
  for (const auto& [name, module] : loaded.function.links) modules.push_back(module);
  std::vector<TokenRef> vouchers;
  vouchers.reserve(modules.size());
  for (const Cid& module : modules) {
    TR_ASSIGN(Token token, authority::vouch_for(module, expires_s, *key, session.random()));
    vouchers.push_back(std::make_shared<const Token>(std::move(token)));
  }
  TR_TRY(print_container(session, vouchers));
  return kExitSuccess;
}

}  // namespace

void add_delegation_commands(Grammar& grammar, CLI::App& trust) {
  add_delegate(grammar, trust);
  add_accept(grammar, trust);
  add_token_show(grammar, trust);
  add_by_name(grammar, trust, "drop", {"Keep tokens no more", "  timerose trust drop zdpu..."},
              drop);
  add_by_name(grammar, trust, "revoke",
              {"Honour tokens, and what was handed on by them, no more; this cannot be taken back",
               "  timerose trust revoke zdpu..."},
              revoke);
}

void add_sign_command(Grammar& grammar, CLI::App& function) {
  auto texts = std::make_shared<SignTexts>();
  CLI::App* command = add_command(
      grammar, function, "sign",
      {"Vouch for a function's module, and those that it imports: prints tokens for nodes that run "
       "nothing else",
       "  timerose function sign wordcount.wasm > voucher"},
      [texts](Session& session) { return sign(session, *texts); });
  add_word(*command, "FUNCTION", texts->function, "X of a module or Function");
  add_text(*command, "--expires", texts->expires, "When that ends (default: never)")
      ->type_name("TIME");
}

Result<std::vector<Bytes>> read_tokens(const Streams& streams, const std::string& file) {
  TR_ASSIGN(const auto tokens, read_container_of(streams, file));
  std::vector<Bytes> bytes;
  bytes.reserve(tokens.size());
  for (const TokenRef& token : tokens) bytes.push_back(to_bytes(token->bytes()));
  return bytes;
}

}  // namespace timerose::cli
