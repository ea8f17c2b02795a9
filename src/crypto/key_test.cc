#include "crypto/key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <thread>

#include "base/file.h"
#include "base/hex.h"
#include "base/testing.h"

namespace timerose {
namespace {

using ::testing::HasSubstr;

std::array<uint8_t, 32> seed_of(std::string_view hex) {
  std::array<uint8_t, 32> seed{};
  const Bytes bytes = *hex_decode(hex);
  std::copy(bytes.begin(), bytes.end(), seed.begin());
  return seed;
}

struct Rfc8032Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032 section 7.1, tests 1 to 3.
constexpr Rfc8032Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(Key, SignsAsRfc8032) {
  for (const Rfc8032Vector& vector : kVectors) {
    const PrivateKey key = PrivateKey::from_seed(seed_of(vector.seed));
    EXPECT_EQ(hex_encode(key.public_key().bytes), vector.public_key);
    EXPECT_EQ(hex_encode(key.sign(*hex_decode(vector.message))), vector.signature);
  }
}

TEST(Key, VerifiesItsOwnSignatureAndNoOther) {
  const PrivateKey key = PrivateKey::from_seed(seed_of(kVectors[0].seed));
  const PrivateKey other = PrivateKey::from_seed(seed_of(kVectors[1].seed));
  const ByteView message = as_bytes("receipt");
  Signature signature = key.sign(message);
  EXPECT_TRUE(key.public_key().verify(message, signature));
  EXPECT_FALSE(key.public_key().verify(as_bytes("another"), signature));
  EXPECT_FALSE(other.public_key().verify(message, signature));
  EXPECT_FALSE(key.public_key().verify(message, ByteView(signature).first(63)));
  EXPECT_FALSE(key.public_key().verify(message, {}));
  signature[5] ^= 1;
  EXPECT_FALSE(key.public_key().verify(message, signature));
}

TEST(Key, EncodesAsLibp2pDoes) {
  const PrivateKey key = PrivateKey::from_seed(seed_of(kVectors[0].seed));
  EXPECT_EQ(hex_encode(key.encode()),
            std::string("08011240") + kVectors[0].seed + kVectors[0].public_key);
  auto decoded = PrivateKey::decode(key.encode());
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->public_key(), key.public_key());
  EXPECT_EQ(decoded->encode(), key.encode());
}

TEST(Key, RefusesDamagedEncodings) {
  const Bytes good = PrivateKey::from_seed(seed_of(kVectors[0].seed)).encode();
  Bytes longer = good;
  longer.push_back(0);
  Bytes other_type = good;
  other_type[1] = 0;
  Bytes other_seed = good;
  other_seed[10] ^= 1;
  for (const Bytes& bad :
       {Bytes{}, Bytes(good.begin(), good.end() - 1), longer, other_type, other_seed}) {
    auto decoded = PrivateKey::decode(bad);
    ASSERT_FALSE(decoded.ok());
    EXPECT_EQ(decoded.error().code, ErrorCode::kMalformed);
  }
}

TEST(Key, GeneratesFromTheRandomnessItIsGiven) {
  SeededRandom one(1);
  SeededRandom again(1);
  SeededRandom two(2);
  const PrivateKey key = PrivateKey::generate(one);
  EXPECT_EQ(key.public_key(), PrivateKey::generate(again).public_key());
  EXPECT_FALSE(key.public_key() == PrivateKey::generate(two).public_key());
}

class KeyFile : public ::testing::Test {
 protected:
  testing_support::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
  const std::filesystem::path path_ = folder_ / "key";
  SystemRandom random_;
};

TEST_F(KeyFile, IsCreatedOnceForItsOwnerOnly) {
  auto created = PrivateKey::load_or_create(path_, random_);
  ASSERT_TRUE(created.ok()) << created.error().message;
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  auto loaded = PrivateKey::load_or_create(path_, random_);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->public_key(), created->public_key());
  // Nothing else is left in the folder.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(KeyFile, CreatedByManyAtOnceIsOneKeyForAll) {
  std::vector<std::optional<PublicKey>> keys(8);
  std::vector<std::thread> threads;
  for (auto& key : keys) {
    threads.emplace_back([&] {
      SystemRandom random;
      auto mine = PrivateKey::load_or_create(path_, random);
      if (mine) key = mine->public_key();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& key : keys) {
    ASSERT_TRUE(key.has_value());
    EXPECT_EQ(*key, *keys.front());
  }
}

TEST_F(KeyFile, ThatOthersMayReadIsRefusedWithTheRemedy) {
  ASSERT_TRUE(PrivateKey::load_or_create(path_, random_).ok());
  for (const mode_t mode : {0640, 0604, 0620, 0777}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    auto loaded = PrivateKey::load_or_create(path_, random_);
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, ErrorCode::kPermission);
    EXPECT_THAT(loaded.error().message, HasSubstr("chmod 600 '" + path_.string() + "'"));
  }
}

TEST_F(KeyFile, ThatIsDamagedIsMalformedAndIsNotReplaced) {
  for (const size_t size : {0, 67, 69, 5000}) {
    const Bytes damaged(size, 8);
    ASSERT_TRUE(write_file_atomically(path_, damaged, 0600).ok());
    auto loaded = PrivateKey::load_or_create(path_, random_);
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, ErrorCode::kMalformed);
    EXPECT_THAT(loaded.error().message, HasSubstr(path_.string()));
    EXPECT_EQ(*read_file(path_, 10000), damaged);
  }
}

TEST_F(KeyFile, IsNotFoundByLoadAlone) {
  EXPECT_EQ(PrivateKey::load(path_).error().code, ErrorCode::kNotFound);
}

TEST_F(KeyFile, IsSavedForItsOwnerOnlyEvenOverAnOpenOne) {
  ASSERT_TRUE(write_file_atomically(path_, as_bytes("old"), 0666).ok());
  const PrivateKey key = PrivateKey::generate(random_);
  ASSERT_TRUE(key.save(path_).ok());
  auto loaded = PrivateKey::load(path_);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->public_key(), key.public_key());
}

TEST_F(KeyFile, InAFolderThatDoesNotExistIsAnError) {
  auto created = PrivateKey::load_or_create(folder_ / "absent" / "key", random_);
  ASSERT_FALSE(created.ok());
  EXPECT_THAT(created.error().message, HasSubstr("absent"));
}

TEST_F(KeyFile, IsNotAFolder) {
  EXPECT_EQ(PrivateKey::load(folder_).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace timerose
