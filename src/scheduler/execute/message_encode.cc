#include <algorithm>

#include "ipld/dag_cbor.h"
#include "scheduler/execute/message.h"

namespace timerose::scheduler::execute {
namespace {

using dag_cbor::Writer;

// Cut at a limit, without half a character.
std::string_view short_text(std::string_view text) {
  if (text.size() <= kTextBytesMax) return text;
  size_t end = kTextBytesMax;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0U) == 0x80) --end;
  return text.substr(0, end);
}

void write(Writer& out, std::string_view name, uint64_t value) {
  out.text(name);
  out.integer(value);
}

void write(Writer& out, std::string_view name, const Bytes& value) {
  out.text(name);
  out.bytes(value);
}

void write_text(Writer& out, std::string_view name, std::string_view value) {
  out.text(name);
  out.text(short_text(value));
}

// Only what is true is written.
void write_flag(Writer& out, std::string_view name, bool value) {
  if (!value) return;
  out.text(name);
  out.boolean(true);
}

void write_blocks(Writer& out, const std::vector<CarriedBlock>& blocks) {
  if (blocks.empty()) return;
  out.text("blocks");
  out.list(blocks.size());
  for (const CarriedBlock& block : blocks) {
    out.list(2);
    out.link(block.cid);
    out.bytes(block.bytes);
  }
}

void write_tokens(Writer& out, const std::vector<Bytes>& tokens) {
  if (tokens.empty()) return;
  out.text("authority");
  out.list(tokens.size());
  for (const Bytes& token : tokens) out.bytes(token);
}

void write_calls(Writer& out, const std::vector<CallNumber>& calls) {
  out.text("calls");
  out.list(calls.size());
  for (const CallNumber call : calls) out.integer(call);
}

// The one entry of a message: its name, and how many fields follow.
void begin(Writer& out, std::string_view name, size_t fields) {
  out.map(1);
  out.text(name);
  out.map(fields);
}

// Fields in the order of DAG-CBOR: the shorter name first.

void write(Writer& out, const Offer& offer) {
  const size_t left_out = size_t{!offer.logs} + size_t{!offer.fresh} + size_t{!offer.receipt} +
                          size_t{offer.blocks.empty()} + size_t{offer.deadline_ms == 0} +
                          size_t{!offer.commit} + size_t{offer.authority.empty()};
  begin(out, "offer", 12 - left_out);
  write(out, "call", offer.call);
  write(out, "fuel", offer.fuel);
  write_flag(out, "logs", offer.logs);
  write_flag(out, "fresh", offer.fresh);
  write(out, "lease", offer.lease_ms);
  write_blocks(out, offer.blocks);
  write_flag(out, "commit", offer.commit);
  write_flag(out, "receipt", offer.receipt);
  if (offer.deadline_ms != 0) write(out, "deadline", offer.deadline_ms);
  write(out, "priority", offer.priority);
  write_tokens(out, offer.authority);
  write(out, "invocation", offer.invocation);
}

void write(Writer& out, const Cancel& cancel) {
  begin(out, "cancel", 1);
  write(out, "call", cancel.call);
}

void write(Writer& out, const Acknowledge& acknowledge) {
  begin(out, "acknowledge", 1);
  write_calls(out, acknowledge.calls);
}

void write(Writer& out, const Reveal& reveal) {
  begin(out, "reveal", 1);
  write_calls(out, reveal.calls);
}

void write(Writer& out, const Probe& probe) {
  begin(out, "probe", 3 - size_t{probe.authority.empty()});
  write(out, "call", probe.call);
  write_tokens(out, probe.authority);
  write(out, "invocation", probe.invocation);
}

void write(Writer& out, const Known& known) {
  begin(out, "known", 3 - size_t{known.authority.empty()});
  write(out, "call", known.call);
  write_tokens(out, known.authority);
  out.text("invocation");
  out.link(known.invocation);
}

void write(Writer& out, const Estimate& estimate) {
  const size_t left_out =
      size_t{!estimate.warm} + size_t{!estimate.known} + size_t{estimate.lacking.empty()};
  begin(out, "estimate", 6 - left_out);
  write(out, "call", estimate.call);
  write(out, "wait", estimate.wait_ms);
  write_flag(out, "warm", estimate.warm);
  write_flag(out, "known", estimate.known);
  if (!estimate.lacking.empty()) {
    out.text("lacks");
    out.list(estimate.lacking.size());
    for (const Cid& cid : estimate.lacking) out.link(cid);
  }
  write(out, "lacking", estimate.lacking_bytes);
}

void write(Writer& out, const Unknown& unknown) {
  begin(out, "unknown", 1);
  write(out, "call", unknown.call);
}

void write(Writer& out, const Commit& commit) {
  begin(out, "commit", 2);
  write(out, "call", commit.call);
  out.text("digest");
  out.bytes(commit.digest);
}

void write(Writer& out, const Accept& accept) {
  begin(out, "accept", 3);
  write(out, "call", accept.call);
  write(out, "ahead", accept.ahead);
  write(out, "lease", accept.lease_ms);
}

void write(Writer& out, const Busy& busy) {
  begin(out, "busy", 4);
  write(out, "call", busy.call);
  write(out, "retry", busy.retry_ms);
  write_text(out, "message", busy.message);
  write(out, "waiting", busy.waiting);
}

void write(Writer& out, const Refuse& refuse) {
  begin(out, "refuse", 3);
  write(out, "call", refuse.call);
  write_text(out, "reason", refuse_reason_name(refuse.reason));
  write_text(out, "message", refuse.message);
}

void write(Writer& out, const Log& log) {
  begin(out, "log", 4);
  write(out, "call", log.call);
  write(out, "bytes", log.bytes);
  write(out, "stream", log.stream == Written::kStdout ? 1 : 2);
  write(out, "position", log.position);
}

void write(Writer& out, const Finish& finish) {
  const size_t left_out =
      size_t{!finish.cached} + size_t{finish.receipt.empty()} + size_t{finish.blocks.empty()};
  begin(out, "result", 5 - left_out);
  write(out, "call", finish.call);
  write_blocks(out, finish.blocks);
  write_flag(out, "cached", finish.cached);
  write(out, "outcome", finish.outcome);
  if (!finish.receipt.empty()) write(out, "receipt", finish.receipt);
}

void write(Writer& out, const Failure& failure) {
  begin(out, "failure", 3);
  write(out, "call", failure.call);
  write_text(out, "kind", failure_kind_name(failure.kind));
  write_text(out, "message", failure.message);
}

void write(Writer& out, const Heartbeat& /*heartbeat*/) { begin(out, "heartbeat", 0); }

}  // namespace

void encode_message(const Message& message, Bytes& out) {
  Writer writer(out);
  std::visit([&](const auto& one) { write(writer, one); }, message);
}

Bytes frame_head(size_t messages) {
  Bytes head;
  Writer(head).list(messages);
  return head;
}

Bytes encode_frame(const std::vector<Message>& messages) {
  Bytes frame = frame_head(messages.size());
  for (const Message& message : messages) encode_message(message, frame);
  return frame;
}

}  // namespace timerose::scheduler::execute
