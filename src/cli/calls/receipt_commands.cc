// timerose receipt show|verify: a node's signed statement about a call.
#include <fmt/format.h>

#include "cli/mesh/evidence_view.h"
#include "cli/program/grammar.h"
#include "compute/receipt.h"
#include "ipld/dag_cbor.h"
#include "multiformats/multibase.h"
#include "multiformats/peer_id.h"

namespace timerose::cli {
namespace {

using Json = nlohmann::ordered_json;

using scheduler::verify::Evidence;

Error is_no_receipt(const std::string& text, Error why) {
  return std::move(why).within(text + " is no receipt");
}

Result<compute::Receipt> load_receipt(Session& session, const std::string& text) {
  TR_ASSIGN(const Bytes bytes, read_object(session, text, Evidence::kBytesMax));
  auto receipt = compute::Receipt::decode(bytes);
  if (!receipt.ok()) return is_no_receipt(text, std::move(receipt).error());
  return receipt;
}

// A receipt, or evidence made of some.
Result<int> receipt_verify(Session& session, const std::string& text) {
  TR_ASSIGN(const Bytes bytes, read_object(session, text, Evidence::kBytesMax));
  const auto value = dag_cbor::decode(bytes);
  if (value.ok() && value->find("receipts") != nullptr) {
    TR_ASSIGN(const Evidence evidence, Evidence::decode(bytes));
    TR_ASSIGN(const auto finding, evidence.examine());
    TR_TRY(show_finding(session, evidence, finding));
    return kExitSuccess;
  }
  const auto receipt = compute::Receipt::decode(bytes);
  if (!receipt.ok()) return is_no_receipt(text, receipt.error());
  TR_TRY(receipt->verify());
  TR_TRY(session.out().line("valid: signed by " + did_key_format(receipt->circumstances.executor)));
  return kExitSuccess;
}

Json to_json(const compute::Receipt& receipt) {
  const auto& engine = receipt.metering.engine;
  const compute::Circumstances& circumstances = receipt.circumstances;
  return {{"invocation", receipt.invocation.to_string()},
          {"outcome", receipt.outcome.to_string()},
          {"metering",
           {{"engine", engine ? engine->version : ""},
            {"flags", engine ? engine->flags : ""},
            {"fuel_used", receipt.metering.fuel_used},
            {"memory_bytes_peak", receipt.metering.memory_bytes_peak}}},
          {"circumstances",
           {{"executor", did_key_format(circumstances.executor)},
            {"started_unix_ns", circumstances.started_unix_ns},
            {"duration_ns", circumstances.duration_ns},
            {"blocks_read", circumstances.blocks_read},
            {"bytes_read", circumstances.bytes_read}}},
          {"signature", base_encode(Multibase::kBase64Pad, receipt.signature)}};
}

void add_receipt_show(Grammar& grammar, CLI::App& group) {
  auto text = std::make_shared<std::string>();
  CLI::App* command = add_command(
      grammar, group, "show",
      {"Show a receipt as JSON; it is not verified", "  timerose receipt show RECEIPT-CID"},
      [text](Session& session) -> Result<int> {
        TR_ASSIGN(const auto receipt, load_receipt(session, *text));
        TR_TRY(session.out().line(
            to_json(receipt).dump(2, ' ', false, Json::error_handler_t::replace)));
        return kExitSuccess;
      });
  add_word(*command, "RECEIPT", *text, "CID of a receipt (see run -o json)");
}

void add_verify(Grammar& grammar, CLI::App& group) {
  auto text = std::make_shared<std::string>();
  CLI::App* command =
      add_command(grammar, group, "verify",
                  {"Check the signature of a receipt, or those of evidence and that its receipts "
                   "contradict each other",
                   "  timerose receipt verify RECEIPT-CID\n  timerose receipt verify ./proof"},
                  [text](Session& session) { return receipt_verify(session, *text); });
  add_word(*command, "RECEIPT", *text, "CID of a receipt or of evidence, a file, or -");
}

}  // namespace

void add_receipt_commands(Grammar& grammar) {
  CLI::App* group =
      add_group(grammar.root, "receipt", "Signed statements of what a call gave and used");
  group->group("Compute");
  add_receipt_show(grammar, *group);
  add_verify(grammar, *group);
}

}  // namespace timerose::cli
