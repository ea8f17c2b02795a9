#include "scheduler/execute/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compute/fields.h"
#include "ipld/dag_cbor.h"

namespace timerose::scheduler::execute {
namespace {

using compute::Fields;

constexpr std::array kRefuseReasons{"stranger", "stopping", "malformed",
                                    "limit",    "conflict", "denied"};
constexpr std::array kFailureKinds{"fuel",          "stack", "deadline",    "cancelled",
                                   "missing_block", "limit", "unsupported", "internal"};

Error malformed(std::string_view object, std::string_view what) {
  return {ErrorCode::kMalformed, fmt::format("{}: {}", object, what)};
}

Error too_much(std::string_view object, std::string_view what, size_t found, size_t max) {
  return {ErrorCode::kLimitExceeded,
          fmt::format("{}: {} {} found, at most {} allowed", object, found, what, max)};
}

// The fields of one message, with the limits of this protocol.
class Reader {
 public:
  Reader(Fields fields, std::string_view name) : fields_(std::move(fields)), name_(name) {}

  Result<uint64_t> integer(std::string_view field) { return fields_.integer(field); }
  // A field that is left out when it is zero, or false.
  Result<uint64_t> integer_or_zero(std::string_view field) {
    TR_ASSIGN(const auto value, fields_.optional_integer(field));
    if (value && *value == 0) return malformed(name_, "a zero that must be left out");
    return value.value_or(0);
  }
  Result<bool> flag(std::string_view field) {
    const Value* value = fields_.optional(field);
    if (value == nullptr) return false;
    const bool* is_set = value->as_bool();
    if (is_set == nullptr || !*is_set) {
      return malformed(name_, fmt::format("field \"{}\": expected true, or no such field", field));
    }
    return true;
  }
  Result<uint64_t> milliseconds(std::string_view field) {
    TR_ASSIGN(const uint64_t value, fields_.integer(field));
    return bounded(value);
  }
  Result<uint64_t> milliseconds_or_zero(std::string_view field) {
    TR_ASSIGN(const uint64_t value, integer_or_zero(field));
    return bounded(value);
  }
  Result<Bytes> bytes(std::string_view field, size_t max) {
    TR_ASSIGN(Bytes value, fields_.bytes(field));
    if (value.size() > max)
      return too_much(name_, fmt::format("bytes of {}", field), value.size(), max);
    return value;
  }
  Result<Bytes> bytes_or_empty(std::string_view field, size_t max) {
    TR_ASSIGN(Bytes value, fields_.bytes_or_empty(field));
    if (value.size() > max)
      return too_much(name_, fmt::format("bytes of {}", field), value.size(), max);
    return value;
  }
  Result<std::string> text(std::string_view field) {
    TR_ASSIGN(std::string value, fields_.text(field));
    if (value.size() > kTextBytesMax) {
      return too_much(name_, fmt::format("bytes of {}", field), value.size(), kTextBytesMax);
    }
    return value;
  }
  // The place of a text in `names`.
  template <typename Enum, size_t kCount>
  Result<Enum> one_of(std::string_view field, const std::array<const char*, kCount>& names) {
    TR_ASSIGN(const std::string value, text(field));
    const auto found = std::find(names.begin(), names.end(), value);
    if (found == names.end()) {
      return malformed(name_, fmt::format("unknown {} \"{}\"", field, value));
    }
    return static_cast<Enum>(found - names.begin());
  }
  Result<std::vector<CarriedBlock>> blocks();
  Result<std::vector<CallNumber>> calls();
  Result<std::vector<Bytes>> tokens();
  Result<std::vector<Cid>> links(std::string_view field, size_t max);
  Result<Cid> link(std::string_view field) { return fields_.link(field); }
  [[nodiscard]] Status finish() const { return fields_.finish(); }
  [[nodiscard]] Error wrong(std::string_view what) const { return malformed(name_, what); }

 private:
  [[nodiscard]] Result<uint64_t> bounded(uint64_t milliseconds) const {
    if (milliseconds <= kMillisecondsMax) return milliseconds;
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("{}: a time of {} ms", name_, milliseconds)};
  }

  Fields fields_;
  std::string_view name_;
};

Result<std::vector<CarriedBlock>> Reader::blocks() {
  std::vector<CarriedBlock> blocks;
  const Value* value = fields_.optional("blocks");
  if (value == nullptr) return blocks;
  const Value::List* list = value->as_list();
  if (list == nullptr || list->empty()) return wrong("\"blocks\" is no list of blocks");
  if (list->size() > kBlocksMax) return too_much(name_, "blocks", list->size(), kBlocksMax);
  size_t bytes = 0;
  for (const Value& item : *list) {
    const Value::List* pair = item.as_list();
    const Cid* cid = pair != nullptr && pair->size() == 2 ? pair->front().as_link() : nullptr;
    const Bytes* data = cid != nullptr ? pair->back().as_byte_string() : nullptr;
    if (data == nullptr) return wrong("expected [link, bytes] in \"blocks\"");
    bytes += data->size();
    if (bytes > kBlocksBytesMax) return too_much(name_, "bytes of blocks", bytes, kBlocksBytesMax);
    blocks.push_back({*cid, *data});
  }
  return blocks;
}

Result<std::vector<CallNumber>> Reader::calls() {
  TR_ASSIGN(const Value* value, fields_.required("calls"));
  const Value::List* list = value->as_list();
  if (list == nullptr || list->empty()) return wrong("\"calls\" is no list of numbers");
  if (list->size() > kCallsNamedMax) return too_much(name_, "calls", list->size(), kCallsNamedMax);
  std::vector<CallNumber> calls;
  for (const Value& item : *list) {
    const Value::Integer* number = item.as_integer();
    if (number == nullptr || *number < 0 || *number > Value::Integer{UINT64_MAX}) {
      return wrong("expected numbers of 0 to 2^64-1 in \"calls\"");
    }
    calls.push_back(static_cast<CallNumber>(*number));
  }
  return calls;
}

Result<std::vector<Bytes>> Reader::tokens() {
  std::vector<Bytes> tokens;
  const Value* value = fields_.optional("authority");
  if (value == nullptr) return tokens;
  const Value::List* list = value->as_list();
  if (list == nullptr || list->empty()) return wrong("\"authority\" is no list of tokens");
  if (list->size() > kTokensMax) return too_much(name_, "tokens", list->size(), kTokensMax);
  size_t bytes = 0;
  for (const Value& item : *list) {
    const Bytes* token = item.as_byte_string();
    if (token == nullptr) return wrong("expected bytes in \"authority\"");
    bytes += token->size();
    if (bytes > kTokensBytesMax) return too_much(name_, "bytes of tokens", bytes, kTokensBytesMax);
    tokens.push_back(*token);
  }
  return tokens;
}

Result<std::vector<Cid>> Reader::links(std::string_view field, size_t max) {
  TR_ASSIGN(auto links, fields_.links(field));
  if (links.size() > max)
    return too_much(name_, fmt::format("links in {}", field), links.size(), max);
  return links;
}

Result<Message> read_offer(Reader& in) {
  Offer offer;
  TR_ASSIGN(offer.call, in.integer("call"));
  TR_ASSIGN(offer.fuel, in.integer("fuel"));
  TR_ASSIGN(offer.logs, in.flag("logs"));
  TR_ASSIGN(offer.fresh, in.flag("fresh"));
  TR_ASSIGN(offer.lease_ms, in.milliseconds("lease"));
  TR_ASSIGN(offer.blocks, in.blocks());
  TR_ASSIGN(offer.commit, in.flag("commit"));
  TR_ASSIGN(offer.receipt, in.flag("receipt"));
  TR_ASSIGN(offer.deadline_ms, in.milliseconds_or_zero("deadline"));
  TR_ASSIGN(const uint64_t priority, in.integer("priority"));
  if (priority > kPriorityMax) return in.wrong(fmt::format("priority {}", priority));
  offer.priority = static_cast<uint32_t>(priority);
  TR_ASSIGN(offer.authority, in.tokens());
  TR_ASSIGN(offer.invocation, in.bytes("invocation", kInvocationBytesMax));
  return Message(std::move(offer));
}

Result<Message> read_cancel(Reader& in) {
  TR_ASSIGN(const CallNumber call, in.integer("call"));
  return Message(Cancel{call});
}

Result<Message> read_acknowledge(Reader& in) {
  Acknowledge acknowledge;
  TR_ASSIGN(acknowledge.calls, in.calls());
  return Message(std::move(acknowledge));
}

Result<Message> read_reveal(Reader& in) {
  Reveal reveal;
  TR_ASSIGN(reveal.calls, in.calls());
  return Message(std::move(reveal));
}

Result<Message> read_probe(Reader& in) {
  Probe probe;
  TR_ASSIGN(probe.call, in.integer("call"));
  TR_ASSIGN(probe.authority, in.tokens());
  TR_ASSIGN(probe.invocation, in.bytes("invocation", kInvocationBytesMax));
  return Message(std::move(probe));
}

Result<Message> read_known(Reader& in) {
  TR_ASSIGN(const CallNumber call, in.integer("call"));
  TR_ASSIGN(auto authority, in.tokens());
  TR_ASSIGN(Cid invocation, in.link("invocation"));
  return Message(Known{call, std::move(invocation), std::move(authority)});
}

Result<Message> read_estimate(Reader& in) {
  Estimate estimate;
  TR_ASSIGN(estimate.call, in.integer("call"));
  TR_ASSIGN(estimate.wait_ms, in.milliseconds("wait"));
  TR_ASSIGN(estimate.warm, in.flag("warm"));
  TR_ASSIGN(estimate.known, in.flag("known"));
  TR_ASSIGN(estimate.lacking, in.links("lacks", kLackingNamedMax));
  TR_ASSIGN(estimate.lacking_bytes, in.integer("lacking"));
  return Message(std::move(estimate));
}

Result<Message> read_unknown(Reader& in) {
  TR_ASSIGN(const CallNumber call, in.integer("call"));
  return Message(Unknown{call});
}

Result<Message> read_commit(Reader& in) {
  Commit commit;
  TR_ASSIGN(commit.call, in.integer("call"));
  TR_ASSIGN(const Bytes digest, in.bytes("digest", commit.digest.size()));
  if (digest.size() != commit.digest.size()) {
    return in.wrong(
        fmt::format("a digest of {} bytes, expected {}", digest.size(), commit.digest.size()));
  }
  std::copy(digest.begin(), digest.end(), commit.digest.begin());
  return Message(commit);
}

Result<Message> read_accept(Reader& in) {
  Accept accept;
  TR_ASSIGN(accept.call, in.integer("call"));
  TR_ASSIGN(accept.ahead, in.integer("ahead"));
  TR_ASSIGN(accept.lease_ms, in.milliseconds("lease"));
  return Message(accept);
}

Result<Message> read_busy(Reader& in) {
  Busy busy;
  TR_ASSIGN(busy.call, in.integer("call"));
  TR_ASSIGN(busy.retry_ms, in.milliseconds("retry"));
  TR_ASSIGN(busy.message, in.text("message"));
  TR_ASSIGN(busy.waiting, in.integer("waiting"));
  return Message(std::move(busy));
}

Result<Message> read_refuse(Reader& in) {
  Refuse refuse;
  TR_ASSIGN(refuse.call, in.integer("call"));
  TR_ASSIGN(refuse.reason, in.one_of<RefuseReason>("reason", kRefuseReasons));
  TR_ASSIGN(refuse.message, in.text("message"));
  return Message(std::move(refuse));
}

Result<Message> read_log(Reader& in) {
  Log log;
  TR_ASSIGN(log.call, in.integer("call"));
  TR_ASSIGN(log.bytes, in.bytes("bytes", kLogPieceBytesMax));
  TR_ASSIGN(const uint64_t stream, in.integer("stream"));
  if (stream != 1 && stream != 2) return in.wrong(fmt::format("stream {}, not 1 or 2", stream));
  log.stream = stream == 1 ? Written::kStdout : Written::kStderr;
  TR_ASSIGN(log.position, in.integer("position"));
  return Message(std::move(log));
}

Result<Message> read_result(Reader& in) {
  Finish finish;
  TR_ASSIGN(finish.call, in.integer("call"));
  TR_ASSIGN(finish.blocks, in.blocks());
  TR_ASSIGN(finish.cached, in.flag("cached"));
  TR_ASSIGN(finish.outcome, in.bytes("outcome", kAnswerBlockBytesMax));
  TR_ASSIGN(finish.receipt, in.bytes_or_empty("receipt", kAnswerBlockBytesMax));
  return Message(std::move(finish));
}

Result<Message> read_failure(Reader& in) {
  Failure failure;
  TR_ASSIGN(failure.call, in.integer("call"));
  TR_ASSIGN(failure.kind, in.one_of<FailureKind>("kind", kFailureKinds));
  TR_ASSIGN(failure.message, in.text("message"));
  return Message(std::move(failure));
}

Result<Message> read_heartbeat(Reader& /*in*/) { return Message(Heartbeat{}); }

struct Kind {
  std::string_view name;
  Result<Message> (*read)(Reader&);
};
constexpr std::array kKinds{Kind{"offer", read_offer},   Kind{"result", read_result},
                            Kind{"log", read_log},       Kind{"acknowledge", read_acknowledge},
                            Kind{"accept", read_accept}, Kind{"heartbeat", read_heartbeat},
                            Kind{"cancel", read_cancel}, Kind{"busy", read_busy},
                            Kind{"refuse", read_refuse}, Kind{"failure", read_failure},
                            Kind{"commit", read_commit}, Kind{"reveal", read_reveal},
                            Kind{"probe", read_probe},   Kind{"estimate", read_estimate},
                            Kind{"known", read_known},   Kind{"unknown", read_unknown}};

Result<Message> read_message(const Value& value) {
  const Value::Map* map = value.as_map();
  if (map == nullptr || map->size() != 1) {
    return malformed("execute frame", "expected messages, each a map of one entry");
  }
  const auto& [name, body] = *map->begin();
  const auto kind =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& one) { return one.name == name; });
  if (kind == kKinds.end()) {
    return malformed("execute frame", fmt::format("unknown message \"{}\"", name));
  }
  TR_ASSIGN(Fields fields, Fields::of(body, kind->name));
  Reader reader(std::move(fields), kind->name);
  TR_ASSIGN(Message message, kind->read(reader));
  TR_TRY(reader.finish());
  return message;
}

}  // namespace

const char* refuse_reason_name(RefuseReason reason) {
  return kRefuseReasons.at(static_cast<size_t>(reason));
}

const char* failure_kind_name(FailureKind kind) {
  return kFailureKinds.at(static_cast<size_t>(kind));
}

Result<std::vector<Message>> decode_frame(ByteView frame) {
  if (frame.size() > kFrameBytesMax) {
    return too_much("execute frame", "bytes", frame.size(), kFrameBytesMax);
  }
  auto value = dag_cbor::decode(frame);
  if (!value.ok()) return std::move(value).error();
  const Value::List* list = value->as_list();
  if (list == nullptr || list->empty()) {
    return malformed("execute frame", "expected a list of messages");
  }
  if (list->size() > kMessagesOfFrameMax) {
    return too_much("execute frame", "messages", list->size(), kMessagesOfFrameMax);
  }
  std::vector<Message> messages;
  messages.reserve(list->size());
  for (const Value& item : *list) {
    TR_ASSIGN(Message message, read_message(item));
    messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace timerose::scheduler::execute
