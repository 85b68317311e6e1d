#include "conformance/v5_test.hpp"

namespace godwit::conformance::five {
namespace {

/// How long a session lives, and what it remembers.
class V5Session : public v5_test {
 protected:
  [[nodiscard]] static connect lasting(const std::string& id, unsigned expiry_s,
                                       bool clean = false) {
    return {.id = id, .clean = clean, .properties = four_of(0x11, expiry_s)};
  }
};
INSTANTIATE_TEST_SUITE_P(Shards, V5Session, one_and_three_shards, shards_of);

TEST_P(V5Session, OutlivesItsConnectionForItsExpiry) {
  clause("v5 MQTT-3.1.2-23");
  clause("v5 MQTT-4.1.0-2");
  clause("v5 MQTT-3.1.2-5");
  auto p = join(lasting("c", 5, true));
  subscribe_to(p, "a/b", 1);
  p.cut();
  pass(seconds{2});
  put({.payload = "one", .qos = 1});
  p = join(lasting("c", 5));
  EXPECT_EQ(connack.flags, 1U);
  EXPECT_EQ(payloads(p), texts{"a/b=one"});
  p.cut();
  pass(seconds{6});
  p = join(lasting("c", 5));
  EXPECT_EQ(connack.flags, 0U);
}

TEST_P(V5Session, EndsWithItsConnectionWithoutExpiry) {
  clause("v5 MQTT-3.1.2-23");
  for (const std::string& properties : {std::string{}, four_of(0x11, 0)}) {
    auto p = join(connect{.id = "c", .clean = false, .properties = properties});
    EXPECT_EQ(connack.flags, 0U);
    p.cut();
  }
  EXPECT_EQ(broker().census().sessions, 0U);
}

TEST_P(V5Session, EndsWithTheConnectionThatResumedItWithoutExpiry) {
  clause("v5 MQTT-4.1.0-2");
  join(lasting("c", 100)).cut();
  auto p = join(connect{.id = "c", .clean = false});
  EXPECT_EQ(connack.flags, 1U);
  p.cut();
  auto q = join(connect{.id = "c", .clean = false});
  EXPECT_EQ(connack.flags, 0U);
}

TEST_P(V5Session, IsKeptWhileItIsConnected) {
  clause("v5 MQTT-4.1.0-1");
  auto p = join(lasting("c", 1));
  subscribe_to(p, "a/b");
  pass(seconds{10});
  put({.payload = "still"});
  EXPECT_EQ(payloads(p), texts{"a/b=still"});
}

TEST_P(V5Session, IsDiscardedByCleanStart) {
  clause("v5 MQTT-3.1.2-4");
  clause("v5 MQTT-3.2.2-2");
  clause("v5 MQTT-3.1.4-4");
  auto p = join(lasting("c", 100));
  subscribe_to(p, "a/b");
  p.cut();
  p = join(lasting("c", 100, true));
  EXPECT_EQ(connack.flags, 0U);
  put({.payload = "gone"});
  EXPECT_TRUE(payloads(p).empty());
}

TEST_P(V5Session, IsMadeByCleanStartZeroWhereThereIsNone) {
  clause("v5 MQTT-3.1.2-6");
  clause("v5 MQTT-3.2.2-3");
  auto p = join(lasting("c", 100));
  EXPECT_EQ(connack.flags, 0U);
  subscribe_to(p, "a/b");
  p.cut();
  p = join(lasting("c", 100));
  EXPECT_EQ(connack.flags, 1U);
}

TEST_P(V5Session, BelongsToItsClientId) {
  clause("v5 MQTT-3.1.3-2");
  auto a = join(lasting("a", 100));
  subscribe_to(a, "a/b", 1);
  a.cut();
  auto b = join(lasting("b", 100));
  EXPECT_EQ(connack.flags, 0U);
  put({.payload = "for a", .qos = 1});
  EXPECT_TRUE(payloads(b).empty());
  a = join(lasting("a", 100));
  EXPECT_EQ(payloads(a), texts{"a/b=for a"});
}

TEST_P(V5Session, TakesAnotherExpiryFromDisconnect) {
  clause("v5 MQTT-3.1.2-23");
  clause("v5 MQTT-4.1.0-2");
  auto p = join(lasting("c", 100));
  p.send(disconnect(0, four_of(0x11, 2)));
  p.expect_end();
  pass(seconds{3});
  p = join(lasting("c", 1));
  EXPECT_EQ(connack.flags, 0U);
  p.send(disconnect(0, four_of(0x11, 50)));
  p.expect_end();
  pass(seconds{40});
  p = join(lasting("c", 100));
  EXPECT_EQ(connack.flags, 1U);
  p.send(disconnect(0, four_of(0x11, 0)));
  p.expect_end();
  EXPECT_EQ(broker().census().sessions, 0U);
}

TEST_P(V5Session, TakesNoExpiryFromDisconnectAfterNone) {
  clause("v5 MQTT-3.14.2-2");
  auto watcher = listen("watcher", "will/#");
  auto p = join(connect{.id = "c", .will = will{}});
  p.send(disconnect(0, four_of(0x11, 5)));
  expect_goodbye(p, 0x82);
  EXPECT_EQ(payloads(watcher), texts{"will/topic=gone"});
}

TEST_P(V5Session, ExpiresNoLaterThanTheBrokerKeepsSessions) {
  clause("v5 MQTT-4.1.0-2");
  options.limits.session_expiry = seconds{60};
  auto p = join(lasting("c", 0xFFFFFFFF));
  EXPECT_EQ(find_number(connack.properties, 0x11), 60U);
  p.cut();
  pass(seconds{61});
  p = join(lasting("c", 30));
  EXPECT_EQ(connack.flags, 0U);
  EXPECT_FALSE(find(connack.properties, 0x11));
}

TEST_P(V5Session, KeepsItsExpiryOverARestart) {
  clause("v5 MQTT-3.1.2-23");
  auto p = join(lasting("short", 10));
  auto q = join(lasting("long", 0xFFFFFFFF));
  auto r = join(lasting("asked", 100));
  r.send(disconnect(0, four_of(0x11, 5)));
  r.expect_end();
  p.cut();
  pass(seconds{4});
  broker().crash_and_restart();
  pass(seconds{3});
  r = join(lasting("asked", 100));
  EXPECT_EQ(connack.flags, 0U);
  p = join(lasting("short", 10));
  EXPECT_EQ(connack.flags, 1U);
  p.cut();
  broker().restart();
  pass(seconds{11});
  p = join(lasting("short", 10));
  EXPECT_EQ(connack.flags, 0U);
  q = join(lasting("long", 100));
  EXPECT_EQ(connack.flags, 1U);
}

TEST_P(V5Session, ResendsWhatWasNotAcknowledgedOnlyWhenItResumes) {
  clause("v5 MQTT-4.4.0-1");
  clause("v5 MQTT-3.3.1-1");
  clause("v5 MQTT-4.3.2-3");
  auto p = join(lasting("c", 100));
  subscribe_to(p, "a/b", 2);
  put({.payload = "one", .qos = 1});
  put({.payload = "two", .qos = 2});
  const auto first = deliveries(p);
  ASSERT_EQ(first.size(), 2U);
  pass(seconds{1'000});
  p.expect_silence();
  p.cut();
  p = join(lasting("c", 100));
  const auto again = deliveries(p);
  ASSERT_EQ(again.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(again[i].dup);
    EXPECT_FALSE(first[i].dup);
    EXPECT_EQ(again[i].id, first[i].id);
    EXPECT_EQ(again[i].payload, first[i].payload);
  }
}

TEST_P(V5Session, ResumesAQos2HandshakeWhereItStood) {
  clause("v5 MQTT-4.3.3-5");
  clause("v5 MQTT-4.3.3-6");
  clause("v5 MQTT-4.3.3-3");
  auto p = join(lasting("c", 100));
  subscribe_to(p, "a/b", 2);
  put({.qos = 2});
  const delivery d = only_delivery(p);
  p.send(pubrec(d.id));
  p.expect(pubrel(d.id));
  p.cut();
  p = join(lasting("c", 100));
  p.expect(pubrel(d.id));
  p.send(pubcomp(d.id));
  p.cut();
  p = join(lasting("c", 100));
  p.expect_silence();
}

TEST_P(V5Session, GetsItsConnackBeforeAnythingElse) {
  clause("v5 MQTT-3.2.0-1");
  auto p = join(lasting("c", 100));
  subscribe_to(p, "a/b", 1);
  p.cut();
  put({.payload = "queued", .qos = 1});
  p = open();
  p.send(lasting("c", 100).bytes());
  const auto all = p.packets();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].type(), 2U);
  EXPECT_TRUE(all[1].is_publish());
}

}  // namespace
}  // namespace godwit::conformance::five
