// Reads the sample archives of go-car: car_conformance VECTORS_FOLDER. Prints how many give what is
// expected of how many.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "base/file.h"
#include "blockstore/car_reader.h"
#include "blockstore/car_writer.h"

namespace timerose {
namespace {

constexpr size_t kFileBytesMax = 16U << 20;

struct Sample {
  const char* name;
  const char* why;                 // as go-car's own tests treat it
  std::optional<ErrorCode> error;  // how reading to the end fails; none: it succeeds
  size_t blocks = 0;               // read before the end or the error
  size_t roots = 0;
  bool version_2 = false;
};

constexpr Sample kSamples[] = {
    {"badheaderlength.car", "a header of more bytes than any", ErrorCode::kLimitExceeded},
    {"badsectionlength.car", "a section of more bytes than any", ErrorCode::kLimitExceeded},
    {"sample-corrupt-pragma.car", "ends inside its header", ErrorCode::kMalformed},
    {"sample-rootless-v42.car", "version 42", ErrorCode::kMalformed},
    {"sample-rw-bs-v2.car", "version 2 with padding and index", {}, 3, 3, true},
    {"sample-unixfs-v2.car", "version 2 of a UnixFS directory", {}, 3, 1, true},
    {"sample-v1-tailing-corrupt-section.car", "the last section is cut", ErrorCode::kMalformed,
     1048, 1},
    {"sample-v1-with-zero-len-section2.car", "zeros after the last section; an end only on request",
     ErrorCode::kMalformed, 20, 1},
    {"sample-v1.car", "valid; BLAKE2b-256 and identity CIDs", {}, 1049, 1},
    {"sample-v2-corrupt-data-and-index.car", "data offset beyond any file", ErrorCode::kMalformed},
    {"sample-v2-indexless.car", "valid without an index", {}, 1049, 1, true},
    {"sample-wrapped-v2.car", "valid with an index", {}, 1049, 1, true},
    {"simple-unixfs-missing-blocks.car",
     "each section valid; blocks of the DAG are left out",
     {},
     17,
     1},
    {"simple-unixfs.car", "valid", {}, 22, 1},
};

struct Found {
  std::optional<Error> error;
  std::vector<Cid> roots;
  std::vector<Block> blocks;
  bool version_2 = false;
};

CarSource source_of(ByteView bytes) {
  return [bytes](std::span<uint8_t> out) mutable {
    const size_t count = std::min(out.size(), bytes.size());
    std::copy_n(bytes.begin(), count, out.begin());
    bytes = bytes.subspan(count);
    return Result<size_t>(count);
  };
}

Status read_into(ByteView bytes, Found& found) {
  TR_ASSIGN(CarReader reader, CarReader::open(source_of(bytes)));
  found.roots = reader.roots();
  found.version_2 = reader.v2().has_value();
  while (true) {
    TR_ASSIGN(auto block, reader.next());
    if (!block) return success();
    found.blocks.push_back(*std::move(block));
  }
}

// Writing what was read and reading it again gives the same; a whole CARv1 gives the same bytes.
bool survives_writing(const Found& found, ByteView original) {
  Bytes written;
  CarWriter writer(
      [&](ByteView bytes) {
        written.insert(written.end(), bytes.begin(), bytes.end());
        return success();
      },
      found.roots);
  for (const Block& block : found.blocks) {
    if (!writer.put(block.cid(), block.data().view())) return false;
  }
  if (!writer.finish()) return false;
  if (!found.error && !found.version_2 && !equal(written, original)) return false;
  Found again;
  return read_into(written, again).ok() && again.roots == found.roots &&
         std::equal(again.blocks.begin(), again.blocks.end(), found.blocks.begin(),
                    found.blocks.end(), [](const Block& a, const Block& b) {
                      return a.cid() == b.cid() && equal(a.data().view(), b.data().view());
                    });
}

bool run_sample(const std::filesystem::path& folder, const Sample& sample) {
  auto bytes = read_file(folder / sample.name, kFileBytesMax);
  if (!bytes) {
    fmt::print("FAIL {}: {}\n", sample.name, bytes.error().message);
    return false;
  }
  Found found;
  if (Status status = read_into(*bytes, found); !status) found.error = std::move(status).error();
  const bool as_expected = found.error.has_value() == sample.error.has_value() &&
                           (!found.error || found.error->code == *sample.error) &&
                           found.blocks.size() == sample.blocks &&
                           found.roots.size() == sample.roots &&
                           found.version_2 == sample.version_2 && survives_writing(found, *bytes);
  fmt::print("{} {} ({}): {} blocks, {} roots{}\n", as_expected ? "ok  " : "FAIL", sample.name,
             sample.why, found.blocks.size(), found.roots.size(),
             found.error ? ", " + found.error->message : "");
  return as_expected;
}

int run(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) {
    fmt::print("SKIPPED: there are no vectors at {}\n", folder.string());
    return 0;
  }
  size_t passed = 0;
  for (const Sample& sample : kSamples) passed += run_sample(folder, sample) ? 1 : 0;
  fmt::print("car: {} of {} archives give what is expected\n", passed, std::size(kSamples));
  return passed == std::size(kSamples) ? 0 : 1;
}

}  // namespace
}  // namespace timerose

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: car_conformance VECTORS_FOLDER\n", stderr);
    return 2;
  }
  return timerose::run(std::filesystem::path(argv[1]) / "car");
}
