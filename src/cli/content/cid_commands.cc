// timerose cid format|base32|bases|codecs|hashes: CIDs as text, without a repository.
#include <array>

#include "cli/content/cid_format.h"
#include "cli/program/grammar.h"
#include "cli/program/words_input.h"
#include "multiformats/cid.h"

namespace timerose::cli {
namespace {

struct FormatOptions {
  std::vector<std::string> cids;
  std::string format = "%s";
  std::string version;
  std::string codec;
  std::string base;
};

Result<Cid> converted(const Cid& cid, const FormatOptions& options) {
  Cid result = cid;
  if (!options.codec.empty()) {
    TR_ASSIGN(const Codec codec, codec_named(options.codec));
    const int version = codec == Codec::kDagPb ? result.version() : 1;
    TR_ASSIGN(result, Cid::make(version, codec, result.multihash_bytes()));
  }
  const bool needs_version_1 = !options.base.empty() && options.base != "base58btc";
  if (options.version == "1" || (options.version.empty() && needs_version_1)) {
    return result.as_v1();
  }
  if (options.version == "0") return result.as_v0();
  return result;
}

Result<int> format_cids(Session& session, const FormatOptions& options) {
  std::optional<Multibase> base;
  if (!options.base.empty()) {
    TR_ASSIGN(base, multibase_named(options.base));
  }
  TR_ASSIGN(const auto words, words_or_stdin(session.streams(), options.cids));
  for (const std::string& word : words) {
    TR_ASSIGN(const Cid parsed, Cid::parse(word));
    TR_ASSIGN(const Cid cid, converted(parsed, options));
    TR_ASSIGN(const std::string text, format_cid(cid, options.format, base));
    TR_TRY(session.out().line(text));
  }
  return kExitSuccess;
}

void add_format(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<FormatOptions>();
  CLI::App* command = add_command(
      grammar, group, "format",
      {"Write CIDs by a template, in another base, version or codec",
       "  timerose cid format -f '%P' CID\n"
       "  timerose cid format -v 1 -b base36 QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR\n"
       "  cat cids.txt | timerose cid format -b base16\n"
       "Template: %s CID, %S the same without its prefix, %v %V version, %b %B base, %c %C codec,\n"
       "  %h %H hash function, %L digest length, %m %M multihash, %d %D digest, %P all in brief, "
       "%%"},
      [options](Session& session) { return format_cids(session, *options); });
  add_words(*command, "CID", options->cids, 0, "CIDs; none: one a line from standard input");
  add_text(*command, "-f,--format", options->format, "The template")->type_name("TEMPLATE");
  add_text(*command, "-v,--cid-version", options->version, "Convert to this version")
      ->check(CLI::IsMember({"0", "1"}));
  add_text(*command, "--mc,--codec", options->codec, "Convert to this codec")->type_name("NAME");
  add_text(*command, "-b,--base", options->base, "Write in this multibase")->type_name("NAME");
}

void add_base32(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<FormatOptions>();
  options->base = "base32";
  options->version = "1";
  CLI::App* command =
      add_command(grammar, group, "base32",
                  {"Write CIDs as version 1 in base32",
                   "  timerose cid base32 QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR"},
                  [options](Session& session) { return format_cids(session, *options); });
  add_words(*command, "CID", options->cids, 0, "CIDs; none: one a line from standard input");
}

// A list of names, with their codes or prefixes if asked.
struct Named {
  std::string code;
  std::string name;
};
void add_list(Grammar& grammar, CLI::App& group, const std::string& name,
              const std::string& summary, std::vector<Named> (*list)()) {
  auto with_codes = std::make_shared<bool>(false);
  CLI::App* command = add_command(
      grammar, group, name, {summary, "  timerose cid " + name + " --numeric"},
      [list, with_codes](Session& session) -> Result<int> {
        for (const Named& entry : list()) {
          TR_TRY(session.out().line(*with_codes ? entry.code + "\t" + entry.name : entry.name));
        }
        return kExitSuccess;
      });
  command->add_flag("-n,--numeric", *with_codes, "Show codes (of bases: prefixes) too");
}

std::vector<Named> list_bases() {
  std::vector<Named> list;
  for (const char prefix : std::string_view("\0"
                                            "0"
                                            "7"
                                            "9"
                                            "fFvVtTbBcChkKzZmMuU",
                                            23)) {
    const char* name = multibase_name(static_cast<Multibase>(prefix));
    list.push_back({prefix == '\0' ? "\\0" : std::string(1, prefix), name});
  }
  return list;
}

std::vector<Named> list_codecs() {
  std::vector<Named> list;
  for (const Codec codec : {Codec::kCbor, Codec::kRaw, Codec::kDagPb, Codec::kDagCbor,
                            Codec::kLibp2pKey, Codec::kDagJson, Codec::kJson}) {
    list.push_back({std::to_string(static_cast<uint64_t>(codec)), codec_name(codec)});
  }
  return list;
}

std::vector<Named> list_hashes() {
  std::vector<Named> list;
  for (const HashCode hash : {HashCode::kIdentity, HashCode::kSha2_256, HashCode::kSha2_512,
                              HashCode::kBlake2b256, HashCode::kBlake3}) {
    list.push_back({std::to_string(static_cast<uint64_t>(hash)), hash_name(hash)});
  }
  return list;
}

}  // namespace

void add_cid_commands(Grammar& grammar) {
  CLI::App* group = add_group(grammar.root, "cid", "Convert and describe CIDs");
  grammar.own_commands.push_back(group);
  group->group("Data");
  add_format(grammar, *group);
  add_base32(grammar, *group);
  add_list(grammar, *group, "bases", "List the multibases that CIDs are read in", list_bases);
  add_list(grammar, *group, "codecs", "List the codecs known by name", list_codecs);
  add_list(grammar, *group, "hashes", "List the hash functions that are computed", list_hashes);
}

}  // namespace timerose::cli
