// timerose receipt show|verify: a node's signed statement about a call.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/content.h"
#include "cli/grammar.h"
#include "compute/receipt.h"
#include "multiformats/multibase.h"
#include "multiformats/peer_id.h"

namespace timerose::cli {
namespace {

using Json = nlohmann::ordered_json;

Result<compute::Receipt> load(Session& session, const std::string& text) {
  TR_ASSIGN(const Cid cid, resolve_path(session, text));
  TR_ASSIGN(auto* store, session.content());
  return compute::load_receipt(*store, cid);
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

void add_show(Grammar& grammar, CLI::App& group) {
  auto text = std::make_shared<std::string>();
  CLI::App* command = add_command(
      grammar, group, "show",
      {"Show a receipt as JSON; it is not verified", "  timerose receipt show RECEIPT-CID"},
      [text](Session& session) -> Result<int> {
        TR_ASSIGN(const auto receipt, load(session, *text));
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
                  {"Check the signature of a receipt", "  timerose receipt verify RECEIPT-CID"},
                  [text](Session& session) -> Result<int> {
                    TR_ASSIGN(const auto receipt, load(session, *text));
                    TR_TRY(receipt.verify());
                    TR_TRY(session.out().line("valid: signed by " +
                                              did_key_format(receipt.circumstances.executor)));
                    return kExitSuccess;
                  });
  add_word(*command, "RECEIPT", *text, "CID of a receipt");
}

}  // namespace

void add_receipt_commands(Grammar& grammar) {
  CLI::App* group =
      add_group(grammar.root, "receipt", "Signed statements of what a call gave and used");
  group->group("Compute");
  add_show(grammar, *group);
  add_verify(grammar, *group);
}

}  // namespace timerose::cli
