#include "conformance/broker_test.hpp"
#include "conformance/doubles.hpp"

#include <algorithm>

/// Bugs of other brokers where one client takes over another's session; the row is the number in
/// our list of them.

namespace godwit::conformance {
namespace {

class BatteryTakeover : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, BatteryTakeover, both_versions, name_of);

// Row 51: a storm of takeovers that publish, subscribe and unsubscribe.
TEST_P(BatteryTakeover, TakeoverStorm) {
  options.limits.takeovers_max = 0;
  auto bystander = listen("bystander", "by/#", 1);
  for (unsigned i = 0; i < 300; ++i) {
    auto p = open(i % GetParam().shards);
    auto c = hello("twin", i % 3 == 0);
    if (i % 4 == 0) c.will.emplace();
    p.send(c.bytes() + subscribe(1, {{"t/#", i % 3}, {"$share/g/t/#", 1}}) +
           publish{"t/1", "x", i % 3, 2, false, i % 5 == 0}.bytes() + unsubscribe(3, {"t/#"}));
    if (i % 7 == 0) p.send(subscribe(4, {{"t/1", 2}}));
    if (i % 2 == 0) broker().run();
    if (i % 11 == 0) p.send(disconnect());
  }
  broker().run();
  EXPECT_LE(broker().census().sessions_connected, 2U);
  bystander.send(publish{"by/1", "x", 1, 9}.bytes());
  EXPECT_TRUE(bystander.take(4));
  EXPECT_EQ(bystander.drain(), texts{"by/1=x"});
}

// Row 52: of several CONNECTs of one client id in the same turn one wins.
TEST_P(BatteryTakeover, OneOfManyConnectsWins) {
  options.limits.takeovers_max = 0;
  for (const bool clean : {true, false}) {
    std::vector<peer> all;
    for (std::size_t i = 0; i < 12; ++i) {
      all.push_back(open(i % GetParam().shards));
      all.back().send(hello("twin", clean).bytes());
    }
    broker().run();
    const auto open_ones = std::ranges::count_if(all, [](peer& p) { return !p.closed(); });
    EXPECT_EQ(open_ones, 1);
    EXPECT_EQ(broker().census().sessions_connected, 1U);
    EXPECT_EQ(broker().census().connections, 1U);
  }
}

// Row 53: a client that is gone while its credentials are checked.
TEST_P(BatteryTakeover, ClientsGoneDuringAuthentication) {
  test_authenticator users;
  users.answers_later = true;
  users.answers["no"] = mqtt::reason_code::bad_user_name_or_password;
  options.authenticator = &users;
  for (const char* user : {"yes", "no"}) {
    for (const bool by_reset : {true, false}) {
      auto c = hello("c", false);
      c.user = user;
      auto p = open(0);
      p.send(c.bytes() + subscribe(1, {{"a", 1}}));
      broker().run();
      by_reset ? p.cut() : p.finish();
      broker().run();
    }
  }
  ASSERT_EQ(users.waiting.size(), 4U);
  for (const auto& answer : users.waiting) broker().in_turn(0, answer);
  broker().run();
  EXPECT_EQ(broker().census().connections, 0U);
  EXPECT_EQ(broker().census().sessions_connected, 0U);
}

// Row 54: after a takeover the older connection gets nothing of the newer one's.
TEST_P(BatteryTakeover, TakenOverConnectionGetsNothingMore) {
  auto older = listen("twin", "a", 1);
  auto newer = join("twin");
  subscribe_to(newer, "a", 1);
  put({.topic = "a", .qos = 1});
  older.expect_end();
  EXPECT_EQ(newer.drain(), texts{"a=x"});
  older.send(publish{.topic = "a", .payload = "ghost"}.bytes());
  newer.expect_silence();
}

// Row 55: a takeover while the session is being drained, or does not read at all.
TEST_P(BatteryTakeover, TakeoverOfASessionThatDrains) {
  options.limits.inflight_max = 5;
  auto p = join_persistent("twin");
  subscribe_to(p, "a", 1);
  p.cut();
  texts expected;
  for (int i = 0; i < 50; ++i) {
    put({.topic = "a", .payload = std::to_string(i), .qos = 1});
    expected.push_back("a=" + std::to_string(i));
  }
  auto slow = open();
  slow.socket().stall(4);  // the CONNACK and nothing else
  slow.send(hello("twin", false).bytes());
  broker().run();
  auto next = join_persistent("twin");
  EXPECT_EQ(next.messages().size(), 5U);
  auto last = join_persistent("twin");
  EXPECT_EQ(last.drain(), expected);
}

}  // namespace
}  // namespace godwit::conformance
