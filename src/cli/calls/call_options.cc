#include "cli/calls/call_options.h"

#include <fmt/format.h>

#include "base/hex.h"
#include "base/units.h"
#include "cli/content/content.h"
#include "cli/program/grammar.h"

namespace timerose::cli {

void add_guest_options(CLI::App& command, CallTexts& texts) {
  add_repeated(command, "--mount", texts.mounts, "Content X at an absolute path; may be repeated")
      ->type_name("/PATH=X");
  add_repeated(command, "--env", texts.env, "An environment variable; may be repeated")
      ->type_name("K=V");
  add_repeated(command, "--link", texts.links,
               "Module X satisfies the imports from NAME; may be repeated")
      ->type_name("NAME=X");
  add_text(command, "--entry", texts.entry, "The export to call (default: the ABI's)")
      ->type_name("NAME");
  add_text(command, "--memory", texts.memory, "Limit of the guest's memory (default: 256MiB)")
      ->type_name("BYTES");
}

Result<std::pair<std::string, std::string>> split_pair(std::string_view option,
                                                       std::string_view form,
                                                       const std::string& text) {
  const size_t at = text.find('=');
  if (at == std::string::npos || at == 0) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{}: expected {}, found '{}'", option, form, text)};
  }
  return std::pair(text.substr(0, at), text.substr(at + 1));
}

Result<std::map<std::string, std::string>> parse_env(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> env;
  for (const std::string& text : texts) {
    TR_ASSIGN(auto pair, split_pair("--env", "K=V", text));
    env.insert_or_assign(std::move(pair.first), std::move(pair.second));
  }
  return env;
}

Result<std::optional<uint64_t>> parse_memory(const std::string& text) {
  if (text.empty()) return std::optional<uint64_t>();
  auto bytes = parse_bytes(text);
  if (!bytes.ok()) return std::move(bytes).error().within("--memory");
  return std::optional(*bytes);
}

Result<std::map<std::string, Cid>> resolve_pairs(Session& session, std::string_view option,
                                                 std::string_view form,
                                                 const std::vector<std::string>& texts) {
  std::map<std::string, Cid> resolved;
  for (const std::string& text : texts) {
    TR_ASSIGN(const auto pair, split_pair(option, form, text));
    auto cid = resolve_content(session, pair.second);
    if (!cid.ok()) return std::move(cid).error().within(option);
    resolved.insert_or_assign(pair.first, *cid);
  }
  return resolved;
}

Result<compute::CallOptions> resolve_call(Session& session, const CallTexts& texts) {
  compute::CallOptions call;
  call.entry = texts.entry;
  TR_ASSIGN(call.env, parse_env(texts.env));
  TR_ASSIGN(call.memory_bytes_max, parse_memory(texts.memory));
  auto seed = hex_decode(texts.seed);
  if (!seed.ok()) return std::move(seed).error().within("--seed");
  call.seed = std::move(*seed);
  for (const std::string& input : texts.inputs) {
    auto cid = resolve_content(session, input);
    if (!cid.ok()) return std::move(cid).error().within("--input");
    call.inputs.push_back(*cid);
  }
  TR_ASSIGN(call.mounts, resolve_pairs(session, "--mount", "/PATH=X", texts.mounts));
  TR_ASSIGN(call.links, resolve_pairs(session, "--link", "NAME=X", texts.links));
  if (!texts.stdin_file.empty()) {
    auto cid = resolve_content(session, texts.stdin_file);
    if (!cid.ok()) return std::move(cid).error().within("--stdin");
    call.stdin_file = *cid;
  }
  return call;
}

}  // namespace timerose::cli
