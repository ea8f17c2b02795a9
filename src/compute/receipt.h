// A node's signed statement that this Invocation gave this Outcome.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "blockstore/blockstore.h"
#include "crypto/key.h"
#include "multiformats/cid.h"

namespace timerose::compute {

// The engine that ran a call: its version and the settings that change what it meters.
struct EngineName {
  std::string version;  // "wasmtime 48.0.8"
  std::string flags;
  bool operator==(const EngineName&) const = default;
};

// What an execution used: equal for all nodes with the same engine, so that a bill can be checked.
struct Metering {
  std::shared_ptr<const EngineName> engine;  // shared by the calls of one engine; null: not known
  uint64_t fuel_used = 0;
  uint64_t memory_bytes_peak = 0;
  bool operator==(const Metering& other) const;
};

// What differs from one execution to the next. Signed too.
struct Circumstances {
  PublicKey executor;  // written as did:key
  uint64_t started_unix_ns = 0;
  uint64_t duration_ns = 0;
  uint64_t blocks_read = 0;  // of content, by the guest and for its inputs
  uint64_t bytes_read = 0;
  bool operator==(const Circumstances&) const = default;
};

// Schema: receipt.ipldsch. The block is {payload, signature}; the signature is Ed25519 over the
// DAG-CBOR bytes of the payload.
struct Receipt {
  Receipt(Cid invocation_cid, Cid outcome_cid)
      : invocation(std::move(invocation_cid)), outcome(std::move(outcome_cid)) {}

  Cid invocation;
  Cid outcome;
  Metering metering;
  Circumstances circumstances;
  Signature signature{};

  // Sets `circumstances.executor` and `signature`. kInvalidArgument without an engine.
  Status sign(const PrivateKey& key);
  // kMismatch if the signature is not the executor's over this payload. Needs nothing but the
  // receipt.
  [[nodiscard]] Status verify() const;

  // Inverses. decode is strict: any other bytes for the same value are kMalformed. It does not
  // verify.
  [[nodiscard]] Result<Bytes> encode() const;
  static Result<Receipt> decode(ByteView bytes);

  bool operator==(const Receipt&) const = default;
};

// Reads the block of a Receipt; does not verify it.
Result<Receipt> load_receipt(Blockstore& store, const Cid& cid);

}  // namespace timerose::compute
