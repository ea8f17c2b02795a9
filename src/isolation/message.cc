#include "isolation/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace timerose::isolation {
namespace {

enum class Kind : uint8_t {
  kSetup = 1,
  kRun,
  kGiveBlock,
  kGiveCode,
  kHello,
  kWantBlock,
  kWantCode,
  kPutBlocks,
  kWrote,
  kEndedWithOutcome,
  kEndedStopped,
  kEndedFailed,
  kCompiled,
  kWantRoom,
  kGiveRoom,
};

Error malformed(std::string_view what) {
  return {ErrorCode::kMalformed, fmt::format("a frame between node and worker: {}", what)};
}

class Writer {
 public:
  explicit Writer(Kind kind) {
    out_.reserve(kSmallFrameBytes);
    out_.resize(kFrameHeadBytes);
    byte(static_cast<uint8_t>(kind));
  }

  void byte(uint8_t value) { out_.push_back(value); }
  void flag(bool value) { byte(value ? 1 : 0); }
  template <typename T>
  void integer(T value) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
    out_.insert(out_.end(), bytes, bytes + sizeof(value));
  }
  void raw(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void bytes(ByteView value) {
    integer(static_cast<uint32_t>(value.size()));
    raw(value);
  }
  void text(std::string_view value) { bytes(as_bytes(value.substr(0, kTextBytesMax))); }

  Bytes finish() {
    CHECK(out_.size() - kFrameHeadBytes <= kFrameBytesMax);
    const auto length = static_cast<uint32_t>(out_.size() - kFrameHeadBytes);
    std::memcpy(out_.data(), &length, sizeof(length));
    return std::move(out_);
  }

 private:
  static constexpr size_t kSmallFrameBytes = 64;
  Bytes out_;
};

// Takes fields off the front; once one is not there, everything after it is empty and `ok()` false.
class Reader {
 public:
  explicit Reader(ByteView rest) : rest_(rest) {}

  template <typename T>
  T integer() {
    T value{};
    const ByteView bytes = raw(sizeof(T));
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  bool flag() {
    const auto value = integer<uint8_t>();
    if (value > 1) failed_ = true;
    return value == 1;
  }
  ByteView raw(size_t length) {
    if (failed_ || rest_.size() < length) {
      failed_ = true;
      return {};
    }
    const ByteView taken = rest_.first(length);
    rest_ = rest_.subspan(length);
    return taken;
  }
  Bytes bytes(size_t length_max) {
    const auto length = integer<uint32_t>();
    if (length > length_max) failed_ = true;
    return failed_ ? Bytes() : to_bytes(raw(length));
  }
  std::string text() { return std::string(as_text(bytes(kTextBytesMax))); }
  template <typename Enum>
  Enum one_of(Enum last) {
    const auto value = integer<uint8_t>();
    if (value > static_cast<uint8_t>(last)) failed_ = true;
    return failed_ ? Enum{} : static_cast<Enum>(value);
  }
  std::optional<Cid> cid() {
    auto cid = Cid::decode(bytes(kCidBytesMax));
    if (cid.ok()) return *std::move(cid);
    failed_ = true;
    return std::nullopt;
  }

  [[nodiscard]] bool ok() const { return !failed_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  // Whether all was there, and nothing is left.
  [[nodiscard]] bool finished() const { return !failed_ && rest_.empty(); }

 private:
  static constexpr size_t kCidBytesMax = 512;
  ByteView rest_;
  bool failed_ = false;
};

// --- One function for each message: write() and its inverse ---

Bytes write(const Setup& setup) {
  Writer out(Kind::kSetup);
  out.integer(setup.memory_bytes_max);
  out.flag(setup.in_namespaces);
  return out.finish();
}
Setup read_setup(Reader& in) {
  Setup setup;
  setup.memory_bytes_max = in.integer<uint64_t>();
  setup.in_namespaces = in.flag();
  return setup;
}

Bytes write(const Run& run) {
  Writer out(Kind::kRun);
  out.integer(run.number);
  out.raw(run.digest);
  out.integer(run.fuel);
  out.integer(run.deadline_ms);
  out.flag(run.logs);
  out.bytes(run.invocation);
  return out.finish();
}
Run read_run(Reader& in) {
  Run run;
  run.number = in.integer<uint64_t>();
  const ByteView digest = in.raw(run.digest.size());
  if (!digest.empty()) std::ranges::copy(digest, run.digest.begin());
  run.fuel = in.integer<uint64_t>();
  run.deadline_ms = in.integer<uint64_t>();
  run.logs = in.flag();
  run.invocation = in.bytes(kBlockBytesMax);
  return run;
}

Bytes write(const GiveBlock& give) {
  Writer out(Kind::kGiveBlock);
  out.flag(give.bytes.has_value());
  if (give.bytes) {
    out.bytes(*give.bytes);
  } else {
    out.byte(static_cast<uint8_t>(give.code));
    out.text(give.message);
  }
  return out.finish();
}
GiveBlock read_give_block(Reader& in) {
  GiveBlock give;
  if (in.flag()) {
    give.bytes = in.bytes(kBlockBytesMax);
  } else {
    give.code = in.one_of(ErrorCode::kInternal);
    give.message = in.text();
  }
  return give;
}

Bytes write(const GiveCode& give) {
  Writer out(Kind::kGiveCode);
  out.byte(static_cast<uint8_t>(give.what));
  if (give.what == GiveCode::What::kNothing) {
    out.byte(static_cast<uint8_t>(give.code));
    out.text(give.message);
  }
  return out.finish();
}
GiveCode read_give_code(Reader& in) {
  GiveCode give;
  give.what = in.one_of(GiveCode::What::kBinary);
  if (give.what == GiveCode::What::kNothing) {
    give.code = in.one_of(ErrorCode::kInternal);
    give.message = in.text();
  }
  return give;
}

Bytes write(const GiveRoom& give) {
  Writer out(Kind::kGiveRoom);
  out.flag(give.given);
  if (!give.given) {
    out.byte(static_cast<uint8_t>(give.code));
    out.text(give.message);
  }
  return out.finish();
}
GiveRoom read_give_room(Reader& in) {
  GiveRoom give;
  give.given = in.flag();
  if (!give.given) {
    give.code = in.one_of(ErrorCode::kInternal);
    give.message = in.text();
  }
  return give;
}

Bytes write(const Hello& hello) {
  Writer out(Kind::kHello);
  out.integer(hello.measures);
  out.text(hello.engine);
  return out.finish();
}
Hello read_hello(Reader& in) {
  Hello hello;
  hello.measures = in.integer<uint32_t>();
  hello.engine = in.text();
  return hello;
}

Bytes write(const WantBlock& want) {
  Writer out(Kind::kWantBlock);
  out.bytes(want.cid.bytes());
  return out.finish();
}
Bytes write(const WantCode& want) {
  Writer out(Kind::kWantCode);
  out.bytes(want.module.bytes());
  return out.finish();
}

Bytes write(const WantRoom& want) {
  Writer out(Kind::kWantRoom);
  out.integer(want.bytes);
  return out.finish();
}

Bytes write(const Compiled& /*compiled*/) { return Writer(Kind::kCompiled).finish(); }

Bytes write(const PutBlocks& put) {
  Writer out(Kind::kPutBlocks);
  for (const PutBlocks::One& one : put.blocks) {
    out.bytes(one.cid.bytes());
    out.bytes(one.bytes);
  }
  return out.finish();
}
PutBlocks read_put_blocks(Reader& in) {
  PutBlocks put;
  do {  // one at least
    auto cid = in.cid();
    Bytes bytes = in.bytes(kBlockBytesMax);
    if (cid && in.ok()) put.blocks.push_back({*std::move(cid), std::move(bytes)});
  } while (in.ok() && !in.at_end());
  return put;
}

Bytes write(const Wrote& wrote) {
  Writer out(Kind::kWrote);
  out.flag(wrote.descriptor == 2);
  out.bytes(wrote.bytes);
  return out.finish();
}
Wrote read_wrote(Reader& in) {
  Wrote wrote;
  wrote.descriptor = in.flag() ? 2 : 1;
  wrote.bytes = in.bytes(kFrameBytesMax);
  return wrote;
}

Bytes write(const Ended& ended) {
  const auto begin = [&](Kind kind) {
    Writer out(kind);
    out.integer(ended.fuel_used);
    out.integer(ended.memory_bytes_peak);
    return out;
  };
  if (const auto* with = std::get_if<Ended::WithOutcome>(&ended.how)) {
    Writer out = begin(Kind::kEndedWithOutcome);
    out.bytes(with->outcome);
    out.text(with->trap_message);
    return out.finish();
  }
  if (const auto* stopped = std::get_if<Ended::Stopped>(&ended.how)) {
    Writer out = begin(Kind::kEndedStopped);
    out.byte(static_cast<uint8_t>(stopped->reason));
    out.text(stopped->message);
    return out.finish();
  }
  const auto& failed = std::get<Ended::Failed>(ended.how);
  Writer out = begin(Kind::kEndedFailed);
  out.byte(static_cast<uint8_t>(failed.code));
  out.text(failed.message);
  return out.finish();
}
Ended read_ended(Kind kind, Reader& in) {
  Ended ended;
  ended.fuel_used = in.integer<uint64_t>();
  ended.memory_bytes_peak = in.integer<uint64_t>();
  if (kind == Kind::kEndedWithOutcome) {
    Bytes outcome = in.bytes(kOutcomeBytesMax);
    ended.how = Ended::WithOutcome{std::move(outcome), in.text()};
  } else if (kind == Kind::kEndedStopped) {
    const auto reason = in.one_of(wasm::StopReason::kInternal);
    ended.how = Ended::Stopped{reason, in.text()};
  } else {
    const auto code = in.one_of(ErrorCode::kInternal);
    ended.how = Ended::Failed{code, in.text()};
  }
  return ended;
}

template <typename Message>
Result<Message> finish(const Reader& in, Message message) {
  if (!in.finished()) return malformed("its fields do not fill it");
  return message;
}

}  // namespace

Bytes encode(const ToWorker& message) {
  return std::visit([](const auto& one) { return write(one); }, message);
}
Bytes encode(const FromWorker& message) {
  return std::visit([](const auto& one) { return write(one); }, message);
}

Result<ToWorker> decode_to_worker(ByteView rest) {
  Reader in(rest);
  switch (static_cast<Kind>(in.integer<uint8_t>())) {
    case Kind::kSetup: {
      Setup setup = read_setup(in);
      return finish<ToWorker>(in, setup);
    }
    case Kind::kRun: {
      Run run = read_run(in);
      return finish<ToWorker>(in, std::move(run));
    }
    case Kind::kGiveBlock: {
      GiveBlock give = read_give_block(in);
      return finish<ToWorker>(in, std::move(give));
    }
    case Kind::kGiveCode: {
      GiveCode give = read_give_code(in);
      return finish<ToWorker>(in, std::move(give));
    }
    case Kind::kGiveRoom: {
      GiveRoom give = read_give_room(in);
      return finish<ToWorker>(in, std::move(give));
    }
    default:
      return malformed("it is none for a worker");
  }
}

Result<FromWorker> decode_from_worker(ByteView rest) {
  Reader in(rest);
  const auto kind = static_cast<Kind>(in.integer<uint8_t>());
  switch (kind) {
    case Kind::kHello: {
      Hello hello = read_hello(in);
      return finish<FromWorker>(in, std::move(hello));
    }
    case Kind::kWantBlock:
    case Kind::kWantCode: {
      auto cid = in.cid();
      if (!cid) return malformed("it wants what is no CID");
      if (kind == Kind::kWantBlock) return finish<FromWorker>(in, WantBlock{*std::move(cid)});
      return finish<FromWorker>(in, WantCode{*std::move(cid)});
    }
    case Kind::kWantRoom: {
      const WantRoom want{in.integer<uint64_t>()};
      return finish<FromWorker>(in, want);
    }
    case Kind::kCompiled:
      return finish<FromWorker>(in, Compiled{});
    case Kind::kPutBlocks: {
      PutBlocks put = read_put_blocks(in);
      return finish<FromWorker>(in, std::move(put));
    }
    case Kind::kWrote: {
      Wrote wrote = read_wrote(in);
      return finish<FromWorker>(in, std::move(wrote));
    }
    case Kind::kEndedWithOutcome:
    case Kind::kEndedStopped:
    case Kind::kEndedFailed: {
      Ended ended = read_ended(kind, in);
      return finish<FromWorker>(in, std::move(ended));
    }
    default:
      return malformed("it is none for a node");
  }
}

Result<size_t> rest_length(ByteView head) {
  uint32_t length = 0;
  CHECK(head.size() == sizeof(length));
  std::memcpy(&length, head.data(), sizeof(length));
  if (length == 0) return malformed("it is empty");
  if (length > kFrameBytesMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("a frame of {} bytes between node and worker, expected {} at most",
                             length, kFrameBytesMax)};
  }
  return length;
}

}  // namespace timerose::isolation
