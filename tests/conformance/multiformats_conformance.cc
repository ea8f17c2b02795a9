// Runs the published vectors of multibase and multihash: multiformats_conformance VECTORS_FOLDER.
// Prints how many cases pass of how many, and why each other one is not met.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/hex.h"
#include "multiformats/multibase.h"
#include "multiformats/multihash.h"

namespace timerose {
namespace {

struct Count {
  int passed = 0;
  int failed = 0;
  std::map<std::string, int> unmet;  // reason -> cases

  [[nodiscard]] int total() const {
    int sum = passed + failed;
    for (const auto& [reason, cases] : unmet) sum += cases;
    return sum;
  }
};

void check(Count& count, bool passed, const std::string& what) {
  ++(passed ? count.passed : count.failed);
  if (!passed) fmt::print("FAIL {}\n", what);
}

void report(const char* name, const Count& count) {
  fmt::print("{}: {} of {} cases pass\n", name, count.passed, count.total());
  for (const auto& [reason, cases] : count.unmet) fmt::print("  {} not met: {}\n", cases, reason);
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields;
  size_t start = 0;
  while (true) {
    const size_t comma = line.find(',', start);
    fields.push_back(line.substr(start, comma - start));
    if (comma == std::string::npos) return fields;
    start = comma + 1;
  }
}

// A field of the multibase files: blanks, then text in quotes with \x00 for a zero byte.
std::string unquoted(std::string field) {
  field = field.substr(field.find('"') + 1);
  field = field.substr(0, field.rfind('"'));
  for (size_t at = 0; (at = field.find("\\x00", at)) != std::string::npos;) {
    field.replace(at, 4, 1, '\0');
  }
  return field;
}

void run_multibase(const std::filesystem::path& path, Count& count) {
  const std::vector<std::string> lines = lines_of(path);
  const bool canonical = !lines.empty() && !lines[0].starts_with("non-canonical");
  const std::string data = unquoted(split(lines.at(0)).at(1));
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> fields = split(lines[i]);
    const std::string text = unquoted(fields.at(1));
    const std::string what = path.filename().string() + " " + fields[0];
    auto base = multibase_named(fields[0]);
    if (!base) {
      ++count.unmet[fields[0] + " is not one of our bases"];
      continue;
    }
    auto decoded = multibase_decode(text);
    check(count, decoded.ok() && as_text(*decoded) == data, what + " decode");
    if (canonical) check(count, multibase_encode(*base, as_bytes(data)) == text, what + " encode");
  }
}

// algorithm, bits of digest kept, input (text, though it looks like hexadecimal), multihash in hex.
void run_multihash_case(const std::vector<std::string>& fields, Count& count) {
  const std::string what = fmt::format("multihash {} {}", fields.at(0), fields.at(1));
  const ByteView input = as_bytes(fields.at(2));
  auto expected = hex_decode(fields.at(3));
  if (!expected) return check(count, false, what + ": no hexadecimal");
  ByteView rest = *expected;
  auto parsed = multihash_take(rest);
  if (!parsed || !rest.empty()) return check(count, false, what + " parse");
  Bytes again;
  multihash_append(again, parsed->code, parsed->digest);
  if (again != *expected || parsed->digest.size() * 8 != std::stoul(fields[1])) {
    return check(count, false, what + " parse and append");
  }
  auto code = hash_named(fields[0]);
  if (!code) {
    ++count.unmet[fields[0] + " is parsed and written, but not computed"];
    return;
  }
  const Bytes whole = *multihash_of(*code, input);
  ByteView computed = whole;
  const ByteView digest = multihash_take(computed)->digest;
  if (parsed->digest.size() < kTrustedDigestBytesMin) {
    // Computed to see that it is the right one, yet refused for checking data.
    const bool refused = multihash_matches(*parsed, input).error().code == ErrorCode::kUnsupported;
    return check(count, equal(digest.first(parsed->digest.size()), parsed->digest) && refused,
                 what + " cut below the trusted length");
  }
  auto matches = multihash_matches(*parsed, input);
  check(count, matches.ok() && *matches, what + " matches");
}

int run(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder / "multibase")) {
    fmt::print("SKIPPED: there are no vectors at {}\n", folder.string());
    return 0;
  }
  Count multibase;
  for (const char* file :
       {"basic.csv", "case_insensitivity.csv", "leading_zero.csv", "two_leading_zeros.csv"}) {
    run_multibase(folder / "multibase" / file, multibase);
  }
  Count multihash;
  const std::vector<std::string> lines = lines_of(folder / "multihash" / "test_cases.csv");
  for (size_t i = 1; i < lines.size(); ++i) run_multihash_case(split(lines[i]), multihash);
  report("multibase", multibase);
  report("multihash", multihash);
  return multibase.failed + multihash.failed == 0 && multibase.passed > 0 && multihash.passed > 0
             ? 0
             : 1;
}

}  // namespace
}  // namespace timerose

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: multiformats_conformance VECTORS_FOLDER\n", stderr);
    return 2;
  }
  return timerose::run(argv[1]);
}
