#include "wasm/abi/abi.h"

namespace timerose::wasm::abi {

namespace {

bool is_exit(const Ending& ending) { return std::holds_alternative<Exit>(ending); }

// Collecting reads what the guest took over from its mounts: that may be missing as well.
Result<Finished> collect_files(Session& session, Ending ending) {
  auto output = session.wasi->collect_output(session.sink);
  if (output.ok()) return Finished{std::move(ending), std::move(output).value()};
  const Error& error = output.error();
  if (error.code == ErrorCode::kNotFound || error.code == ErrorCode::kMismatch) {
    return Finished{ending_of_read(error), std::nullopt};
  }
  return std::move(output).error();
}

}  // namespace

Result<Finished> run_wasi(Session& session, const std::string& entry) {
  Ending ending = call_main(session, entry);
  if (!is_exit(ending)) return Finished{std::move(ending), std::nullopt};
  if (session.wasi && session.wasi->has_output()) return collect_files(session, std::move(ending));
  const ByteView written = session.wasi ? ByteView(session.wasi->stdout_bytes()) : ByteView();
  TR_ASSIGN(auto output, unixfs::import_bytes(written, session.call.layout, session.sink));
  return Finished{std::move(ending), std::move(output)};
}

Result<Finished> run_timerose(Session& session, const std::string& entry) {
  Ending ending = call_main(session, entry);
  if (session.timerose) TR_TRY(session.timerose->sink_failure());
  if (!is_exit(ending)) return Finished{std::move(ending), std::nullopt};
  TR_ASSIGN(auto output, session.timerose
                             ? session.timerose->finish_output()
                             : unixfs::import_bytes({}, session.call.layout, session.sink));
  return Finished{std::move(ending), std::move(output)};
}

}  // namespace timerose::wasm::abi
