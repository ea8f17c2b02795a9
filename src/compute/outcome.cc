#include "compute/outcome.h"

#include <fmt/format.h>

#include "compute/fields.h"
#include "ipld/dag_cbor.h"
#include "unixfs/reader.h"

namespace timerose::compute {
namespace {

std::optional<wasm::TrapKind> trap_kind_named(std::string_view name) {
  for (int kind = 0; kind <= static_cast<int>(wasm::TrapKind::kOther); ++kind) {
    if (name == wasm::trap_kind_name(static_cast<wasm::TrapKind>(kind))) {
      return static_cast<wasm::TrapKind>(kind);
    }
  }
  return std::nullopt;
}

Error malformed_outcome(std::string_view what) {
  return {ErrorCode::kMalformed, fmt::format("Outcome: {}", what)};
}

bool is_written(const Written& written) { return written.file || !written.bytes.empty(); }

// Bytes or a link: a kinded union.
void write_written(dag_cbor::Writer& out, const char* name, const Written& written) {
  if (!is_written(written)) return;
  out.text(name);
  if (written.file) {
    out.link(*written.file);
  } else {
    out.bytes(written.bytes);
  }
}

Result<Written> read_field(Fields& fields, std::string_view name) {
  Written written;
  const Value* value = fields.optional(name);
  if (value == nullptr) return written;
  if (const Cid* cid = value->as_link()) {
    written.file = *cid;
  } else if (const Bytes* bytes = value->as_byte_string()) {
    written.bytes = *bytes;
  }
  if (!is_written(written)) {
    return malformed_outcome(
        fmt::format("field \"{}\": expected bytes that are not empty, or a link", name));
  }
  return written;
}

Result<std::variant<uint32_t, wasm::TrapKind>> read_ending(Fields& fields) {
  using Ending = std::variant<uint32_t, wasm::TrapKind>;
  TR_ASSIGN(const auto trap, fields.optional_text("trap"));
  if (trap) {
    const auto kind = trap_kind_named(*trap);
    if (!kind)
      return malformed_outcome(fmt::format("field \"trap\": \"{}\" is no kind of trap", *trap));
    return Ending(*kind);
  }
  TR_ASSIGN(const uint64_t code, fields.integer("exit"));
  if (code > UINT32_MAX)
    return malformed_outcome(fmt::format("field \"exit\": {} is over 2^32-1", code));
  return Ending(static_cast<uint32_t>(code));
}

// What encode refuses to write and decode refuses to read.
Status check(const Outcome& outcome) {
  if (outcome.trapped() && outcome.output) return malformed_outcome("a trap and an output");
  for (const Written* written : {&outcome.stdout_written, &outcome.stderr_written}) {
    if (written->bytes.size() > kInlineBytesMax || (written->file && !written->bytes.empty())) {
      return malformed_outcome(
          fmt::format("what was written is inline up to {} bytes, and beyond that a file only",
                      kInlineBytesMax));
    }
  }
  return success();
}

}  // namespace

Result<Bytes> Outcome::encode() const {
  TR_TRY(check(*this));
  Bytes bytes;
  bytes.reserve(128);
  dag_cbor::Writer out(bytes);
  out.map(1 + uint64_t{output.has_value()} + uint64_t{is_written(stderr_written)} +
          uint64_t{is_written(stdout_written)});
  if (trapped()) {
    out.text("trap");
    out.text(wasm::trap_kind_name(std::get<1>(ending)));
  } else {
    out.text("exit");
    out.integer(exit_code());
  }
  if (output) out.text("output"), out.link(*output);
  write_written(out, "stderr", stderr_written);
  write_written(out, "stdout", stdout_written);
  return bytes;
}

Result<Outcome> Outcome::decode(ByteView bytes) {
  TR_ASSIGN(const Value value, dag_cbor::decode(bytes));
  TR_ASSIGN(Fields fields, Fields::of(value, "Outcome"));
  Outcome outcome;
  TR_ASSIGN(outcome.ending, read_ending(fields));
  TR_ASSIGN(outcome.output, fields.optional_link("output"));
  TR_ASSIGN(outcome.stderr_written, read_field(fields, "stderr"));
  TR_ASSIGN(outcome.stdout_written, read_field(fields, "stdout"));
  TR_TRY(fields.finish());
  TR_TRY(check(outcome));
  return outcome;
}

Result<Bytes> read_written(Blockstore& store, const Written& written, uint64_t bytes_max) {
  if (written.file) return unixfs::read_file(store, *written.file, bytes_max);
  return written.bytes;
}

unixfs::Layout output_layout(wasm::Abi abi) {
  return abi == wasm::Abi::kFan ? unixfs::fan_2021() : unixfs::unixfs_v1_2025();
}

}  // namespace timerose::compute
