// The CIDs that Kubo's library gives the same content under the same options:
// testdata/kubo_cids.txt.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "base/random.h"
#include "blockstore/memory_blockstore.h"
#include "unixfs/directory.h"
#include "unixfs/importer.h"
#include "unixfs/reader.h"

namespace timerose::unixfs {
namespace {

Imported import_case_file(std::istream& in, MemoryBlockstore& store, unsigned threads) {
  uint64_t seed = 0;
  uint64_t size = 0;
  std::string hash;
  Layout layout;
  in >> seed >> size >> layout.cid_version >> hash >> layout.raw_leaves >> layout.chunk_bytes >>
      layout.links_max;
  layout.hash = hash_named(hash).value();
  Bytes data(size);
  SeededRandom(seed).fill(data);
  SpanSource source(data);
  const Imported root =
      import_file(source, {.layout = layout, .hash_threads = threads, .progress = {}},
                  sink_into(store))
          .value();
  EXPECT_EQ(root.file_bytes, size);
  Bytes back;
  EXPECT_TRUE(stream_file(store, root.cid, {}, threads, [&](ByteView bytes) {
                back.insert(back.end(), bytes.begin(), bytes.end());
                return success();
              }).ok());
  EXPECT_TRUE(back == data);
  return root;
}

Imported import_case_symlink(std::istream& in, MemoryBlockstore& store) {
  std::string target;
  Layout layout;
  in >> target >> layout.cid_version;
  const Imported link = import_symlink(target, layout, sink_into(store)).value();
  EXPECT_EQ(read_symlink(store, link.cid).value(), target);
  return link;
}

std::string case_name(const std::string& names, int i) {
  if (names == "numbered") return fmt::format("entry-{:06}", i);
  const char byte = static_cast<char>(i % 255 + 1);
  return i < 255 ? std::string{byte} : std::string{byte, 'z', byte};
}

Imported import_case_directory(std::istream& in, MemoryBlockstore& store) {
  std::string names;
  std::string size_by;
  int entries = 0;
  int cid_version = 0;
  uint64_t threshold = 0;
  uint32_t width = 0;
  in >> names >> entries >> cid_version >> size_by >> threshold >> width;
  Layout layout = cid_version == 0 ? unixfs_v0_2015() : unixfs_v1_2025();
  layout.directory_bytes_max = threshold;
  layout.hamt_width = width;
  layout.directory_size =
      size_by == "block" ? Layout::DirectorySize::kBlock : Layout::DirectorySize::kLinks;
  DirectoryBuilder builder(layout);
  for (int i = 0; i < entries; ++i) {
    const char byte = static_cast<char>(i % 255 + 1);
    if (names == "bytes" && (byte == '.' || byte == '/')) continue;
    const std::string content = fmt::format("content {}\n", i);
    const Imported child = import_bytes(as_bytes(content), layout, sink_into(store)).value();
    EXPECT_TRUE(builder.add(case_name(names, i), child).ok());
  }
  return builder.finish(sink_into(store)).value();
}

// Checks all cases of one kind and returns how many there were.
int check_cases(const std::string& kind, unsigned threads) {
  std::ifstream file(TIMEROSE_SOURCE_DIR "/src/unixfs/testdata/kubo_cids.txt");
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream in(line);
    std::string word;
    in >> word;
    if (word != kind) continue;
    ++cases;
    MemoryBlockstore store;
    const Imported root = kind == "file"      ? import_case_file(in, store, threads)
                          : kind == "symlink" ? import_case_symlink(in, store)
                                              : import_case_directory(in, store);
    std::string cid;
    uint64_t dag_bytes = 0;
    std::string hamt;
    while (word != "=>" && in >> word) continue;
    in >> cid >> dag_bytes >> hamt;
    EXPECT_EQ(root.cid.to_string(), cid) << line;
    EXPECT_EQ(root.dag_bytes, dag_bytes) << line;
    EXPECT_EQ(stat(store, root.cid).value().hamt, hamt == "hamt") << line;
  }
  return cases;
}

TEST(KuboCids, OfFiles) { EXPECT_GT(check_cases("file", 1), 200); }
TEST(KuboCids, OfFilesHashedAndReadOnThreads) { EXPECT_GT(check_cases("file", 3), 200); }
TEST(KuboCids, OfSymlinks) { EXPECT_EQ(check_cases("symlink", 1), 2); }
TEST(KuboCids, OfDirectories) { EXPECT_GT(check_cases("dir", 1), 50); }

}  // namespace
}  // namespace timerose::unixfs
