#include "compute/memo.h"

#include <gtest/gtest.h>

#include "compute/memo_record.h"
#include "compute/testing/golden.h"
#include "compute/testing/memory_table.h"

namespace timerose::compute {
namespace {

const EngineName kEngine{"wasmtime 48.0.8", "fuel=1"};
const EngineName kOtherEngine{"browser 1", ""};

Sha256Digest digest_of(std::string_view text) { return sha256(as_bytes(text)); }

MemoKey key_of(std::string_view text) {
  return {digest_of(text), std::hash<std::string_view>()(text)};
}

Remembered entry_of(Outcome outcome) {
  Remembered entry;
  entry.outcome_digest = sha256(*outcome.encode());
  entry.outcome = std::move(outcome);
  entry.metering = {std::make_shared<const EngineName>(kEngine), 1234, 65536};
  return entry;
}

// Outcomes of every shape: no output, CIDs of several kinds, inline and long streams, a trap.
std::vector<Remembered> entries() {
  std::vector<Remembered> all;
  const auto add = [&](Outcome outcome) { all.push_back(entry_of(std::move(outcome))); };
  Outcome outcome;
  outcome.ending = 3U;
  add(outcome);
  outcome.output = Cid::of_sha256(Codec::kRaw, as_bytes("raw"));
  outcome.stdout_written.bytes = to_bytes(as_bytes("out"));
  outcome.stderr_written.bytes = Bytes(kInlineBytesMax, 'e');
  add(outcome);
  all.back().receipt = digest_of("receipt");
  outcome.output = Cid::of_sha256(Codec::kDagPb, as_bytes("dag-pb"));
  outcome.stdout_written = {{}, Cid::of_sha256(Codec::kDagPb, as_bytes("long"))};
  outcome.stderr_written = {{}, *Cid::of(Codec::kRaw, HashCode::kSha2_512, as_bytes("long"))};
  add(outcome);
  outcome.output = *Cid::of(Codec::kRaw, HashCode::kIdentity, Bytes(100, 'i'));
  add(outcome);
  Outcome trap;
  trap.ending = wasm::TrapKind::kMemoryOutOfBounds;
  trap.stderr_written.bytes = to_bytes(as_bytes("oh"));
  add(trap);
  return all;
}

void expect_same(const Remembered& a, const Remembered& b) {
  EXPECT_EQ(a.outcome_digest, b.outcome_digest);
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.metering, b.metering);
  EXPECT_EQ(a.receipt, b.receipt);
}

TEST(MemoRecord, PackAndUnpackAreInverses) {
  // The same object takes one entry after the other: nothing of the one before stays.
  Remembered out;
  Bytes record;
  for (const Remembered& entry : entries()) {
    ASSERT_TRUE(is_packable(entry));
    pack(entry, 7, record);
    uint16_t engine = 0;
    unpack(record, out, engine);
    EXPECT_EQ(engine, 7);
    out.metering.engine = entry.metering.engine;
    expect_same(out, entry);
  }
}

TEST(MemoRecord, EncodeAndDecodeAreInverses) {
  for (const Remembered& entry : entries()) {
    const auto decoded = decode_remembered(*encode_remembered(entry));
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    expect_same(*decoded, entry);
  }
}

TEST(MemoRecord, HasOneEncoding) {
  const Bytes bytes = *encode_remembered(entries()[1]);
  testing::update_golden("memo.bin", bytes);
  EXPECT_EQ(hex_encode(bytes), hex_encode(testing::golden_file("memo.bin")));
}

TEST(MemoRecord, AnyTruncationIsRefused) {
  const Bytes bytes = *encode_remembered(entries()[1]);
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_remembered(ByteView(bytes).first(length)).ok());
  }
}

TEST(EngineNames, AnEngineKeepsItsNumberAndTheirCountIsBounded) {
  EngineNames names;
  EXPECT_EQ(names.number_of(kEngine), 0);
  EXPECT_EQ(names.number_of(kOtherEngine), 1);
  EXPECT_EQ(names.number_of(kEngine), 0);
  EXPECT_EQ(*names.named(1), kOtherEngine);
  for (size_t i = 0; i < EngineNames::kEnginesMax + 10; ++i) {
    names.number_of({"engine", std::to_string(i)});
  }
  EXPECT_EQ(names.number_of({"one", "more"}), EngineNames::kEnginesMax);
}

TEST(Memo, AnswersFromMemoryWithoutATable) {
  Memo memo(nullptr);
  Remembered found;
  EXPECT_FALSE(*memo.find(key_of("i"), found));
  for (const Remembered& entry : entries()) {
    ASSERT_TRUE(memo.remember(key_of("i"), entry, Memo::Keep::kInMemory).ok());
    ASSERT_TRUE(*memo.find(key_of("i"), found));
    expect_same(found, entry);
  }
  EXPECT_FALSE(*memo.find(key_of("j"), found));
}

TEST(Memo, AnswersFromTheTableInALaterProcess) {
  testing::MemoryTable table;
  for (const Remembered& entry : entries()) {
    ASSERT_TRUE(Memo(&table).remember(key_of("i"), entry, Memo::Keep::kInTable).ok());
    Memo later(&table);
    Remembered found;
    ASSERT_TRUE(*later.find(key_of("i"), found));
    expect_same(found, entry);
    ASSERT_TRUE(*later.find(key_of("i"), found));  // now from memory
    expect_same(found, entry);
  }
}

TEST(Memo, WhatIsKeptInMemoryDoesNotReachTheTable) {
  testing::MemoryTable table;
  Memo memo(&table);
  ASSERT_TRUE(memo.remember(key_of("i"), entries()[0], Memo::Keep::kInMemory).ok());
  ASSERT_TRUE(memo.remember_too_small(key_of("i"), kEngine, 5, Memo::Keep::kInMemory).ok());
  EXPECT_EQ(table.size(), 0U);
}

TEST(Memo, WhatHasAScopeIsToldToItsOwnAskerOnly) {
  testing::MemoryTable table;
  const Sha256Digest mine = digest_of("me");
  const Sha256Digest yours = digest_of("you");
  const auto scoped = [](const Sha256Digest& scope) {
    MemoKey key = key_of("i");
    key.scope = &scope;
    return key;
  };
  Memo memo(&table);
  ASSERT_TRUE(memo.remember(scoped(mine), entries()[0], Memo::Keep::kInTable).ok());
  ASSERT_TRUE(memo.remember_too_small(scoped(mine), kEngine, 5, Memo::Keep::kInTable).ok());
  Memo later(&table);
  Remembered found;
  for (Memo* one : {&memo, &later}) {
    EXPECT_TRUE(*one->find(scoped(mine), found));
    expect_same(found, entries()[0]);
    EXPECT_EQ(*one->too_small(scoped(mine), kEngine), 5U);
    EXPECT_FALSE(*one->find(scoped(yours), found));
    EXPECT_FALSE(*one->too_small(scoped(yours), kEngine));
    EXPECT_FALSE(*one->find(key_of("i"), found));
    EXPECT_FALSE(*one->too_small(key_of("i"), kEngine));
  }
}

TEST(Memo, ADamagedRecordIsAsGoodAsNone) {
  testing::MemoryTable table;
  {
    Memo memo(&table);
    ASSERT_TRUE(memo.remember(key_of("i"), entries()[0], Memo::Keep::kInTable).ok());
    ASSERT_TRUE(memo.remember_too_small(key_of("i"), kEngine, 5, Memo::Keep::kInTable).ok());
  }
  table.damage_all();
  Memo memo(&table);
  Remembered found;
  EXPECT_FALSE(*memo.find(key_of("i"), found));
  EXPECT_FALSE(*memo.too_small(key_of("i"), kEngine));
}

TEST(Memo, RemembersTheLargestBudgetThatWasTooSmallForEachEngine) {
  testing::MemoryTable table;
  Memo memo(&table);
  const auto too_small = [&](Memo& in, const EngineName& engine) {
    return *in.too_small(key_of("i"), engine);
  };
  EXPECT_FALSE(too_small(memo, kEngine));
  for (const uint64_t fuel : {100U, 300U, 200U}) {
    ASSERT_TRUE(memo.remember_too_small(key_of("i"), kEngine, fuel, Memo::Keep::kInTable).ok());
  }
  ASSERT_TRUE(memo.remember_too_small(key_of("i"), kOtherEngine, 7, Memo::Keep::kInTable).ok());
  Memo later(&table);
  for (Memo* one : {&memo, &later}) {
    EXPECT_EQ(too_small(*one, kEngine), 300U);
    EXPECT_EQ(too_small(*one, kOtherEngine), 7U);
  }
  Remembered found;
  EXPECT_FALSE(*memo.find(key_of("i"), found));
}

TEST(Memo, OldAnswersLeaveMemoryButNotTheTable) {
  testing::MemoryTable table;
  Memo memo(&table, 1U << 20);
  const Remembered entry = entries()[0];
  constexpr int kEntries = 20'000;
  for (int i = 0; i < kEntries; ++i) {
    ASSERT_TRUE(memo.remember(key_of(std::to_string(i)), entry, Memo::Keep::kInTable).ok());
  }
  Remembered found;
  for (int i = 0; i < kEntries; ++i) {
    ASSERT_TRUE(*memo.find(key_of(std::to_string(i)), found)) << i;
  }
}

TEST(ObjectDigest, IsThatOfADagCborCidBySha256Only) {
  const Sha256Digest digest = digest_of("x");
  EXPECT_EQ(*object_digest(object_cid(digest)), digest);
  EXPECT_FALSE(object_digest(Cid::of_sha256(Codec::kRaw, as_bytes("x"))).ok());
  EXPECT_FALSE(object_digest(*Cid::of(Codec::kDagCbor, HashCode::kIdentity, Bytes(32, 0))).ok());
}

}  // namespace
}  // namespace timerose::compute
