#include "conformance/broker_test.hpp"

namespace godwit::conformance {
namespace {

/// What a session keeps, and for how long.
class Session : public broker_test {
 protected:
  void leave(peer& p) {
    p.send(disconnect());
    p.expect_end();
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, Session, both_versions, name_of);

TEST_P(Session, ResumesItsSubscriptions) {
  clause("v311 MQTT-3.1.2-4");
  clause("v31 M31-clean-1");
  auto first = join_persistent("c");
  subscribe_to(first, "a/#", 1);
  first.cut();
  auto second = join_persistent("c");
  EXPECT_EQ(session_present, is_v31() ? 0U : 1U);
  put({.topic = "a/1", .qos = 1});
  EXPECT_EQ(second.drain(), texts{"a/1=x"});
}

TEST_P(Session, KeepsMessagesWhileItsClientIsAway) {
  clause("v311 MQTT-3.1.2-5");
  clause("v31 M31-clean-2");
  auto first = join_persistent("c");
  subscribe_to(first, "a/#", 2);
  leave(first);
  texts expected;
  for (int i = 1; i <= 6; ++i) {
    const auto payload = std::to_string(i);
    put({.topic = "a/b", .payload = payload, .qos = i % 2 == 0 ? 2U : 1U});
    expected.push_back("a/b=" + payload);
  }
  auto second = join_persistent("c");
  EXPECT_EQ(second.drain(), expected);
  second.expect_silence();
}

TEST_P(Session, KeepsQosZeroNeitherByPublishNorBySubscription) {
  clause("v311 MQTT-3.1.2-5");
  auto first = join_persistent("c");
  first.send(subscribe(1, {{"low", 0}, {"high", 2}}));
  first.expect(suback(1, {0, 2}));
  leave(first);
  put({.topic = "low", .qos = 2});
  put({.topic = "high", .qos = 0});
  put({.topic = "high", .payload = "kept", .qos = 1});
  EXPECT_EQ(join_persistent("c").drain(), texts{"high=kept"});
}

TEST_P(Session, IsThrownAwayByACleanConnect) {
  clause("v311 MQTT-3.1.2-6");
  clause("v31 M31-clean-4");
  auto first = join_persistent("c");
  subscribe_to(first, "a/#", 2);
  put({.topic = "a/inflight", .qos = 2});
  EXPECT_EQ(first.messages(), texts{"a/inflight=x"});
  leave(first);
  put({.topic = "a/queued", .qos = 2});
  auto clean = join("c");
  EXPECT_EQ(session_present, 0U);
  put({.topic = "a/live", .qos = 2});
  clean.expect_silence();
  leave(clean);
  auto third = join_persistent("c");
  EXPECT_EQ(session_present, 0U);
  put({.topic = "a/live", .qos = 2});
  third.expect_silence();
  leave(third);
  join("c").send(disconnect());
  broker().run();
  broker().check_empty();
}

TEST_P(Session, DiesWithItsConnectionWhenClean) {
  clause("v311 MQTT-3.1.2-6");
  clause("v31 M31-clean-5");
  clause("v31 M31-disc-2");
  for (const bool by_disconnect : {true, false}) {
    auto clean = listen("c", "a/#", 1);
    if (by_disconnect) {
      leave(clean);
    } else {
      clean.cut();
    }
    put({.topic = "a/1", .qos = 1});
    auto second = join_persistent("c");
    EXPECT_EQ(session_present, 0U);
    put({.topic = "a/2", .qos = 1});
    second.expect_silence();
    leave(second);
  }
}

TEST_P(Session, KeepsWhatWasInFlight) {
  clause("v311 MQTT-4.4.0-1");
  clause("v31 M31-clean-3");
  clause("v31 M31-retry-3");
  auto first = join_persistent("c");
  subscribe_to(first, "a/#", 2);
  put({.topic = "a/1", .payload = "1", .qos = 1});
  put({.topic = "a/2", .payload = "2", .qos = 2});
  put({.topic = "a/3", .payload = "3", .qos = 2});
  const auto sent = first.packets();
  ASSERT_EQ(sent.size(), 3U);
  first.send(pubrec(sent[1].id()));
  first.expect(pubrel(sent[1].id()));
  first.cut();

  auto second = join_persistent("c");
  const auto again = second.packets();
  ASSERT_EQ(again.size(), 3U);
  EXPECT_EQ(to_hex(again[0].bytes), to_hex(publish{"a/1", "1", 1, sent[0].id(), true}.bytes()));
  EXPECT_EQ(to_hex(again[1].bytes), to_hex(pubrel(sent[1].id())));
  EXPECT_EQ(to_hex(again[2].bytes), to_hex(publish{"a/3", "3", 2, sent[2].id(), true}.bytes()));
}

TEST_P(Session, LeavesRetainedMessagesBehind) {
  clause("v311 MQTT-3.1.2-7");
  auto p = join("c");
  p.send(publish{.topic = "r", .payload = "stays", .qos = 1, .retain = true}.bytes());
  p.expect(puback(1));
  leave(p);
  EXPECT_EQ(retained("r"), texts{"r=stays"});
  auto clean = join("c");
  leave(clean);
  EXPECT_EQ(retained("r"), texts{"r=stays"});
}

TEST_P(Session, IsNamedByTheBytesOfItsClientId) {
  clause("v311 MQTT-3.1.3-2");
  const std::vector<std::string> ids{"phone", "Phone", "phone ", "phone/1", "+", "#"};
  for (const auto& id : ids) {
    auto p = join_persistent(id);
    EXPECT_EQ(session_present, 0U) << id;
    subscribe_to(p, "to/" + std::to_string(id.size()) + std::to_string(id[0]), 1);
    leave(p);
  }
  for (const auto& id : ids) {
    const auto topic = "to/" + std::to_string(id.size()) + std::to_string(id[0]);
    put({.topic = topic, .payload = id, .qos = 1});
    auto p = join_persistent(id);
    EXPECT_EQ(p.drain(), texts{topic + "=" + id});
  }
}

TEST_P(Session, LivesAsLongAsItIsNeeded) {
  clause("v311 MQTT-4.1.0-1");
  auto first = join_persistent("c");
  subscribe_to(first, "a/#", 2);
  put({.topic = "a/inflight", .qos = 2});
  EXPECT_EQ(first.messages(), texts{"a/inflight=x"});
  first.cut();
  put({.topic = "a/queued", .qos = 1});
  for (int i = 0; i < 3; ++i) {
    join_persistent("c").cut();
    pass(seconds{86'400});
  }
  broker().crash_and_restart();
  auto last = join_persistent("c");
  EXPECT_EQ(session_present, is_v31() ? 0U : 1U);
  EXPECT_EQ(last.drain(), (texts{"a/inflight=x", "a/queued=x"}));
  put({.topic = "a/live", .qos = 1});
  EXPECT_EQ(last.drain(), texts{"a/live=x"});
}

TEST_P(Session, IsTheSameOnAnotherNumberOfShards) {
  clause("v311 MQTT-4.1.0-1");
  for (const char* id : {"one", "two", "three", "four"}) {
    auto p = join_persistent(id);
    subscribe_to(p, id, 1);
    leave(p);
    put({.topic = id, .qos = 1});
  }
  broker().crash_and_restart(GetParam().shards == 1 ? 4 : 1);
  for (const char* id : {"one", "two", "three", "four"}) {
    EXPECT_EQ(join_persistent(id).drain(), texts{std::string{id} + "=x"});
  }
}

TEST_P(Session, LastsLongerThanItsConnection) {
  clause("v311 MQTT-4.1.0-2");
  options.limits.session_expiry = seconds{10};
  auto first = join_persistent("c");
  subscribe_to(first, "a/#", 1);
  pass(seconds{1'000});
  put({.topic = "a/1", .qos = 1});
  EXPECT_EQ(first.drain(), texts{"a/1=x"});
  first.cut();
  pass(seconds{9});
  auto second = join_persistent("c");
  put({.topic = "a/2", .qos = 1});
  EXPECT_EQ(second.drain(), texts{"a/2=x"});
}

TEST_P(Session, IsResumedByAnotherVersion) {
  clause("v311 MQTT-3.1.2-4");
  auto first = join_persistent("c");
  subscribe_to(first, "a/#", 1);
  leave(first);
  put({.topic = "a/1", .qos = 1});
  auto c = hello("c", false);
  c.version = is_v31() ? v311 : v31;
  EXPECT_EQ(join(c).drain(), texts{"a/1=x"});
  EXPECT_EQ(session_present, is_v31() ? 1U : 0U);
}

TEST_P(Session, DropsItsOldestMessagesWhenItIsFull) {
  clause("v31 M31-clean-2");
  options.limits.queue_count_max = 3;
  auto first = join_persistent("c");
  subscribe_to(first, "a", 1);
  leave(first);
  for (const char* payload : {"1", "2", "3", "4", "5"}) {
    put({.topic = "a", .payload = payload, .qos = 1});
  }
  EXPECT_EQ(join_persistent("c").drain(), (texts{"a=3", "a=4", "a=5"}));
  broker().check_balance();
}

TEST_P(Session, OfEveryMatchingClientGetsTheMessage) {
  clause("v311 MQTT-4.5.0-1");
  auto away = join_persistent("away");
  subscribe_to(away, "a/+", 1);
  leave(away);
  auto here = listen("here", "a/#", 1);
  auto also = listen("also", "a/b", 1);
  auto self = listen("self", "#", 1);
  self.send(publish{.topic = "a/b", .qos = 1, .id = 9}.bytes());
  EXPECT_TRUE(self.take(4));
  EXPECT_EQ(self.drain(), texts{"a/b=x"});
  EXPECT_EQ(here.drain(), texts{"a/b=x"});
  EXPECT_EQ(also.drain(), texts{"a/b=x"});
  EXPECT_EQ(join_persistent("away").drain(), texts{"a/b=x"});
}

}  // namespace
}  // namespace godwit::conformance
