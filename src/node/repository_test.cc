#include "node/repository.h"

#include <gtest/gtest.h>

#include "base/testing.h"

namespace timerose::node {
namespace {

namespace fs = std::filesystem;

// (module (func (export "_start")))
constexpr auto kModule = std::to_array<uint8_t>(
    {0, 'a', 's', 'm', 1,   0,   0,   0,   1,   4,   1, 0x60, 0,  0, 3, 2, 1, 0,
     7, 10,  1,   6,   '_', 's', 't', 'a', 'r', 't', 0, 0,    10, 4, 1, 2, 0, 0x0b});

class RepositoryTest : public testing::Test {
 protected:
  std::unique_ptr<Repository> open() {
    return Repository::open(folder_, {clock_, random_}).value();
  }
  static compute::Function add_function(Repository& repository) {
    const Block module = Block::of_sha256(Codec::kRaw, Bytes(kModule.begin(), kModule.end()));
    EXPECT_TRUE(repository.blockstore().value()->put(module).ok());
    return compute::Function(module.cid());
  }

  SystemClock clock_;
  SystemRandom random_;
  testing_support::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(RepositoryTest, IsReadWithoutMakingStores) {
  const auto repository = open();
  GuardedBlockstore* store = repository->blockstore(Access::kReadOnly).value();
  const Block block = Block::of_sha256(Codec::kRaw, Bytes{1, 2, 3});
  EXPECT_EQ(store->get(block.cid()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->put(block).error().code, ErrorCode::kPermission);
  EXPECT_FALSE(fs::exists(folder_ / "blocks"));

  EXPECT_EQ(repository->blockstore().value(), store);  // the same, and writable now
  EXPECT_TRUE(store->put(block).ok());
  EXPECT_EQ(repository->blockstore(Access::kReadOnly).value(), store);
  EXPECT_TRUE(store->get(block.cid()).ok());
}

TEST_F(RepositoryTest, KnowsTheAbiOfAModuleWithoutCompilingItAgain) {
  std::optional<compute::Function> function;
  {
    const auto repository = open();
    function = add_function(*repository);
    EXPECT_EQ(repository->abi_of(*function).value(), wasm::Abi::kWasi);
    ASSERT_TRUE(repository->database().value()->flush().ok());
    ASSERT_TRUE(repository->blockstore().value()->remove(function->module).ok());
  }
  fs::remove_all(folder_ / "modules");
  EXPECT_EQ(open()->abi_of(*function).value(), wasm::Abi::kWasi);
}

TEST_F(RepositoryTest, FindsARememberedAnswerByReadingAlone) {
  std::optional<compute::Invocation> invocation;
  std::optional<compute::Answer> answer;
  {
    const auto repository = open();
    compute::LoadedFunction loaded{
        compute::LoadedFunction::Kind::kModule, add_function(*repository), {}};
    invocation = compute::make_invocation(loaded, wasm::Abi::kWasi, {}).value();
    EXPECT_FALSE(repository->remembered(*invocation).value().has_value());
    auto ran = repository->executor().value()->run(compute::Request(*invocation));
    ASSERT_TRUE(ran.ok()) << ran.error().message;
    answer = *std::move(ran);
    ASSERT_TRUE(repository->database().value()->flush().ok());
  }
  const auto repository = open();
  const auto remembered = repository->remembered(*invocation).value();
  ASSERT_TRUE(remembered.has_value());
  EXPECT_TRUE(remembered->cached);
  EXPECT_EQ(remembered->invocation, answer->invocation);
  EXPECT_EQ(remembered->outcome_cid, answer->outcome_cid);
  EXPECT_EQ(remembered->outcome, answer->outcome);
  EXPECT_EQ(remembered->receipt, answer->receipt);
  EXPECT_EQ(remembered->metering.fuel_used, answer->metering.fuel_used);
  EXPECT_EQ(repository->blockstore(Access::kReadOnly)
                .value()
                ->put(Block::of_sha256(Codec::kRaw, Bytes{1}))
                .error()
                .code,
            ErrorCode::kPermission);
}

}  // namespace
}  // namespace timerose::node
