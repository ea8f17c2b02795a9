// What settings say about calls of others.
#include <gtest/gtest.h>

#include "multiformats/peer_id.h"
#include "node/network/network_settings.h"

namespace timerose::node {
namespace {

PublicKey signer() { return PrivateKey::from_seed({7}).public_key(); }

Result<NetworkSettings> settings_with(
    const std::vector<std::pair<const char*, std::string>>& values) {
  Config config = Config::parse("{}").value();
  TR_TRY(config.set("Addresses.Listen", "/ip4/127.0.0.1/tcp/0"));
  for (const auto& [name, value] : values) TR_TRY(config.set(name, value));
  return network_settings(config, "test");
}

TEST(ExecutionSettings, LimitTrustedKeysLittleAndTakeNoStrangersUnlessToldSo) {
  const auto settings = settings_with({});
  ASSERT_TRUE(settings.ok()) << settings.error().message;
  const ExecutionSettings& execution = settings->execution;
  EXPECT_FALSE(execution.is_open);
  EXPECT_TRUE(execution.signers.empty());
  EXPECT_EQ(execution.denied.size(), 0);
  const scheduler::execute::ExecutorLimits defaults;
  EXPECT_EQ(execution.limits.running_of_requester_max, UINT32_MAX);
  EXPECT_EQ(execution.limits.fuel_of_call_max, UINT64_MAX);
  EXPECT_EQ(execution.limits.calls_of_requester_max, defaults.calls_of_requester_max);
  EXPECT_EQ(execution.limits.bytes_of_requester_max, defaults.bytes_of_requester_max);
  EXPECT_EQ(execution.limits.output.of_requester_max, defaults.output.of_requester_max);
  EXPECT_EQ(execution.limits.output.of_all_max, defaults.output.of_all_max);
  EXPECT_EQ(execution.limits.strangers.running_max, defaults.strangers.running_max);
  EXPECT_EQ(execution.limits.strangers.calls_max, defaults.strangers.calls_max);
  EXPECT_EQ(execution.limits.strangers.bytes_max, defaults.strangers.bytes_max);
  EXPECT_EQ(execution.limits.strangers.fuel_of_call_max, defaults.strangers.fuel_of_call_max);
  EXPECT_EQ(execution.limits.strangers.fuel_a_minute, defaults.strangers.fuel_a_minute);
}

TEST(ExecutionSettings, LimitWhatTheySay) {
  const auto settings = settings_with({{"Execute.Running", "3"},
                                       {"Execute.Calls", "4"},
                                       {"Execute.Bytes", "5KiB"},
                                       {"Execute.Output", "12MiB"},
                                       {"Execute.FuelPerCall", "6"},
                                       {"Execute.FuelPerMinute", "7"},
                                       {"Execute.Open", "true"},
                                       {"Execute.Strangers.Running", "2"},
                                       {"Execute.Strangers.Calls", "8"},
                                       {"Execute.Strangers.Bytes", "9KiB"},
                                       {"Execute.Strangers.FuelPerCall", "10"},
                                       {"Execute.Strangers.FuelPerMinute", "11"}});
  ASSERT_TRUE(settings.ok()) << settings.error().message;
  EXPECT_TRUE(settings->execution.is_open);
  const auto& limits = settings->execution.limits;
  EXPECT_EQ(limits.running_of_requester_max, 3);
  EXPECT_EQ(limits.calls_of_requester_max, 4);
  EXPECT_EQ(limits.bytes_of_requester_max, 5 * 1024);
  EXPECT_EQ(limits.bytes_max, 4 * 5 * 1024 + 16 * 9 * 1024);
  EXPECT_EQ(limits.output.of_requester_max, 12U << 20);
  EXPECT_EQ(limits.output.of_all_max, 24U << 20);
  EXPECT_EQ(limits.fuel_of_call_max, 6);
  EXPECT_EQ(limits.fuel_of_requester_a_minute, 7);
  EXPECT_EQ(limits.strangers.running_max, 2);
  EXPECT_EQ(limits.strangers.calls_of_each_max, 8);
  EXPECT_EQ(limits.strangers.calls_max, 16 * 8);
  EXPECT_EQ(limits.strangers.bytes_of_each_max, 9 * 1024);
  EXPECT_EQ(limits.strangers.bytes_max, 16 * 9 * 1024);
  EXPECT_EQ(limits.strangers.fuel_of_call_max, 10);
  EXPECT_EQ(limits.strangers.fuel_a_minute, 11);
}

TEST(ExecutionSettings, NameSignersAndWhatIsDenied) {
  const Cid denied = Cid::of_sha256(Codec::kRaw, as_bytes("bad"));
  for (const std::string& key : {did_key_format(signer()), PeerId::of(signer()).to_string()}) {
    const auto settings = settings_with(
        {{"Execute.OnlyFunctionsSignedBy", key}, {"Bitswap.Deny", denied.to_string()}});
    ASSERT_TRUE(settings.ok()) << settings.error().message;
    EXPECT_EQ(settings->execution.signers, std::vector{signer()});
    EXPECT_TRUE(settings->execution.denied.contains(denied.multihash_bytes()));
  }
  EXPECT_FALSE(settings_with({{"Execute.OnlyFunctionsSignedBy", "me"}}).ok());
}

}  // namespace
}  // namespace timerose::node
