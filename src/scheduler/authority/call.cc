#include "scheduler/authority/call.h"

#include "ipld/utf8.h"

namespace timerose::scheduler::authority {
namespace {

// Guests' texts need not be UTF-8; patterns are only about those that are.
Value text_or_bytes(const std::string& text) {
  if (is_utf8(text)) return Value(text);
  return Value(to_bytes(as_bytes(text)));
}

Value links_of(const std::map<std::string, Cid>& links) {
  Value::Map map;
  for (const auto& [name, cid] : links) map.emplace(name, cid);
  return Value(std::move(map));
}

}  // namespace

Value::Map arguments_of(const compute::Invocation& invocation, const Terms& terms) {
  Value::List args;
  for (const std::string& text : invocation.args) args.push_back(text_or_bytes(text));
  Value::Map env;
  for (const auto& [name, text] : invocation.env) env.emplace(name, text_or_bytes(text));
  const auto& stdin_file = invocation.stdin_file;
  return {{"function", invocation.module},
          {"abi", wasm::abi_name(invocation.abi)},
          {"entry", invocation.entry},
          {"args", std::move(args)},
          {"env", std::move(env)},
          {"inputs", Value::List(invocation.inputs.begin(), invocation.inputs.end())},
          {"mounts", links_of(invocation.mounts)},
          {"links", links_of(invocation.links)},
          {"stdin", stdin_file ? Value(*stdin_file) : Value()},
          {"seed", invocation.seed},
          {"memory", invocation.memory_bytes_max},
          {"fuel", terms.fuel},
          {"deadline", terms.deadline_ms},
          {"priority", uint64_t{terms.priority}}};
}

Result<Token> vouch_for(const Cid& module, std::optional<uint64_t> expires_s, const PrivateKey& key,
                        Random& random) {
  Invocation statement;
  statement.subject = key.public_key();
  statement.command = kVouchCommand;
  statement.arguments = {{"function", module.as_v1()}};
  statement.expires_s = expires_s;
  statement.nonce = fresh_nonce(random);
  return Token::sign(std::move(statement), key);
}

const Cid* vouched_module(const Token& token) {
  const Invocation* statement = token.invocation();
  if (statement == nullptr || statement->command != kVouchCommand) return nullptr;
  const bool about_itself = statement->subject == statement->issuer && !statement->audience;
  const auto& arguments = statement->arguments;
  if (!about_itself || !statement->proofs.empty() || arguments.size() != 1) return nullptr;
  const auto function = arguments.find("function");
  return function == arguments.end() ? nullptr : function->second.as_link();
}

}  // namespace timerose::scheduler::authority
