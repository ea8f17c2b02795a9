// The DHT and pub/sub between real hosts: b is in the middle, a and c know only b.
#include <gtest/gtest.h>

#include "base/testing.h"
#include "mesh/bridge_testing.h"

namespace timerose::mesh {
namespace {

using namespace testing_hosts;  // NOLINT(google-build-using-namespace)

class BridgeRouting : public testing::Test {
 protected:
  // Who has been identified is routed to.
  void SetUp() override {
    join(a, b);
    join(c, b);
    ASSERT_TRUE(wait<Identified>(a, all));
    ASSERT_TRUE(wait<Identified>(c, all));
    ASSERT_TRUE(wait<Identified>(b, all));
    ASSERT_TRUE(wait<Identified>(b, all));
  }

  QueryEnded end_of(Node& node, QueryId query) {
    const auto ended = wait<QueryEnded>(node, all, [=](const auto& e) { return e.query == query; });
    return ended.value_or(QueryEnded{});
  }

  Node a{1};
  Node b{2};
  Node c{3};
  const std::vector<Node*> all{&a, &b, &c};
};

const Bytes kMultihash = pattern(34, 9);

TEST_F(BridgeRouting, FindsAProviderAndWhereItIs) {
  const QueryEnded provided = end_of(a, a->provide(kMultihash));
  EXPECT_EQ(provided.why, "");
  EXPECT_GT(provided.peers_asked, 0U);
  const QueryId query = c->find_providers(kMultihash, 1);
  const auto found = wait<ProvidersFound>(c, all);
  ASSERT_TRUE(found && found->query == query && found->providers.size() == 1);
  EXPECT_EQ(found->providers[0].peer, a.id());
  EXPECT_EQ(found->providers[0].addresses, a->listen_addresses());
  EXPECT_EQ(end_of(c, query).why, "");
}

TEST_F(BridgeRouting, EndsASearchForWhatNobodyHas) {
  EXPECT_EQ(end_of(c, c->find_providers(pattern(34, 77), 5)).why, "");
  EXPECT_FALSE(c.pop<ProvidersFound>());
}

TEST_F(BridgeRouting, FindsAPeerThatItIsNotConnectedTo) {
  const QueryId query = a->find_peer(c.id());
  const auto found = wait<PeerFound>(a, all);
  ASSERT_TRUE(found && found->query == query);
  EXPECT_EQ(found->found.peer, c.id());
  EXPECT_EQ(found->found.addresses, c->listen_addresses());
  end_of(a, query);
}

TEST_F(BridgeRouting, KeepsAValueOnlyOnceItsOwnerAcceptsIt) {
  const Bytes key = pattern(20, 1);
  const Bytes value = pattern(300, 2);
  EXPECT_EQ(end_of(a, a->put_value(key, value)).why, "");
  const auto offered = wait<RecordOffered>(b, all);
  ASSERT_TRUE(offered && offered->from == a.id() && offered->key == key && offered->value == value);
  // Nobody but a has it yet: b, and c which was offered it as well, have not accepted.
  a->disconnect(b.id());
  a->disconnect(c.id());
  a->deny(b.id(), true);
  a->deny(c.id(), true);
  EXPECT_NE(end_of(c, c->get_value(key)).why, "");
  EXPECT_FALSE(c.pop<ValueFound>());
  b->accept_record(offered->offer);
  const QueryId query = c->get_value(key);
  const auto found = wait<ValueFound>(c, all);
  ASSERT_TRUE(found && found->query == query && found->value == value);
  EXPECT_TRUE(found->from == b.id());
  EXPECT_EQ(end_of(c, query).why, "");
}

TEST(BridgeRecords, OutliveTheHostThatKeepsThem) {
  const testing_support::TemporaryFolder folder;
  const auto keeps = [&](HostOptions& options) { options.records_folder = folder.path(); };
  const Bytes key = pattern(20, 1);
  const Bytes value = pattern(300, 2);
  const auto meet = [](Node& one, Node& other) {
    join(one, other);
    ASSERT_TRUE(wait<Identified>(one, {&one, &other}));
    ASSERT_TRUE(wait<Identified>(other, {&one, &other}));
  };
  std::vector<Address> addresses;
  {
    Node owner(1);
    Node keeper(2, "/ip4/127.0.0.1/tcp/0", keeps);
    meet(owner, keeper);
    const QueryId provided = owner->provide(kMultihash);
    const QueryId put = owner->put_value(key, value);
    const auto offered = wait<RecordOffered>(keeper, {&owner, &keeper});
    ASSERT_TRUE(offered);
    keeper->accept_record(offered->offer);
    for (const QueryId query : {provided, put}) {
      const auto ended = wait<QueryEnded>(owner, {&owner, &keeper},
                                          [=](const auto& event) { return event.query == query; });
      EXPECT_TRUE(ended && ended->why.empty());
    }
    addresses = owner->listen_addresses();
    // What the keeper has been told is kept once it answers by it.
    const QueryId query = owner->get_value(key);
    EXPECT_TRUE(wait<ValueFound>(owner, {&owner, &keeper}, [&](const ValueFound& found) {
      return found.query == query && found.from == keeper.id();
    }));
  }
  Node keeper(2, "/ip4/127.0.0.1/tcp/0", keeps);
  Node asker(3);
  meet(asker, keeper);
  asker->find_providers(kMultihash, 1);
  const auto provider = wait<ProvidersFound>(asker, {&asker, &keeper});
  ASSERT_TRUE(provider && provider->providers.size() == 1);
  EXPECT_EQ(provider->providers[0].peer, PeerId::of(key_of(1).public_key()));
  EXPECT_EQ(provider->providers[0].addresses, addresses);
  asker->get_value(key);
  const auto found = wait<ValueFound>(asker, {&asker, &keeper});
  EXPECT_TRUE(found && found->value == value && found->from == keeper.id());
}

TEST(BridgeRecords, NeedAFolder) {
  HostOptions options;
  options.mdns = false;
  options.records_folder = "/there/is/no/such/folder";
  const auto host = start_bridge_host(key_of(1), options);
  ASSERT_FALSE(host.ok());
  EXPECT_NE(host.error().message.find("/there/is/no/such/folder"), std::string::npos);
}

TEST(BridgeRoutingAlone, SaysThatNobodyIsKnown) {
  Node a(1);
  const QueryId query = a->provide(kMultihash);
  const auto ended = wait<QueryEnded>(a, {&a});
  ASSERT_TRUE(ended && ended->query == query && ended->peers_asked == 0);
  EXPECT_NE(ended->why.find("connect"), std::string::npos) << ended->why;
}

TEST_F(BridgeRouting, PassesAMessageOnOnlyOnceItIsAccepted) {
  const std::string topic = "roses";
  EXPECT_EQ(a->publish(topic, {}).error().code, ErrorCode::kNotFound);
  for (Node* node : {&a, &b, &c}) (*node)->subscribe(topic);
  const Bytes thorn = pattern(5, 1);
  const Bytes rose = pattern(500, 2);
  EXPECT_TRUE(run(all, [&] { return a->publish(topic, thorn).ok(); }));
  const auto first = wait<MessageReceived>(b, all);
  ASSERT_TRUE(first && equal(first->data.view(), thorn) && first->topic == topic);
  EXPECT_EQ(first->from, a.id());
  EXPECT_TRUE(first->publisher == a.id());
  b->judge(first->message, Verdict::kIgnore);
  // Until b has c in its mesh, c does not get what b accepts: so it is said again.
  EXPECT_TRUE(run(all, [&] {
    EXPECT_TRUE(a->publish(topic, rose).ok());
    while (const auto next = b.pop<MessageReceived>()) b->judge(next->message, Verdict::kAccept);
    return c.pop<MessageReceived>([&](const auto& m) { return equal(m.data.view(), rose); })
        .has_value();
  }));
  EXPECT_FALSE(c.pop<MessageReceived>([&](const auto& m) { return equal(m.data.view(), thorn); }));
  const Bytes too_long((1U << 20) + 1);
  EXPECT_EQ(a->publish(topic, too_long).error().code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace timerose::mesh
