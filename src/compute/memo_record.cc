#include "compute/memo_record.h"

#include <algorithm>
#include <cstring>

#include "compute/fields.h"
#include "ipld/dag_cbor.h"

namespace timerose::compute {
namespace {

// How a CID is packed: most are a version 1 with sha2-256, of which the digest is enough.
enum class CidForm : uint8_t { kAbsent, kRawSha256, kDagPbSha256, kOther };

constexpr size_t kSha256CidBytes = 36;

// The fixed part of a packed record. After it: the receipt's digest, the output, then standard
// output and error, each a CID or bytes.
struct Fixed {
  Sha256Digest outcome_digest;
  uint64_t fuel_used;
  uint64_t memory_bytes_peak;
  uint32_t ending;  // exit code, or kind of trap
  uint16_t engine;
  uint16_t stdout_length;
  uint16_t stderr_length;
  CidForm output;
  CidForm stdout_file;
  CidForm stderr_file;
  bool trapped;
  bool has_receipt;
};

CidForm form_of(const std::optional<Cid>& cid) {
  if (!cid) return CidForm::kAbsent;
  const ByteView bytes = cid->bytes();
  if (bytes.size() != kSha256CidBytes || bytes[0] != 1 || bytes[2] != 0x12 || bytes[3] != 32) {
    return CidForm::kOther;
  }
  if (cid->codec() == Codec::kRaw) return CidForm::kRawSha256;
  if (cid->codec() == Codec::kDagPb) return CidForm::kDagPbSha256;
  return CidForm::kOther;
}

void append(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

void pack_cid(CidForm form, const std::optional<Cid>& cid, Bytes& out) {
  if (form == CidForm::kAbsent) return;
  const ByteView bytes = cid->bytes();
  if (form == CidForm::kOther) {
    out.push_back(static_cast<uint8_t>(bytes.size()));
    append(out, bytes);
  } else {
    append(out, bytes.last(sizeof(Sha256Digest)));
  }
}

ByteView take(ByteView& in, size_t length) {
  const ByteView taken = in.first(length);
  in = in.subspan(length);
  return taken;
}

Sha256Digest take_digest(ByteView& in) {
  Sha256Digest digest;
  std::memcpy(digest.data(), take(in, digest.size()).data(), digest.size());
  return digest;
}

void unpack_cid(CidForm form, ByteView& in, std::optional<Cid>& cid) {
  switch (form) {
    case CidForm::kAbsent:
      cid.reset();
      return;
    case CidForm::kRawSha256:
      cid = Cid::from_sha256(Codec::kRaw, take_digest(in));
      return;
    case CidForm::kDagPbSha256:
      cid = Cid::from_sha256(Codec::kDagPb, take_digest(in));
      return;
    case CidForm::kOther: {
      const size_t length = take(in, 1).front();
      cid = Cid::decode(take(in, length)).value();
      return;
    }
  }
}

// A CID whose length does not fit the one byte that pack_cid gives it.
bool is_too_long(const std::optional<Cid>& cid) { return cid && cid->bytes().size() > UINT8_MAX; }

}  // namespace

uint16_t EngineNames::number_of(const EngineName& engine) {
  const auto find = [&](size_t from) {
    const size_t count = count_.load(std::memory_order_acquire);
    while (from < count && *engines_[from] != engine) ++from;
    return from;
  };
  const size_t seen = count_.load(std::memory_order_acquire);
  if (const size_t number = find(0); number < seen) return static_cast<uint16_t>(number);
  const std::lock_guard lock(mutex_);
  const size_t number = find(seen);
  if (number == count_.load() && number < kEnginesMax) {
    engines_[number] = std::make_shared<const EngineName>(engine);
    count_.store(number + 1, std::memory_order_release);
  }
  return static_cast<uint16_t>(number);
}

const std::shared_ptr<const EngineName>& EngineNames::named(uint16_t number) const {
  CHECK(number < count_.load(std::memory_order_acquire));
  return engines_[number];
}

bool is_packable(const Remembered& entry) {
  const Outcome& outcome = entry.outcome;
  return !is_too_long(outcome.output) && !is_too_long(outcome.stdout_written.file) &&
         !is_too_long(outcome.stderr_written.file);
}

void pack(const Remembered& entry, uint16_t engine, Bytes& out) {
  const Outcome& outcome = entry.outcome;
  Fixed fixed{};
  fixed.outcome_digest = entry.outcome_digest;
  fixed.fuel_used = entry.metering.fuel_used;
  fixed.memory_bytes_peak = entry.metering.memory_bytes_peak;
  fixed.trapped = outcome.trapped();
  fixed.ending = fixed.trapped ? static_cast<uint32_t>(std::get<1>(outcome.ending))
                               : std::get<0>(outcome.ending);
  fixed.engine = engine;
  fixed.stdout_length = static_cast<uint16_t>(outcome.stdout_written.bytes.size());
  fixed.stderr_length = static_cast<uint16_t>(outcome.stderr_written.bytes.size());
  fixed.output = form_of(outcome.output);
  fixed.stdout_file = form_of(outcome.stdout_written.file);
  fixed.stderr_file = form_of(outcome.stderr_written.file);
  fixed.has_receipt = entry.receipt.has_value();
  out.clear();
  append(out, ByteView(reinterpret_cast<const uint8_t*>(&fixed), sizeof(fixed)));
  if (entry.receipt) append(out, *entry.receipt);
  pack_cid(fixed.output, outcome.output, out);
  pack_cid(fixed.stdout_file, outcome.stdout_written.file, out);
  append(out, outcome.stdout_written.bytes);
  pack_cid(fixed.stderr_file, outcome.stderr_written.file, out);
  append(out, outcome.stderr_written.bytes);
}

void unpack(ByteView record, Remembered& entry, uint16_t& engine) {
  Fixed fixed;
  std::memcpy(&fixed, take(record, sizeof(fixed)).data(), sizeof(fixed));
  Outcome& outcome = entry.outcome;
  entry.outcome_digest = fixed.outcome_digest;
  entry.metering.fuel_used = fixed.fuel_used;
  entry.metering.memory_bytes_peak = fixed.memory_bytes_peak;
  engine = fixed.engine;
  if (fixed.trapped) {
    outcome.ending = static_cast<wasm::TrapKind>(fixed.ending);
  } else {
    outcome.ending = fixed.ending;
  }
  entry.receipt.reset();
  if (fixed.has_receipt) entry.receipt = take_digest(record);
  unpack_cid(fixed.output, record, outcome.output);
  unpack_cid(fixed.stdout_file, record, outcome.stdout_written.file);
  const ByteView stdout_bytes = take(record, fixed.stdout_length);
  outcome.stdout_written.bytes.assign(stdout_bytes.begin(), stdout_bytes.end());
  unpack_cid(fixed.stderr_file, record, outcome.stderr_written.file);
  const ByteView stderr_bytes = take(record, fixed.stderr_length);
  outcome.stderr_written.bytes.assign(stderr_bytes.begin(), stderr_bytes.end());
}

Result<Bytes> encode_remembered(const Remembered& entry) {
  TR_ASSIGN(const Bytes outcome, entry.outcome.encode());
  CHECK(entry.metering.engine != nullptr);
  Bytes bytes;
  dag_cbor::Writer out(bytes);
  out.map(5 + uint64_t{entry.receipt.has_value()});
  out.text("fuel");
  out.integer(entry.metering.fuel_used);
  out.text("flags");
  out.text(entry.metering.engine->flags);
  out.text("engine");
  out.text(entry.metering.engine->version);
  out.text("memory");
  out.integer(entry.metering.memory_bytes_peak);
  out.text("outcome");
  out.bytes(outcome);
  if (entry.receipt) {
    out.text("receipt");
    out.link(object_cid(*entry.receipt));
  }
  return bytes;
}

Result<Remembered> decode_remembered(ByteView bytes) {
  TR_ASSIGN(const Value value, dag_cbor::decode(bytes));
  TR_ASSIGN(Fields fields, Fields::of(value, "memo"));
  Remembered entry;
  EngineName engine;
  TR_ASSIGN(entry.metering.fuel_used, fields.integer("fuel"));
  TR_ASSIGN(engine.flags, fields.text("flags"));
  TR_ASSIGN(engine.version, fields.text("engine"));
  TR_ASSIGN(entry.metering.memory_bytes_peak, fields.integer("memory"));
  TR_ASSIGN(const Bytes outcome, fields.bytes("outcome"));
  TR_ASSIGN(const auto receipt, fields.optional_link("receipt"));
  TR_TRY(fields.finish());
  entry.metering.engine = std::make_shared<const EngineName>(std::move(engine));
  TR_ASSIGN(entry.outcome, Outcome::decode(outcome));
  entry.outcome_digest = sha256(outcome);
  if (receipt) {
    TR_ASSIGN(entry.receipt, object_digest(*receipt));
  }
  return entry;
}

}  // namespace timerose::compute
