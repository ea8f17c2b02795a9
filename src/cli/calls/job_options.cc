#include "cli/calls/job_options.h"

#include <fmt/format.h>

#include "base/units.h"
#include "cli/program/grammar.h"
#include "node/network/peer_address.h"

namespace timerose::cli {
namespace {

using scheduler::Requirement;
using scheduler::jobs::JobOptions;
using scheduler::jobs::Where;

Result<Requirement> parse_requirement(std::string_view option, const std::string& text) {
  auto requirement = Requirement::parse(text);
  if (!requirement.ok()) return std::move(requirement).error().within(option);
  return requirement;
}

// The attribute alone: only words can be different without being more or less.
Result<scheduler::Term> parse_apart(const std::string& text) {
  const auto term = Requirement::parse(text + "=x");
  const bool is_word = text == "operator" || text.starts_with("label.");
  if (is_word && term.ok()) return term->terms.front();
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("--apart: expected operator or label.NAME, found '{}'", text)};
}

Status parse_place(const std::string& at, JobWish& wish) {
  if (at.empty() || at == "mesh") return success();
  if (at == "local") {
    wish.options.where = Where::kLocal;
    return success();
  }
  auto peer = node::parse_peer(at);
  if (!peer.ok()) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("--at: expected local, mesh or a peer (a PeerID, as `timerose nodes` "
                             "lists them, or a multiaddr that ends with one); found '{}'",
                             at)};
  }
  wish.options.where = Where::kPeer;
  wish.options.peer = peer->peer;
  wish.peer = *std::move(peer);
  return success();
}

Status parse_verify(const std::string& text, JobOptions& options) {
  // Who names a node has said whose word is good enough.
  if (options.where == Where::kPeer) options.verify.policy = scheduler::verify::Policy::kNone;
  if (text.empty()) return success();
  auto verify = scheduler::verify::parse_wish(text);
  if (!verify.ok()) return std::move(verify).error().within("--verify");
  options.verify = *verify;
  options.drawn = verify->is_quorum();
  if (options.drawn && !options.apart) {
    TR_ASSIGN(options.apart, parse_apart("operator"));
  }
  return success();
}

Status parse_copies(const std::string& text, JobOptions& options) {
  if (text.empty()) return success();
  const auto copies = parse_count(text);
  if (!copies.ok() || *copies == 0 || *copies > JobOptions::kCopiesMax) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("--copies: expected 1 to {}, found '{}'",
                                                          JobOptions::kCopiesMax, text)};
  }
  options.copies = static_cast<uint32_t>(*copies);
  return success();
}

// What makes sense only where a call may run at more than one place.
Status check_place(const JobTexts& texts, const JobOptions& options) {
  if (options.where == Where::kMesh) return success();
  const char* option = nullptr;
  if (options.copies > 1) option = "--copies";
  if (options.hedge) option = "--hedge";
  if (!texts.apart.empty()) option = "--apart";
  if (!texts.preferred.empty()) option = "--prefer";
  if (options.verify.is_quorum()) option = "--verify quorum";
  if (option == nullptr) return success();
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("{} needs more than one node to choose from, and --at {} names one; "
                           "leave --at out, or say --at mesh",
                           option, texts.at)};
}

}  // namespace

void add_job_options(CLI::App& command, JobTexts& texts) {
  add_text(command, "--at", texts.at,
           "Where to run: local, mesh (wherever it is cheapest; default), or a node that trusts "
           "this one")
      ->type_name("PEER|local|mesh");
  add_text(command, "--require", texts.required,
           "Only on nodes of which this holds: memory>=8GiB, label.zone=eu")
      ->type_name("TERMS");
  add_text(command, "--prefer", texts.preferred, "Rather on nodes of which this holds")
      ->type_name("TERMS");
  add_text(command, "--copies", texts.copies, "Run on so many nodes; the first good answer counts")
      ->type_name("N");
  add_text(command, "--apart", texts.apart, "Copies differ in this")
      ->type_name("operator|label.NAME");
  add_text(command, "--verify", texts.verify,
           "Whose answer counts: anyone's, that of trusted executors (default; with spot, some are "
           "checked), what a run here confirms, what K nodes say")
      ->type_name("none|trust|spot|self|quorum=K");
  add_text(command, "--authority", texts.authority,
           "Show executors the tokens of this file, beside those that are kept")
      ->type_name("FILE");
  command.add_flag("--hedge", texts.hedge, "Run a straggler a second time elsewhere");
  command.add_flag("--explain", texts.explain,
                   "Show what each node would cost, why it was chosen or not");
  command.add_flag("--dry-run", texts.dry_run, "Explain, and do not run");
  command.add_flag("--detach", texts.detach, "Print the job's id and go; see timerose jobs");
}

Result<JobWish> parse_job_wish(const JobTexts& texts) {
  JobWish wish;
  JobOptions& options = wish.options;
  TR_TRY(parse_place(texts.at, wish));
  TR_ASSIGN(options.required, parse_requirement("--require", texts.required));
  TR_ASSIGN(options.preferred, parse_requirement("--prefer", texts.preferred));
  TR_TRY(parse_copies(texts.copies, options));
  if (!texts.apart.empty()) {
    TR_ASSIGN(options.apart, parse_apart(texts.apart));
  }
  TR_TRY(parse_verify(texts.verify, options));
  options.hedge = texts.hedge;
  options.dry_run = texts.dry_run;
  options.explain = texts.explain || texts.dry_run;
  wish.detach = texts.detach;
  wish.authority = texts.authority;
  TR_TRY(check_place(texts, options));
  wish.is_plain = texts.at.empty() && texts.authority.empty() && options.required.terms.empty() &&
                  options.preferred.terms.empty() && options.copies == 1 && texts.verify.empty() &&
                  !options.hedge && !options.explain && !texts.detach;
  return wish;
}

}  // namespace timerose::cli
