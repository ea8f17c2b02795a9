// timerose name publish|resolve|inspect: names that stand for paths.
#include <fmt/format.h>

#include "base/duration.h"
#include "base/units.h"
#include "cli/content/block_input.h"
#include "cli/content/content.h"
#include "cli/network/asking.h"
#include "cli/program/grammar.h"
#include "ipld/dag_cbor.h"
#include "ipld/dag_json.h"
#include "names/name_service.h"
#include "names/rfc3339.h"
#include "node/network/naming.h"

namespace timerose::cli {
namespace {

// --- publish ---

struct PublishTexts {
  std::string path;
  std::string key = "self";
  std::string lifetime = "48h";
  std::string ttl = "5m";
  std::string resolve = "true";
  std::string timeout;
  bool allow_offline = false;
  bool quieter = false;
};

Result<uint64_t> parse_duration_ns(std::string_view option, const std::string& text) {
  auto ms = parse_duration_ms(text);
  if (!ms.ok()) return std::move(ms).error().within(option);
  if (*ms > names::kTtlNsMax / kNsPerMs) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("{} {}: too long", option, text)};
  }
  return *ms * kNsPerMs;
}

// "CID/a" as "/ipfs/CID/a"; what begins with a name as it is.
Result<std::string> value_of(const std::string& text) {
  if (names::is_name_path(text)) {
    TR_ASSIGN(const auto path, names::NamePath::parse(text));
    return path.to_string();
  }
  TR_ASSIGN(const auto path, unixfs::Path::parse(text));
  return path.to_string();
}

Result<int> name_publish(Session& session, const PublishTexts& texts) {
  TR_ASSIGN(const std::string value, value_of(texts.path));
  names::PublishOptions options;
  TR_ASSIGN(options.lifetime_ns, parse_duration_ns("--lifetime", texts.lifetime));
  TR_ASSIGN(options.ttl_ns, parse_duration_ns("--ttl", texts.ttl));
  TR_ASSIGN(const node::Ask ask, ask_of(session, texts.timeout));
  options.timeout_ms = ask.timeout_ms;
  options.cancel = ask.cancel;
  options.allow_offline = texts.allow_offline;
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(const PrivateKey key, node::key_named(*repository, texts.key));
  if (texts.resolve == "true") TR_TRY(resolve_path(session, texts.path));
  TR_ASSIGN(auto* service, session.names());
  TR_ASSIGN(const auto published, service->publish(key, value, options));
  const std::string name = names::name_text(published.name);
  TR_TRY(
      session.out().line(texts.quieter ? name : fmt::format("Published to {}: {}", name, value)));
  return kExitSuccess;
}

void add_name_publish(Grammar& grammar, CLI::App& group) {
  auto texts = std::make_shared<PublishTexts>();
  CLI::App* command = add_command(
      grammar, group, "publish",
      {"Let a name of ours stand for a path, and tell other nodes",
       "  timerose name publish /ipfs/CID\n  timerose name publish --key=releases --ttl=1h CID/v2"},
      [texts](Session& session) { return name_publish(session, *texts); });
  add_word(*command, "PATH", texts->path, "CID/path, /ipfs/CID/path or /ipns/NAME/path");
  add_text(*command, "-k,--key", texts->key, "Name or PeerID of the key (default: self)")
      ->type_name("KEY");
  add_text(*command, "-t,--lifetime", texts->lifetime,
           "How long the record is valid; a running node renews it in time (default: 48h)")
      ->type_name("TIME");
  add_text(*command, "--ttl", texts->ttl,
           "How long others need not ask again, so a change may take this long (default: 5m)")
      ->type_name("TIME");
  add_switch(*command, "--resolve", texts->resolve,
             "Check first that the path leads somewhere (default: true)");
  command->add_flag("--allow-offline{true}", texts->allow_offline,
                    "No failure if no other node can be told: the record is kept for later");
  command->add_flag("-Q,--quieter", texts->quieter, "Print the name only");
  add_ask_options(*command, texts->timeout);
}

// --- resolve ---

struct ResolveTexts {
  std::string name;
  std::string recursive = "true";
  std::string records;
  std::string timeout;
  bool no_cache = false;
};

// "NAME" as "/ipns/NAME"; none: our own.
Result<names::NamePath> name_of(Session& session, const std::string& text) {
  if (text.empty()) {
    TR_ASSIGN(auto* repository, session.repository());
    TR_ASSIGN(const PrivateKey* self, repository->key());
    return names::NamePath{PeerId::of(self->public_key()), {}};
  }
  const bool whole = text.starts_with('/') || text.find("://") != text.npos;
  return names::NamePath::parse(whole ? text : "/ipns/" + text);
}

Result<int> name_resolve(Session& session, const ResolveTexts& texts) {
  TR_ASSIGN(const auto path, name_of(session, texts.name));
  names::ResolveOptions options;
  TR_ASSIGN(const node::Ask ask, ask_of(session, texts.timeout));
  options.find.timeout_ms = ask.timeout_ms;
  options.cancel = ask.cancel;
  options.recursive = texts.recursive == "true";
  options.use_cache = !texts.no_cache;
  if (!texts.records.empty()) {
    TR_ASSIGN(const uint64_t count, parse_count(texts.records));
    options.find.records_max = static_cast<uint32_t>(std::clamp<uint64_t>(count, 1, UINT32_MAX));
  }
  TR_ASSIGN(auto* service, session.names());
  TR_ASSIGN(const auto resolved, service->resolve(path, options));
  TR_TRY(session.out().line(resolved.path.to_string()));
  return kExitSuccess;
}

void add_name_resolve(Grammar& grammar, CLI::App& group) {
  auto texts = std::make_shared<ResolveTexts>();
  CLI::App* command =
      add_command(grammar, group, "resolve",
                  {"Print the path that a name stands for",
                   "  timerose name resolve\n  timerose name resolve k51...\n"
                   "  timerose name resolve --recursive=false /ipns/example.org"},
                  [texts](Session& session) { return name_resolve(session, *texts); });
  add_word(*command, "NAME", texts->name, "A PeerID, a domain or /ipns/NAME/path (default: self)")
      ->required(false);
  add_switch(*command, "-r,--recursive", texts->recursive,
             "Until the path begins with a CID; else one step (default: true)");
  command->add_flag("-n,--nocache", texts->no_cache, "Ask even if it was asked shortly before");
  add_text(*command, "--dht-record-count,--dhtrc", texts->records,
           "Good records after which no more are waited for (default: 16)")
      ->type_name("N");
  add_ask_options(*command, texts->timeout);
}

// --- inspect ---

struct InspectTexts {
  std::string source;
  std::string name;
};

std::string json_text(std::string_view text) {
  const auto json = dag_json::encode(Value(text));
  return json.ok() ? *json : "\"(not UTF-8)\"";
}

std::string shown(const Bytes& bytes) {
  return bytes.empty() ? "\"\"" : "\"" + multibase_encode(Multibase::kBase64, bytes) + "\"";
}

Status show_entry(Output& out, const names::IpnsEntry& entry) {
  TR_ASSIGN(const auto record, names::read_data(entry));
  TR_ASSIGN(const Value data, dag_cbor::decode(entry.data));
  TR_ASSIGN(const std::string json, dag_json::encode(data));
  TR_TRY(out.line("Value:         " + json_text(record.value)));
  TR_TRY(out.line("Validity Type: \"EOL\""));
  TR_TRY(out.line("Validity:      " + names::format_rfc3339(record.valid_until_ns)));
  TR_TRY(out.line(fmt::format("Sequence:      {}", record.sequence)));
  TR_TRY(out.line(fmt::format("TTL:           {}", record.ttl_ns)));
  TR_TRY(out.line("PublicKey:     " + shown(entry.public_key)));
  TR_TRY(out.line("Signature V1:  " + shown(entry.signature_v1)));
  TR_TRY(out.line("Signature V2:  " + shown(entry.signature_v2)));
  return out.line("Data:          " + json);
}

Result<int> name_inspect(Session& session, const InspectTexts& texts) {
  TR_ASSIGN(const Bytes bytes,
            read_source(session.streams(), texts.source, names::kRecordBytesMax));
  TR_ASSIGN(const auto entry, names::IpnsEntry::decode(bytes));
  std::optional<PeerId> name;
  if (!texts.name.empty()) {
    std::string_view text = texts.name;
    if (text.starts_with("/ipns/")) text.remove_prefix(6);
    TR_ASSIGN(name, PeerId::parse(text));
  }
  TR_TRY(show_entry(session.out(), entry));
  if (!name) {
    TR_TRY(session.out().line("\nThis record was not validated."));
    return kExitSuccess;
  }
  const auto verified = names::verify(bytes, *name, session.clock().unix_ns());
  TR_TRY(session.out().line("\nValidation results:"));
  TR_TRY(session.out().line(fmt::format("\tValid:     {}", verified.ok())));
  if (!verified.ok()) TR_TRY(session.out().line("\tReason:    " + verified.error().message));
  TR_TRY(session.out().line("\tPublicKey: " + names::name_text(*name)));
  return verified.ok() ? kExitSuccess : kExitFailure;
}

void add_name_inspect(Grammar& grammar, CLI::App& group) {
  auto texts = std::make_shared<InspectTexts>();
  CLI::App* command =
      add_command(grammar, group, "inspect",
                  {"Show what is inside of an IPNS record, and check it",
                   "  timerose name inspect record.bin\n  timerose name inspect "
                   "--verify=k51... - < record.bin"},
                  [texts](Session& session) { return name_inspect(session, *texts); });
  add_word(*command, "FILE", texts->source, "A file with the record; -: standard input");
  add_text(*command, "--verify", texts->name,
           "The name that it must be of; fails if it is not good")
      ->type_name("NAME");
}

}  // namespace

void add_name_commands(Grammar& grammar) {
  CLI::App* group =
      add_group(grammar.root, "name", "Publish, resolve and inspect names (IPNS, DNSLink)");
  group->group("Network");
  add_name_publish(grammar, *group);
  add_name_resolve(grammar, *group);
  add_name_inspect(grammar, *group);
}

}  // namespace timerose::cli
