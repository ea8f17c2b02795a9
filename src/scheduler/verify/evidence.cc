#include "scheduler/verify/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "compute/fields.h"
#include "ipld/dag_cbor.h"
#include "multiformats/peer_id.h"

namespace timerose::scheduler::verify {
namespace {

using compute::Fields;

constexpr std::array kBases{"self", "verifier", "quorum"};

Error malformed(std::string_view what) {
  return {ErrorCode::kMalformed, fmt::format("Evidence: {}", what)};
}

Error shows_nothing(std::string_view what) {
  return {ErrorCode::kMismatch, fmt::format("this evidence shows nothing: {}", what)};
}

// The limits of what is written and read alike.
Status check(const Evidence& evidence) {
  if (evidence.receipts.size() < 2 || evidence.receipts.size() > Evidence::kReceiptsMax) {
    return malformed(fmt::format("field \"receipts\": {} found, expected 2 to {}",
                                 evidence.receipts.size(), Evidence::kReceiptsMax));
  }
  const Bytes* before = nullptr;
  for (const Bytes& receipt : evidence.receipts) {
    if (receipt.size() > Evidence::kReceiptBytesMax) {
      return malformed(fmt::format("a receipt of {} bytes, at most {} allowed", receipt.size(),
                                   Evidence::kReceiptBytesMax));
    }
    if (before != nullptr && *before >= receipt) {
      return malformed("receipts that are not in ascending order");
    }
    before = &receipt;
  }
  return success();
}

Result<Basis> read_basis(std::string_view name) {
  const auto found = std::ranges::find(kBases, name);
  if (found == kBases.end()) return malformed(fmt::format("unknown basis \"{}\"", name));
  return static_cast<Basis>(found - kBases.begin());
}

bool same_engine(const Statement& a, const Statement& b) {
  return *a.metering.engine == *b.metering.engine;
}

void note_proven(const PublicKey& key, Finding& finding) {
  if (std::ranges::find(finding.proven, key) == finding.proven.end()) finding.proven.push_back(key);
}

void compare(const Statement& a, const Statement& b, Finding& finding) {
  const bool outcomes_differ = a.outcome != b.outcome;
  const bool metering_differs =
      !outcomes_differ && same_engine(a, b) && !(a.metering == b.metering);
  finding.outcomes_differ = finding.outcomes_differ || outcomes_differ;
  finding.metering_differs = finding.metering_differs || metering_differs;
  if ((outcomes_differ || metering_differs) && a.executor == b.executor) {
    note_proven(a.executor, finding);
  }
}

// As many of `from` as there is room for.
void take(const std::vector<size_t>& from, size_t most, std::span<const Answer> answers,
          std::vector<size_t>& shown) {
  for (const size_t i : from) {
    if (shown.size() >= most) return;
    if (answers[i].receipt) shown.push_back(i);
  }
}

}  // namespace

const char* basis_name(Basis basis) { return kBases.at(static_cast<size_t>(basis)); }

Evidence Evidence::of(std::vector<Bytes> receipts, std::optional<Cid> accepted, Basis basis) {
  std::ranges::sort(receipts);
  const auto [first, last] = std::ranges::unique(receipts);
  receipts.erase(first, last);
  if (!accepted) basis = Basis::kQuorum;
  return {std::move(receipts), std::move(accepted), basis};
}

Result<Bytes> Evidence::encode() const {
  TR_TRY(check(*this));
  Bytes bytes;
  dag_cbor::Writer out(bytes);
  out.map(accepted ? 4 : 2);
  out.text("v");
  out.integer(kVersion);
  if (accepted) {
    out.text("basis");
    out.text(basis_name(basis));
    out.text("accepted");
    out.link(*accepted);
  }
  out.text("receipts");
  out.list(receipts.size());
  for (const Bytes& receipt : receipts) out.bytes(receipt);
  return bytes;
}

Result<Evidence> Evidence::decode(ByteView bytes) {
  if (bytes.size() > kBytesMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("Evidence: {} bytes, at most {} allowed", bytes.size(), kBytesMax)};
  }
  TR_ASSIGN(const Value value, dag_cbor::decode(bytes));
  TR_ASSIGN(Fields fields, Fields::of(value, "Evidence"));
  TR_ASSIGN(const uint64_t version, fields.integer("v"));
  if (version != kVersion) return malformed(fmt::format("version {}, expected 1", version));
  Evidence evidence;
  TR_ASSIGN(const auto basis, fields.optional_text("basis"));
  TR_ASSIGN(evidence.accepted, fields.optional_link("accepted"));
  if (basis.has_value() != evidence.accepted.has_value()) {
    return malformed("expected both of \"basis\" and \"accepted\", or neither");
  }
  if (basis) {
    TR_ASSIGN(evidence.basis, read_basis(*basis));
  }
  TR_ASSIGN(const auto receipts, fields.byte_strings("receipts"));
  TR_TRY(fields.finish());
  for (const std::string& receipt : receipts) {
    evidence.receipts.push_back(to_bytes(as_bytes(receipt)));
  }
  TR_TRY(check(evidence));
  return evidence;
}

Result<Finding> Evidence::examine() const {
  TR_TRY(check(*this));
  std::optional<Finding> finding;
  for (const Bytes& bytes : receipts) {
    TR_ASSIGN(const auto receipt, compute::Receipt::decode(bytes));
    TR_TRY(receipt.verify());
    if (!finding) finding.emplace(receipt.invocation);
    if (receipt.invocation != finding->invocation) {
      return shows_nothing("its receipts are of different Invocations");
    }
    const Statement statement{Cid::of_sha256(Codec::kDagCbor, bytes),
                              receipt.circumstances.executor, receipt.outcome, receipt.metering};
    for (const Statement& before : finding->statements) compare(before, statement, *finding);
    finding->statements.push_back(statement);
  }
  if (!finding->outcomes_differ && !finding->metering_differs) {
    return shows_nothing("its receipts say the same");
  }
  const bool is_theirs =
      !accepted || std::ranges::any_of(finding->statements,
                                       [&](const auto& one) { return one.outcome == *accepted; });
  if (!is_theirs) return shows_nothing("no receipt has the Outcome that it says was accepted");
  return *std::move(finding);
}

std::vector<size_t> answers_to_show(const Judgement& judgement, std::span<const Answer> answers) {
  std::vector<size_t> shown;
  if (judgement.next == Next::kUndecided && judgement.disagreement) {
    std::vector<size_t> all(answers.size());
    std::iota(all.begin(), all.end(), 0);
    take(all, Evidence::kReceiptsMax, answers, shown);
    return shown;
  }
  take(judgement.losers, Evidence::kReceiptsMax / 2, answers, shown);
  take(judgement.odd_metering, Evidence::kReceiptsMax / 2, answers, shown);
  if (shown.empty()) return shown;
  std::vector<size_t> against;
  std::ranges::set_difference(judgement.supporters, judgement.odd_metering,
                              std::back_inserter(against));
  std::ranges::stable_sort(
      against, [&](size_t a, size_t b) { return answers[a].standing > answers[b].standing; });
  take(against, Evidence::kReceiptsMax, answers, shown);
  std::ranges::sort(shown);
  return shown;
}

Basis basis_of(const Judgement& judgement, std::span<const Answer> answers) {
  Basis basis = Basis::kQuorum;
  for (const size_t i : judgement.supporters) {
    if (answers[i].standing == Standing::kSelf) return Basis::kSelf;
    if (answers[i].standing == Standing::kVerifier) basis = Basis::kVerifier;
  }
  return basis;
}

}  // namespace timerose::scheduler::verify
