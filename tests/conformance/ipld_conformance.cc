// Runs IPLD test vectors through the codecs and prints how many cases pass of how many, and why
// each failing one fails. The exit code is 0 only if all pass.
//
//   ipld_conformance CASES.json              the cases kept beside this program
//   ipld_conformance FOLDER                  a checkout of github.com/ipld/codec-fixtures
//
// A case of CASES.json is {"name", CODEC: HEX, ...} (the same value in several codecs; a codec
// whose name ends in "-text" holds text instead) or {"name", "refuse": CODEC, "hex" | "text"}.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hex.h"
#include "ipld/codec.h"
#include "ipld/dag_json.h"
#include "ipld/json.h"

namespace timerose {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFileBytesMax = 16U << 20;

class Tally {
 public:
  void record(const std::string& name, const Status& outcome) {
    ++total_;
    if (outcome.ok()) {
      ++passed_;
    } else {
      fmt::print("FAIL {}: {}\n", name, outcome.error().message);
    }
  }
  void record_refusal(const std::string& name, bool refused) {
    record(name, refused ? success() : Error{ErrorCode::kMismatch, "was accepted"});
  }
  [[nodiscard]] int finish() const {
    fmt::print("{} of {} cases pass\n", passed_, total_);
    return passed_ == total_ && total_ > 0 ? 0 : 1;
  }

 private:
  size_t passed_ = 0;
  size_t total_ = 0;
};

// One value as the block of one codec.
struct Encoded {
  Codec codec;
  Bytes block;
};

// `from` decoded and written again as `to` gives the bytes of `to`.
Status transcode(const Encoded& from, const Encoded& to) {
  TR_ASSIGN(const Value value, ipld::decode(from.codec, from.block));
  TR_ASSIGN(const Bytes block, ipld::encode(to.codec, value));
  if (block == to.block) return success();
  return Error{ErrorCode::kMismatch,
               fmt::format("expected {}, found {}", hex_encode(to.block), hex_encode(block))};
}

void check_all_pairs(Tally& tally, const std::string& name, const std::vector<Encoded>& forms) {
  for (const Encoded& from : forms) {
    for (const Encoded& to : forms) {
      tally.record(fmt::format("{} {} -> {}", name, codec_name(from.codec), codec_name(to.codec)),
                   transcode(from, to));
    }
  }
}

std::string text_of(const Value& record, std::string_view key) {
  const Value* value = record.find(key);
  return value != nullptr && value->as_string() ? *value->as_string() : "";
}

// A fixture's file is named CID.codec, and the CID is that of its bytes.
Result<Encoded> read_fixture(const fs::path& file) {
  TR_ASSIGN(const Codec codec, codec_named(file.extension().string().substr(1)));
  TR_ASSIGN(Bytes block, read_file(file, kFileBytesMax));
  TR_ASSIGN(const Cid cid, Cid::parse(file.stem().string()));
  if (Cid::of_sha256(codec, block) != cid) {
    return Error{ErrorCode::kMismatch, "the CID of the bytes is not the name of the file"};
  }
  return Encoded{codec, std::move(block)};
}

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

void run_fixtures(Tally& tally, const fs::path& folder) {
  for (const fs::path& fixture : sorted_entries(folder)) {
    std::vector<Encoded> forms;
    for (const fs::path& file : sorted_entries(fixture)) {
      auto form = read_fixture(file);
      if (form.ok()) {
        forms.push_back(std::move(form).value());
      } else {
        tally.record(file.string(), std::move(form).error());
      }
    }
    check_all_pairs(tally, fixture.filename().string(), forms);
  }
}

// A list of {"name", "hex"} to refuse when decoding, or {"name", "dag-json"} when encoding.
Status run_negative_file(Tally& tally, Codec codec, const fs::path& file) {
  TR_ASSIGN(const Bytes text, read_file(file, kFileBytesMax));
  TR_ASSIGN(const Value records, dag_json::decode(text));
  if (records.as_list() == nullptr) return Error{ErrorCode::kMalformed, "expected a list of cases"};
  for (const Value& record : *records.as_list()) {
    const std::string name =
        fmt::format("{} refuses {}", codec_name(codec), text_of(record, "name"));
    if (const Value* value = record.find("dag-json")) {
      tally.record_refusal(name, !ipld::encode(codec, *value).ok());
    } else {
      TR_ASSIGN(const Bytes block, hex_decode(text_of(record, "hex")));
      tally.record_refusal(name, !ipld::decode(codec, block).ok());
    }
  }
  return success();
}

Status run_negative_fixtures(Tally& tally, const fs::path& folder) {
  for (const fs::path& codec_folder : sorted_entries(folder)) {
    TR_ASSIGN(const Codec codec, codec_named(codec_folder.filename().string()));
    for (const char* direction : {"decode", "encode"}) {
      for (const fs::path& file : sorted_entries(codec_folder / direction)) {
        TR_TRY(run_negative_file(tally, codec, file));
      }
    }
  }
  return success();
}

Status run_case(Tally& tally, const Value& record) {
  const std::string name = text_of(record, "name");
  if (record.find("refuse") != nullptr) {
    TR_ASSIGN(const Codec codec, codec_named(text_of(record, "refuse")));
    TR_ASSIGN(Bytes block, hex_decode(text_of(record, "hex")));
    if (record.find("text") != nullptr) block = to_bytes(as_bytes(text_of(record, "text")));
    tally.record_refusal(fmt::format("{} refuses {}", codec_name(codec), name),
                         !ipld::decode(codec, block).ok());
    return success();
  }
  std::vector<Encoded> forms;
  for (const auto& [key, value] : *record.as_map()) {
    if (key == "name") continue;
    constexpr std::string_view kText = "-text";
    const bool is_text = std::string_view(key).ends_with(kText);
    TR_ASSIGN(const Codec codec,
              codec_named(is_text ? key.substr(0, key.size() - kText.size()) : key));
    if (is_text) {
      forms.push_back({codec, to_bytes(as_bytes(text_of(record, key)))});
    } else {
      TR_ASSIGN(Bytes block, hex_decode(text_of(record, key)));
      forms.push_back({codec, std::move(block)});
    }
  }
  check_all_pairs(tally, name, forms);
  return success();
}

Status run_cases(Tally& tally, const fs::path& file) {
  TR_ASSIGN(const Bytes text, read_file(file, kFileBytesMax));
  TR_ASSIGN(const Value records, json::decode(text));
  if (records.as_list() == nullptr) return Error{ErrorCode::kMalformed, "expected a list of cases"};
  for (const Value& record : *records.as_list()) {
    if (record.as_map() == nullptr) return Error{ErrorCode::kMalformed, "a case is a map"};
    TR_TRY(run_case(tally, record));
  }
  return success();
}

Status run(Tally& tally, const fs::path& path) {
  if (!fs::is_directory(path)) return run_cases(tally, path);
  run_fixtures(tally, path / "fixtures");
  return run_negative_fixtures(tally, path / "negative-fixtures");
}

}  // namespace
}  // namespace timerose

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: ipld_conformance CASES.json | FOLDER\n", stderr);
    return 2;
  }
  timerose::Tally tally;
  const timerose::Status outcome = timerose::run(tally, argv[1]);
  if (!outcome.ok()) {
    fmt::print(stderr, "{}: {}\n", argv[1], outcome.error().message);
    return 2;
  }
  return tally.finish();
}
