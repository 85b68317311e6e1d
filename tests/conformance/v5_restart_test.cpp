#include "conformance/v5_test.hpp"

namespace godwit::conformance::five {
namespace {

/// What MQTT 5 adds to messages and subscriptions outlives the broker. Sessions, wills and retained
/// messages have such tests where they are.
class V5Restart : public v5_test {
 protected:
  static inline const std::string rich = byte_of(0x01, 1) + text_of(0x03, "text") +
                                         text_of(0x08, "re/ply") + text_of(0x09, "id") +
                                         user("a", "1") + user("b", "2") + user("a", "3");

  [[nodiscard]] peer lasting(const std::string& id) {
    return join(connect{.id = id, .clean = false, .properties = four_of(0x11, 1'000)});
  }
  /// Once as after a power cut, once as after a stop.
  void restart(bool graceful) {
    if (graceful) {
      broker().restart();
    } else {
      broker().crash_and_restart();
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Shards, V5Restart, one_and_three_shards, shards_of);

TEST_P(V5Restart, QueuedMessagesKeepAllThatTheyHad) {
  clause("v5 MQTT-3.3.2-6");
  clause("v5 MQTT-3.3.2-18");
  clause("v5 MQTT-3.3.4-3");
  for (const bool graceful : {false, true}) {
    auto p = lasting("c");
    if (connack.flags == 0) {
      subscribe_to(p, "a/#", 2, variable_of(0x0B, 300));
      subscribe_to(p, "a/b", 1, variable_of(0x0B, 2));
    }
    p.cut();
    put({.payload = "queued", .qos = 2, .properties = rich + four_of(0x02, 100)});
    pass(seconds{10});
    restart(graceful);
    pass(seconds{10});
    p = lasting("c");
    const delivery d = only_delivery(p);
    EXPECT_EQ(d.payload, "queued");
    EXPECT_EQ(d.qos, 2U);
    const unsigned left = find_number(d.properties, 0x02).value_or(0);
    EXPECT_GE(left, 78U);
    EXPECT_LE(left, 80U);
    property_list rest;
    std::vector<std::string> ids;
    for (const auto& [id, value] : d.properties) {
      if (id == 0x0B) {
        ids.push_back(value);
      } else if (id != 0x02) {
        rest.emplace_back(id, value);
      }
    }
    EXPECT_EQ(rest, take_apart(rich));
    EXPECT_EQ(ids.size(), 2U);
    p.send(pubrec(d.id));
    p.expect(pubrel(d.id));
    p.send(pubcomp(d.id));
    p.cut();
  }
}

TEST_P(V5Restart, WhatExpiredMeanwhileIsGoneAndCounted) {
  clause("v5 MQTT-3.3.2-5");
  auto p = lasting("c");
  subscribe_to(p, "#", 1);
  p.cut();
  put({.topic = "short", .qos = 1, .properties = four_of(0x02, 10)});
  put({.topic = "long", .qos = 1, .properties = four_of(0x02, 100)});
  put({.topic = "kept", .qos = 1, .retain = true, .properties = four_of(0x02, 10)});
  pass(seconds{5});
  broker().crash_and_restart();
  pass(seconds{6});
  p = lasting("c");
  EXPECT_EQ(payloads(p), texts{"long=x"});
  EXPECT_EQ(broker().counters()[observe::counter::copies_expired], 2U);
  EXPECT_EQ(broker().counters()[observe::counter::retained_expired], 1U);
  EXPECT_EQ(broker().census().retained, 0U);
  broker().check_balance();
}

TEST_P(V5Restart, OptionsOfSubscriptionsStay) {
  clause("v5 MQTT-3.8.3-3");
  clause("v5 MQTT-3.3.1-12");
  clause("v5 MQTT-3.3.1-13");
  constexpr unsigned no_local = 0x04;
  constexpr unsigned as_published = 0x08;
  auto p = lasting("c");
  subscribe_to(p, "own", no_local | 1);
  subscribe_to(p, "kept", as_published | 1);
  subscribe_to(p, "plain", 1);
  for (const bool graceful : {false, true}) {
    p.cut();
    restart(graceful);
    p = lasting("c");
    ASSERT_EQ(connack.flags, 1U);
    p.send(publish{.topic = "own"}.bytes());
    p.expect_silence();
    for (const std::string topic : {"own", "kept", "plain"}) {
      put({.topic = topic, .qos = 1, .retain = true});
      const delivery d = only_delivery(p);
      EXPECT_EQ(d.topic, topic);
      EXPECT_EQ(d.retain, topic == "kept");
      p.send(puback(d.id));
    }
  }
}

TEST_P(V5Restart, MembersOfASharedGroupStay) {
  clause("v5 MQTT-4.8.2-3");
  auto a = lasting("a");
  subscribe_to(a, "$share/g/t/#", 1, variable_of(0x0B, 4));
  auto b = lasting("b");
  subscribe_to(b, "$share/g/t/#", 2);
  a.cut();
  b.cut();
  broker().crash_and_restart();
  a = lasting("a");
  b = lasting("b");
  for (int i = 0; i < 4; ++i) put({.topic = "t/x", .qos = 2});
  const auto of_a = deliveries(a);
  const auto of_b = deliveries(b);
  ASSERT_EQ(of_a.size(), 2U);
  ASSERT_EQ(of_b.size(), 2U);
  for (const delivery& d : of_a) {
    EXPECT_EQ(d.qos, 1U);
    EXPECT_EQ(find_number(d.properties, 0x0B), 4U);
  }
  for (const delivery& d : of_b) {
    EXPECT_EQ(d.qos, 2U);
    EXPECT_FALSE(find(d.properties, 0x0B));
  }
}

TEST_P(V5Restart, AliasesEndWithTheirConnections) {
  clause("v5 MQTT-3.3.2-7");
  auto p = join(connect{.id = "p"});
  p.send(publish{.topic = "t", .properties = two_of(0x23, 1)}.bytes());
  expect_alive(p);
  broker().crash_and_restart();
  p = join(connect{.id = "p"});
  p.send(publish{.topic = "", .properties = two_of(0x23, 1)}.bytes());
  expect_goodbye(p, 0x82);
}

}  // namespace
}  // namespace godwit::conformance::five
