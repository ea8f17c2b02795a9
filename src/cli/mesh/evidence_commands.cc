// timerose evidence list|show: proof that this node keeps of answers that contradict each other.
#include <fmt/format.h>

#include "cli/mesh/evidence_view.h"
#include "cli/program/form_option.h"
#include "cli/program/grammar.h"
#include "names/rfc3339.h"
#include "node/records/verification_records.h"

namespace timerose::cli {
namespace {

using Json = nlohmann::ordered_json;
using scheduler::verify::Evidence;
using scheduler::verify::Finding;

// The keys whose Outcome was not the believed one; all where none was.
std::string accused(const Evidence& evidence, const Finding& finding) {
  std::vector<std::string> keys;
  for (const auto& statement : finding.statements) {
    const bool believed = evidence.accepted && statement.outcome == *evidence.accepted;
    if (!believed) keys.push_back(PeerId::of(statement.executor).to_string());
  }
  return keys.empty() ? "metering" : fmt::format("{}", fmt::join(keys, ","));
}

Result<int> evidence_list(Session& session, const std::string& form) {
  TR_ASSIGN(const bool as_json, is_json(form));
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(const auto records, node::list_evidence(repository->records()));
  TR_ASSIGN(auto* store, session.blockstore(Access::kReadOnly));
  Json all = Json::array();
  for (const node::EvidenceRecord& record : records) {
    const auto block = store->get(record.cid);
    if (!block.ok()) continue;  // removed by hand
    TR_ASSIGN(const Evidence evidence, Evidence::decode(block->view()));
    TR_ASSIGN(const Finding finding, evidence.examine());
    const std::string kept = names::format_rfc3339(record.kept_unix_ns);
    if (as_json) {
      Json one{{"evidence", record.cid.to_string()}, {"kept", kept}};
      one.update(finding_json(evidence, finding));
      all.push_back(std::move(one));
    } else {
      TR_TRY(session.out().line(fmt::format("{} {} {} {}", record.cid.to_string(), kept,
                                            finding.invocation.to_string(),
                                            accused(evidence, finding))));
    }
  }
  if (as_json) TR_TRY(session.out().line(all.dump(2)));
  return kExitSuccess;
}

void add_evidence_list(Grammar& grammar, CLI::App& group) {
  auto form = std::make_shared<std::string>();
  CLI::App* command = add_command(
      grammar, group, "list",
      {"List the evidence that this node keeps, the newest first: its CID, when it was found, the "
       "call, and who stands against what was believed",
       "  timerose evidence list\n  timerose evidence list -o json"},
      [form](Session& session) { return evidence_list(session, *form); });
  add_form_option(*command, *form);
}

struct EvidenceShowOptions {
  std::string text;
  std::string form;
};

Result<int> evidence_show(Session& session, const EvidenceShowOptions& options) {
  TR_ASSIGN(const bool as_json, is_json(options.form));
  TR_ASSIGN(const Bytes bytes, read_object(session, options.text, Evidence::kBytesMax));
  TR_ASSIGN(const Evidence evidence, Evidence::decode(bytes));
  TR_ASSIGN(const Finding finding, evidence.examine());
  if (as_json) {
    TR_TRY(session.out().line(finding_json(evidence, finding).dump(2)));
  } else {
    TR_TRY(show_finding(session, evidence, finding));
  }
  return kExitSuccess;
}

void add_evidence_show(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<EvidenceShowOptions>();
  CLI::App* command =
      add_command(grammar, group, "show",
                  {"Check a piece of evidence and show what it proves; `receipt verify` does the "
                   "same for anyone, from its bytes alone",
                   "  timerose evidence show EVIDENCE-CID\n"
                   "  timerose block get EVIDENCE-CID > proof && timerose evidence show ./proof"},
                  [options](Session& session) { return evidence_show(session, *options); });
  add_word(*command, "EVIDENCE", options->text, "CID of a piece of evidence, a file, or -");
  add_form_option(*command, options->form);
  add_fetch_options(grammar, *command);
}

}  // namespace

void add_evidence_commands(Grammar& grammar) {
  auto form = std::make_shared<std::string>();
  CLI::App* group =
      add_command(grammar, grammar.root, "evidence",
                  {"Proof of answers that contradict each other: list it, or show a piece",
                   "  timerose evidence            as evidence list\n"
                   "  timerose evidence show EVIDENCE-CID"},
                  [form](Session& session) { return evidence_list(session, *form); });
  group->group("Compute");
  add_form_option(*group, *form);
  add_evidence_list(grammar, *group);
  add_evidence_show(grammar, *group);
}

}  // namespace timerose::cli
