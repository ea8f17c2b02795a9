// The published vectors of the profiles of IPIP-499, as Kubo tests them: content and names are the
// ChaCha20 keystream of the SHA-256 of a seed text. The two vectors of 1 GiB take many seconds:
// --gtest_also_run_disabled_tests runs them too.
#include <gtest/gtest.h>

#include <string>

#include "blockstore/memory_blockstore.h"
#include "crypto/digest.h"
#include "crypto/keystream.h"
#include "unixfs/directory.h"
#include "unixfs/importer.h"
#include "unixfs/reader.h"

namespace timerose::unixfs {
namespace {

class SeededSource final : public ByteSource {
 public:
  SeededSource(std::string_view seed, uint64_t bytes)
      : stream_(sha256(as_bytes(seed))), left_(bytes) {}
  Result<size_t> read(std::span<uint8_t> out) override {
    const size_t size = static_cast<size_t>(std::min<uint64_t>(out.size(), left_));
    stream_.fill(out.first(size));
    left_ -= size;
    return size;
  }

 private:
  Keystream stream_;
  uint64_t left_;
};

std::string file_cid(std::string_view seed, uint64_t bytes, const Layout& layout) {
  SeededSource source(seed, bytes);
  return import_file(source, {.layout = layout, .hash_threads = 2, .progress = {}}, discard())
      .value()
      .cid.to_string();
}

// `files` files of the content "x"; names of `name_length` characters, the last of `last_length`.
struct Directory {
  std::string_view seed;
  int files;
  size_t name_length;
  size_t last_length;
};

std::string directory_cid(const Directory& directory, const Layout& layout, bool hamt) {
  static constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz01234567890-_";
  Keystream stream(sha256(as_bytes(directory.seed)));
  MemoryBlockstore store;
  DirectoryBuilder builder(layout);
  const Imported child = import_bytes(as_bytes("x"), layout, sink_into(store)).value();
  for (int i = 0; i < directory.files; ++i) {
    Bytes bytes(i + 1 == directory.files ? directory.last_length : directory.name_length);
    stream.fill(bytes);
    std::string name;
    for (const uint8_t byte : bytes) name += kAlphabet[byte % kAlphabet.size()];
    EXPECT_TRUE(builder.add(name, child).ok());
  }
  const Cid cid = builder.finish(sink_into(store)).value().cid;
  EXPECT_EQ(stat(store, cid).value().hamt, hamt);
  return cid.to_string();
}

TEST(Ipip499, SmallFiles) {
  const auto cid = [](const Layout& layout) {
    return import_bytes(as_bytes("hello world"), layout, discard()).value().cid.to_string();
  };
  EXPECT_EQ(cid(unixfs_v0_2015()), "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD");
  EXPECT_EQ(cid(unixfs_v1_2025()), "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
}

TEST(Ipip499, FilesAtAndOverTheLinksOfANode) {
  constexpr uint64_t kChunk = 256U << 10;
  EXPECT_EQ(file_cid("v0-seed", 174 * kChunk, unixfs_v0_2015()),
            "QmUbBALi174SnogsUzLpYbD4xPiBSFANF4iztWCsHbMKh2");
  EXPECT_EQ(file_cid("v0-seed", 175 * kChunk, unixfs_v0_2015()),
            "QmepeWtdmS1hHXx1oZXsPUv6bMrfRRKfZcoPPU4eEfjnbf");
}

TEST(Ipip499, DISABLED_FilesOfAGibibyte) {
  constexpr uint64_t kChunk = 1U << 20;
  EXPECT_EQ(file_cid("v1-2025-seed", 1024 * kChunk, unixfs_v1_2025()),
            "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm");
  EXPECT_EQ(file_cid("v1-2025-seed", 1025 * kChunk, unixfs_v1_2025()),
            "bafybeihmzokxxjqwxjcryerhp5ezpcog2wcawfryb2xm64xiakgm4a5jue");
}

TEST(Ipip499, DirectoriesAtTheThresholdArePlain) {
  EXPECT_EQ(directory_cid({"hamt-unixfs-v0-2015", 4096, 30, 30}, unixfs_v0_2015(), false),
            "QmX5GtRk3TSSEHtdrykgqm4eqMEn3n2XhfkFAis5fjyZmN");
  EXPECT_EQ(directory_cid({"hamt-unixfs-v1-2025", 4766, 11, 21}, unixfs_v1_2025(), false),
            "bafybeic3h7rwruealwxkacabdy45jivq2crwz6bufb5ljwupn36gicplx4");
}

TEST(Ipip499, DirectoriesOneByteOverTheThresholdAreSharded) {
  EXPECT_EQ(directory_cid({"hamt-unixfs-v0-2015", 4033, 31, 31}, unixfs_v0_2015(), true),
            "QmeMiJzmhpJAUgynAcxTQYek5PPKgdv3qEvFsdV3XpVnvP");
  EXPECT_EQ(directory_cid({"hamt-unixfs-v1-2025", 4766, 11, 22}, unixfs_v1_2025(), true),
            "bafybeiegvuterwurhdtkikfhbxcldohmxp566vpjdofhzmnhv6o4freidu");
}

}  // namespace
}  // namespace timerose::unixfs
