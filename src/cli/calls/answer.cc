#include "cli/calls/answer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "cli/program/exit_codes.h"
#include "unixfs/reader.h"

namespace timerose::cli {
namespace {

using Json = nlohmann::ordered_json;

// Each stream of a guest is limited when it runs, so what is kept of it is no longer than this.
constexpr uint64_t kStreamBytesMax = wasi::Limits{}.stdout_bytes_max;

int exit_code_of_stop(wasm::StopReason reason) {
  switch (reason) {
    case wasm::StopReason::kFuel:
    case wasm::StopReason::kDeadline:
      return kExitStopped;
    case wasm::StopReason::kMissingBlock:
      return kExitNotFound;
    case wasm::StopReason::kStack:
      return kExitTrapped;
    case wasm::StopReason::kCancelled:
    case wasm::StopReason::kLimit:
    case wasm::StopReason::kInternal:
      return kExitRunFailed;
  }
  return kExitRunFailed;
}

Json text_or_null(const std::optional<Cid>& cid) { return cid ? Json(cid->to_string()) : Json(); }

std::string to_json(const compute::Answer& answer, const std::string& explanation) {
  const bool exited = answer.outcome && !answer.outcome->trapped();
  Json json{{"invocation", answer.invocation.to_string()},
            {"outcome", text_or_null(answer.outcome_cid)},
            {"output", text_or_null(answer.outcome ? answer.outcome->output : std::nullopt)},
            {"exit_code", exited ? answer.outcome->exit_code() : exit_code_of(answer)},
            {"fuel_used", answer.metering.fuel_used},
            {"memory_bytes_peak", answer.metering.memory_bytes_peak},
            {"cached", answer.cached},
            {"receipt", text_or_null(answer.receipt)}};
  if (answer.outcome && answer.outcome->trapped()) {
    json["trap"] = wasm::trap_kind_name(std::get<wasm::TrapKind>(answer.outcome->ending));
  }
  if (answer.stopped) json["stopped"] = wasm::stop_reason_name(answer.stopped->reason);
  if (!explanation.empty()) json["explanation"] = Json::parse(explanation, nullptr, false);
  // A guest's message need not be UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

// What is left of some bytes after the first `count`.
ByteView without(ByteView bytes, uint64_t count) {
  return bytes.subspan(std::min<uint64_t>(count, bytes.size()));
}

Status show_streams(Session& session, Blockstore& store, const compute::Outcome& outcome, Show show,
                    const node::Seen& seen) {
  if (seen.stderr_bytes != UINT64_MAX) {
    TR_ASSIGN(const Bytes errors, read_written(store, outcome.stderr_written, kStreamBytesMax));
    TR_TRY(write_all(session.streams().err, without(errors, seen.stderr_bytes)));
  }
  if (show != Show::kText || seen.stdout_bytes == UINT64_MAX) return success();
  TR_ASSIGN(const Bytes output, read_written(store, outcome.stdout_written, kStreamBytesMax));
  return session.out().write(without(output, seen.stdout_bytes));
}

// An ABI without standard output shows its output instead. While it runs, timerose gives it piece
// by piece; fan has it only at the end.
Status show_output(Session& session, Blockstore& store, const compute::Outcome& outcome,
                   wasm::Abi abi, const node::Seen& seen) {
  uint64_t skipped = abi == wasm::Abi::kTimerose ? seen.stdout_bytes : 0;
  if (abi == wasm::Abi::kWasi || skipped == UINT64_MAX || !outcome.output) return success();
  TR_ASSIGN(const auto stat, unixfs::stat(store, *outcome.output));
  if (stat.kind != unixfs::Kind::kFile) return success();
  return unixfs::stream_file(store, *outcome.output, {}, 1, [&](ByteView piece) {
    const ByteView rest = without(piece, skipped);
    skipped -= piece.size() - rest.size();
    return session.out().write(rest);
  });
}

std::string describe_ending(const compute::Answer& answer) {
  if (answer.stopped) return answer.stopped->message;
  const auto kind = std::get<wasm::TrapKind>(answer.outcome->ending);
  const std::string name = fmt::format("the guest trapped: {}", wasm::trap_kind_name(kind));
  return answer.trap_message.empty() ? name : name + "\n" + answer.trap_message;
}

}  // namespace

int exit_code_of(const compute::Answer& answer) {
  if (answer.stopped) return exit_code_of_stop(answer.stopped->reason);
  if (!answer.outcome) return kExitRunFailed;
  if (answer.outcome->trapped()) return kExitTrapped;
  return static_cast<int>(answer.outcome->exit_code() & 0xff);
}

int exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return kExitNotFound;
    case ErrorCode::kMalformed:
    case ErrorCode::kUnsupported:
      return kExitNotRunnable;
    default:
      return kExitRunFailed;
  }
}

LiveOutput::LiveOutput(const Streams& streams, Show show, wasm::Cancellation* guest)
    : streams_(streams), failure_(std::make_shared<std::optional<Error>>()) {
  on_write_ = [streams, show, guest, failure = failure_](int descriptor, ByteView piece) {
    if (descriptor != STDOUT_FILENO) {
      // Nothing can be said of a standard error that takes nothing.
      (void)write_all(streams.err, piece);
      return;
    }
    if (show != Show::kText || failure->has_value()) return;
    auto written = write_all(streams.out, piece);
    if (written.ok()) return;
    *failure = std::move(written).error().within("writing to standard output");
    if (guest != nullptr && reader_has_gone(streams)) guest->cancel();
  };
}

Status LiveOutput::status() const {
  if (failure_->has_value()) return Error(**failure_);
  return success();
}

Status LiveOutput::reader() const { return reader_has_gone(streams_) ? status() : success(); }

Status show_answer(Session& session, const compute::Answer& answer, wasm::Abi abi, Show show,
                   const node::Seen& seen, const std::string& explanation) {
  if (answer.outcome) {
    TR_ASSIGN(auto* store, session.content());
    TR_TRY(show_streams(session, *store, *answer.outcome, show, seen));
    if (show == Show::kText) {
      TR_TRY(show_output(session, *store, *answer.outcome, abi, seen));
    }
    if (show == Show::kCid && answer.outcome->output) {
      TR_TRY(session.out().line(answer.outcome->output->to_string()));
    }
  }
  if (show == Show::kJson) TR_TRY(session.out().line(to_json(answer, explanation)));
  TR_TRY(session.out().flush());
  if (!answer.outcome || answer.outcome->trapped()) session.complain(describe_ending(answer));
  return success();
}

Status show_written(Session& session, const compute::Outcome& outcome, const node::Seen& seen) {
  TR_ASSIGN(auto* store, session.content());
  TR_TRY(show_streams(session, *store, outcome, Show::kText, seen));
  return session.out().flush();
}

Result<int> show_rerun(Session& session, const compute::Rerun& rerun, Show show) {
  const compute::Answer& answer = rerun.answer;
  if (!answer.outcome_cid) {
    session.complain(describe_ending(answer));
    return exit_code_of(answer);
  }
  const std::string found = answer.outcome_cid->to_string();
  const std::string known = rerun.remembered ? rerun.remembered->to_string() : "";
  if (show == Show::kJson) {
    const Json json{{"invocation", answer.invocation.to_string()},
                    {"outcome", found},
                    {"remembered", text_or_null(rerun.remembered)},
                    {"same", rerun.same()}};
    TR_TRY(session.out().line(json.dump(2)));
  } else if (!rerun.remembered) {
    TR_TRY(session.out().line(fmt::format("new: {} (no Outcome was known)", found)));
  } else if (rerun.same()) {
    TR_TRY(session.out().line(fmt::format("same: {}", found)));
  } else {
    TR_TRY(session.out().line(fmt::format("different: {}, but the memo has {}", found, known)));
  }
  return rerun.remembered && !rerun.same() ? kExitFailure : kExitSuccess;
}

}  // namespace timerose::cli
