#include "cli/mesh/evidence_view.h"

#include <fmt/format.h>

#include "base/file.h"
#include "cli/content/block_input.h"
#include "cli/content/content.h"
#include "multiformats/peer_id.h"
#include "names/name_service.h"

namespace timerose::cli {
namespace {

using Json = nlohmann::ordered_json;
using scheduler::verify::Basis;
using scheduler::verify::Evidence;
using scheduler::verify::Finding;
using scheduler::verify::Statement;

const char* basis_text(Basis basis) {
  switch (basis) {
    case Basis::kSelf:
      return "the own execution of who kept this";
    case Basis::kVerifier:
      return "the execution of a verifier of who kept this";
    case Basis::kQuorum:
      break;
  }
  return "as many equal answers as were asked for";
}

// Or a pipe: <(timerose block get CID).
bool is_file(const Session& session, const std::string& text) {
  std::error_code error;
  const auto status = std::filesystem::status(path_of_client(session.streams(), text), error);
  return text == "-" || (std::filesystem::exists(status) && !std::filesystem::is_directory(status));
}

std::string statement_line(const Evidence& evidence, const Statement& statement) {
  const bool believed = evidence.accepted && statement.outcome == *evidence.accepted;
  return fmt::format("  {} says {} (fuel {}, memory {}, {}){}", did_key_format(statement.executor),
                     statement.outcome.to_string(), statement.metering.fuel_used,
                     statement.metering.memory_bytes_peak, statement.metering.engine->version,
                     believed ? ": believed" : "");
}

}  // namespace

Result<Bytes> read_object(Session& session, const std::string& text, size_t bytes_max) {
  if (!Cid::parse(text).ok() && is_file(session, text)) {
    return read_source(session.streams(), text, bytes_max);
  }
  if (!names::is_name_path(text)) {
    auto path = unixfs::Path::parse(text);
    if (!path.ok()) return names_nothing(text, "a file", std::move(path).error());
  }
  TR_ASSIGN(const Cid cid, resolve_path(session, text));
  if (cid.codec() != Codec::kDagCbor) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} is {}: receipts and evidence are dag-cbor blocks", cid.to_string(),
                             codec_name(cid.codec()))};
  }
  TR_ASSIGN(auto* store, session.content());
  TR_ASSIGN(const SharedBytes block, store->get(cid));
  return to_bytes(block.view());
}

Status show_finding(Session& session, const Evidence& evidence, const Finding& finding) {
  Output& out = session.out();
  TR_TRY(
      out.line(fmt::format("contradiction: these {} receipts of call {} contradict each other "
                           "in {}; signatures valid",
                           finding.statements.size(), finding.invocation.to_string(),
                           finding.outcomes_differ ? "the Outcome" : "what it used")));
  for (const Statement& statement : finding.statements) {
    TR_TRY(out.line(statement_line(evidence, statement)));
  }
  for (const PublicKey& key : finding.proven) {
    TR_TRY(
        out.line(fmt::format("proven at fault: {} signed two statements that contradict each "
                             "other",
                             did_key_format(key))));
  }
  if (evidence.accepted) {
    TR_TRY(out.line(fmt::format("believed: {}, by {}", evidence.accepted->to_string(),
                                basis_text(evidence.basis))));
  }
  return out.line(
      fmt::format("a function is deterministic: at least one of them lied, and "
                  "`timerose rerun {}` tells who",
                  finding.invocation.to_string()));
}

Json finding_json(const Evidence& evidence, const Finding& finding) {
  Json statements = Json::array();
  for (const Statement& statement : finding.statements) {
    statements.push_back({{"receipt", statement.receipt.to_string()},
                          {"executor", did_key_format(statement.executor)},
                          {"peer", PeerId::of(statement.executor).to_string()},
                          {"outcome", statement.outcome.to_string()},
                          {"fuel_used", statement.metering.fuel_used},
                          {"memory_bytes_peak", statement.metering.memory_bytes_peak},
                          {"engine", statement.metering.engine->version}});
  }
  Json proven = Json::array();
  for (const PublicKey& key : finding.proven) proven.push_back(did_key_format(key));
  Json json{{"invocation", finding.invocation.to_string()},
            {"outcomes_differ", finding.outcomes_differ},
            {"metering_differs", finding.metering_differs},
            {"statements", statements},
            {"proven_at_fault", proven},
            {"accepted", nullptr},
            {"basis", nullptr}};
  if (evidence.accepted) {
    json["accepted"] = evidence.accepted->to_string();
    json["basis"] = scheduler::verify::basis_name(evidence.basis);
  }
  return json;
}

}  // namespace timerose::cli
