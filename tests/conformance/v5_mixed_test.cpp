#include "conformance/v5_test.hpp"

namespace godwit::conformance::five {
namespace {

/// MQTT 5 beside the older versions: what they cannot say is left out, and everything else is
/// exact.
class V5Mixed : public v5_test {
 protected:
  static inline const std::string rich = byte_of(0x01, 1) + text_of(0x03, "text") +
                                         text_of(0x08, "re/ply") + text_of(0x09, "id") +
                                         user("a", "1") + user("b", "2") + user("a", "3");

  /// A client of an older version, whose CONNACK has this session-present flag.
  [[nodiscard]] peer old(protocol_version v, const std::string& id, bool clean = true,
                         bool present = false) {
    auto p = open();
    p.send(conformance::connect{.version = v, .id = id, .clean = clean}.bytes());
    const auto connack_ = p.take(2);
    EXPECT_EQ(connack_ ? to_hex(connack_->bytes) : "", present ? "20 02 01 00" : "20 02 00 00");
    return p;
  }
  static void subscribe_old(peer& p, const std::string& filter, unsigned qos) {
    p.send(conformance::subscribe(1, {{filter, qos}}));
    p.expect(suback(1, {qos}));
  }
  [[nodiscard]] peer lasting(const std::string& id) {
    return join(connect{.id = id, .clean = false, .properties = four_of(0x11, 1'000)});
  }
};
INSTANTIATE_TEST_SUITE_P(Shards, V5Mixed, one_and_three_shards, shards_of);

TEST_P(V5Mixed, OlderClientsGetTheBytesOfTheirVersion) {
  clause("v5 MQTT-3.3.2-17");
  for (const protocol_version v : {v31, v311}) {
    auto p = old(v, "old");
    subscribe_old(p, "a/#", 2);
    for (unsigned qos = 0; qos < 3; ++qos) {
      put({.topic = "a/b",
           .payload = std::string("\0\xff", 2),
           .qos = qos,
           .properties = rich + four_of(0x02, 100)});
      conformance::publish bare{.payload = std::string("\0\xff", 2), .qos = qos};
      if (qos == 0) {
        p.expect(bare.bytes());
        continue;
      }
      const received got = p.message();
      bare.id = got.id();
      EXPECT_EQ(to_hex(got.bytes), to_hex(bare.bytes()));
      p.send(qos == 1 ? puback(bare.id) : pubrec(bare.id));
      if (qos == 2) {
        p.expect(pubrel(bare.id));
        p.send(pubcomp(bare.id));
      }
    }
  }
}

TEST_P(V5Mixed, MessagesOfOlderClientsHaveNoProperties) {
  auto p = listen("new", "a/#", 2);
  for (const protocol_version v : {v31, v311}) {
    auto sender = old(v, "old");
    for (unsigned qos = 0; qos < 3; ++qos) {
      sender.send(conformance::publish{.payload = "plain", .qos = qos, .id = 1 + qos}.bytes());
      if (qos == 2) sender.send(pubrel(3));
      const delivery d = only_delivery(p);
      EXPECT_EQ(d.payload, "plain");
      EXPECT_EQ(d.qos, qos);
      EXPECT_TRUE(d.properties.empty());
    }
  }
}

TEST_P(V5Mixed, WillsAndRetainedMessagesAreBareForOlderClients) {
  clause("v5 MQTT-3.1.3-10");
  auto early = old(v31, "early");
  subscribe_old(early, "#", 0);
  join(connect{.id = "c",
               .will = will{.topic = "w", .retain = true, .properties = rich + four_of(0x18, 0)}})
      .cut();
  early.expect(conformance::publish{.topic = "w", .payload = "gone"}.bytes());
  auto late = old(v311, "late");
  late.send(conformance::subscribe(1, {{"w", 0}}));
  late.expect(suback(1, {0}) +
              conformance::publish{.topic = "w", .payload = "gone", .retain = true}.bytes());
  auto five = listen("five", "w");
  EXPECT_EQ(only_delivery(five).properties, take_apart(rich));
  // An older client's retained message takes its place, and its properties go with it.
  late.send(conformance::publish{.topic = "w", .payload = "new", .retain = true}.bytes());
  EXPECT_EQ(payloads(five), texts{"w=new"});
  auto later = listen("later", "w");
  EXPECT_TRUE(only_delivery(later).properties.empty());
}

TEST_P(V5Mixed, ASessionMayChangeItsVersion) {
  clause("v5 MQTT-3.3.4-3");
  auto p = lasting("c");
  subscribe_to(p, "a/b", 2, variable_of(0x0B, 9));
  put({.payload = "first", .qos = 1, .properties = rich});
  const delivery first = only_delivery(p);
  p.cut();
  put({.payload = "second", .qos = 2, .properties = rich});
  // The same messages, the same ids, without what the version cannot say.
  p = old(v311, "c", false, true);
  const auto all = p.packets();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(
      to_hex(all[0].bytes),
      to_hex(
          conformance::publish{.payload = "first", .qos = 1, .id = first.id, .dup = true}.bytes()));
  EXPECT_EQ(to_hex(all[1].bytes),
            to_hex(conformance::publish{.payload = "second", .qos = 2, .id = all[1].id()}.bytes()));
  p.cut();
  p = lasting("c");
  EXPECT_EQ(connack.flags, 1U);
  const auto again = deliveries(p);
  ASSERT_EQ(again.size(), 2U);
  for (const delivery& d : again) {
    EXPECT_TRUE(d.dup);
    EXPECT_EQ(d.properties, take_apart(rich + variable_of(0x0B, 9)));
  }
  EXPECT_EQ(again[0].id, first.id);
}

TEST_P(V5Mixed, ASessionLivesAsLongAsItsLastConnectionSays) {
  options.limits.session_expiry = seconds{100};
  auto p = join(connect{.id = "c", .clean = false, .properties = four_of(0x11, 5)});
  p.cut();
  p = old(v311, "c", false, true);
  p.cut();
  pass(seconds{50});  // an older client's session lives as configured
  p = join(connect{.id = "c", .clean = false, .properties = four_of(0x11, 5)});
  EXPECT_EQ(connack.flags, 1U);
  p.cut();
  broker().crash_and_restart();
  pass(seconds{6});
  p = old(v311, "c", false, false);
}

TEST_P(V5Mixed, MembersOfASharedGroupMayDiffer) {
  clause("v5 MQTT-4.8.2-3");
  auto a = old(v31, "a");
  subscribe_old(a, "$share/g/t", 1);
  auto b = listen("b", "$share/g/t", 1, variable_of(0x0B, 3));
  for (int i = 0; i < 4; ++i) put({.topic = "t", .qos = 1, .properties = rich});
  EXPECT_EQ(a.drain(), (texts{"t=x", "t=x"}));
  const auto of_b = deliveries(b);
  ASSERT_EQ(of_b.size(), 2U);
  for (const delivery& d : of_b) EXPECT_EQ(d.properties, take_apart(rich + variable_of(0x0B, 3)));
}

TEST_P(V5Mixed, WhatExpiresDoesSoForOlderClientsToo) {
  clause("v5 MQTT-3.3.2-5");
  auto p = old(v311, "c", false);
  subscribe_old(p, "#", 1);
  p.cut();
  put({.topic = "short", .qos = 1, .properties = four_of(0x02, 5)});
  put({.topic = "long", .qos = 1, .properties = four_of(0x02, 500)});
  pass(seconds{6});
  p = old(v311, "c", false, true);
  EXPECT_EQ(p.drain(), texts{"long=x"});
  EXPECT_EQ(broker().counters()[observe::counter::copies_expired], 1U);
}

}  // namespace
}  // namespace godwit::conformance::five
