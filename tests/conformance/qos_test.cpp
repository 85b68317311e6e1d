#include "conformance/broker_test.hpp"

#include <set>

namespace godwit::conformance {
namespace {

/// The three qualities of service, one message at a time.
class Qos : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, Qos, both_versions, name_of);

TEST_P(Qos, DecidesTheAnswer) {
  clause("v311 MQTT-3.3.4-1");
  clause("v31 M31-qos1-1");
  clause("v31 M31-qos2-1");
  auto p = join("c");
  p.send(publish{.qos = 0}.bytes());
  p.expect_silence();
  p.send(publish{.qos = 1, .id = 5}.bytes());
  p.expect(puback(5));
  p.send(publish{.qos = 2, .id = 6}.bytes());
  p.expect(pubrec(6));
}

TEST_P(Qos, AnswersRepeatThePacketId) {
  clause("v311 MQTT-2.3.1-6");
  auto p = join("c");
  for (const unsigned id : {1U, 0x0100U, 0xABCDU, 65'535U}) {
    p.send(publish{.qos = 1, .id = id}.bytes());
    p.expect(puback(id));
    p.send(publish{.qos = 2, .id = id}.bytes());
    p.expect(pubrec(id));
    p.send(pubrel(id));
    p.expect(pubcomp(id));
  }
}

TEST_P(Qos, NeedsAPacketIdThatIsNotZero) {
  clause("v311 MQTT-2.3.1-1");
  clause("v31 M31-mid-1");
  expect_violations({{"PUBLISH QoS 1", publish{.qos = 1, .id = 0}.bytes()},
                     {"PUBLISH QoS 2", publish{.qos = 2, .id = 0}.bytes()},
                     {"SUBSCRIBE", subscribe(0, {{"a", 0}})},
                     {"UNSUBSCRIBE", unsubscribe(0, {"a"})}});
}

TEST_P(Qos, ZeroHasNoPacketId) {
  clause("v311 MQTT-2.3.1-5");
  clause("v31 M31-pub-4");
  clause("v311 MQTT-4.3.1-1");
  auto p = listen("c", "a", 0);
  for (const unsigned qos : {0U, 1U, 2U}) {
    put({.topic = "a", .payload = hex("00 01 02"), .qos = qos, .dup = qos > 0});
    p.expect(publish{.topic = "a", .payload = hex("00 01 02")}.bytes());
  }
  put({.topic = "a", .payload = "r", .qos = 1, .retain = true});
  p.expect(publish{.topic = "a", .payload = "r"}.bytes());
  auto late = join("late");
  late.send(subscribe(1, {{"a", 0}}));
  EXPECT_TRUE(late.take(9));
  late.expect(publish{.topic = "a", .payload = "r", .retain = true}.bytes());
}

TEST_P(Qos, OneIsSentAgainWithDupUntilItIsAcknowledged) {
  clause("v311 MQTT-4.3.2-1");
  clause("v311 MQTT-3.3.1-1");
  auto first = join_persistent("c");
  subscribe_to(first, "a", 1);
  put({.topic = "a", .payload = "1", .qos = 1});
  const auto sent = first.message();
  EXPECT_EQ(sent.first, 0x32U);
  EXPECT_NE(sent.id(), 0U);
  first.cut();
  put({.topic = "a", .payload = "2", .qos = 1});

  auto second = join_persistent("c");
  const auto again = second.packets();
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(to_hex(again[0].bytes), to_hex(publish{"a", "1", 1, sent.id(), true}.bytes()));
  EXPECT_EQ(again[1].payload(), "2");
  EXPECT_FALSE(again[1].dup()) << "it was never sent before";
  EXPECT_NE(again[1].id(), sent.id());
  second.send(puback(again[0].id()) + puback(again[1].id()));
  second.cut();
  join_persistent("c").expect_silence();
}

TEST_P(Qos, OneTakesARepetitionForANewMessage) {
  clause("v311 MQTT-4.3.2-2");
  clause("v31 M31-qos1-2");
  auto watcher = listen("watcher", "a", 1);
  auto p = join("c");
  p.send(publish{.topic = "a", .qos = 1, .id = 5}.bytes());
  p.expect(puback(5));
  p.send(publish{.topic = "a", .qos = 1, .id = 5, .dup = true}.bytes());
  p.expect(puback(5));
  EXPECT_EQ(watcher.drain(), (texts{"a=x", "a=x"}));
}

TEST_P(Qos, TwoGoesThroughItsFourSteps) {
  clause("v311 MQTT-4.3.3-1");
  clause("v31 M31-qos2-4");
  auto p = listen("c", "a", 2);
  put({.topic = "a", .qos = 2});
  const auto sent = p.message();
  EXPECT_EQ(sent.first, 0x34U);
  p.send(pubrec(sent.id()));
  p.expect(pubrel(sent.id()));
  p.send(pubcomp(sent.id()));
  p.expect_silence();
}

TEST_P(Qos, TwoGoesOnWhereItStood) {
  clause("v311 MQTT-4.3.3-1");
  clause("v31 M31-clean-3");
  auto first = join_persistent("c");
  subscribe_to(first, "a", 2);
  put({.topic = "a", .qos = 2});
  const auto id = first.message().id();
  first.cut();
  auto second = join_persistent("c");
  second.expect(publish{"a", "x", 2, id, true}.bytes());
  second.send(pubrec(id));
  second.expect(pubrel(id));
  for (int i = 0; i < 2; ++i) {
    second.cut();
    second = join_persistent("c");
    second.expect(pubrel(id));
  }
  second.send(pubcomp(id));
  second.cut();
  join_persistent("c").expect_silence();
}

TEST_P(Qos, TwoIsDeliveredOnceHoweverOftenItIsRepeated) {
  clause("v311 MQTT-4.3.3-2");
  clause("v31 M31-qos2-3");
  clause("v31 M31-qos2-2");
  auto watcher = listen("watcher", "a", 0);
  auto p = join("c");
  for (int i = 0; i < 3; ++i) {
    p.send(publish{.topic = "a", .qos = 2, .id = 7, .dup = i > 0}.bytes());
    p.expect(pubrec(7));
  }
  p.send(pubrel(7));
  p.expect(pubcomp(7));
  EXPECT_EQ(watcher.messages(), texts{"a=x"});
  p.send(publish{.topic = "a", .payload = "new", .qos = 2, .id = 7, .dup = true}.bytes());
  p.expect(pubrec(7));
  p.send(pubrel(7));
  p.expect(pubcomp(7));
  EXPECT_EQ(watcher.messages(), texts{"a=new"});
}

TEST_P(Qos, TwoIsDeliveredOnceAcrossConnections) {
  clause("v311 MQTT-4.3.3-2");
  clause("v31 M31-qos2-3");
  auto watcher = join_persistent("watcher");
  subscribe_to(watcher, "a", 2);
  auto p = join_persistent("c");
  p.send(publish{.topic = "a", .qos = 2, .id = 7}.bytes());
  p.expect(pubrec(7));
  for (int i = 0; i < 3; ++i) {
    if (i == 1) {
      broker().crash_and_restart();
    } else {
      p.cut();
    }
    p = join_persistent("c");
    p.send(publish{.topic = "a", .qos = 2, .id = 7, .dup = true}.bytes());
    p.expect(pubrec(7));
  }
  p.send(pubrel(7));
  p.expect(pubcomp(7));
  EXPECT_EQ(join_persistent("watcher").drain(), texts{"a=x"});
}

TEST_P(Qos, TwoMustNotBeReleasedBeforeItsAnswer) {
  clause("v311 MQTT-4.3.3-1");
  auto watcher = join_persistent("watcher");
  subscribe_to(watcher, "a", 2);
  auto p = join_persistent("c");
  p.send(publish{"a", "1", 2, 7}.bytes() + pubrel(7));
  p.expect_end();
  // Its id is known, as after any other end of a connection, and free once it is released.
  broker().crash_and_restart();
  p = join_persistent("c");
  p.send(pubrel(7));
  p.expect(pubcomp(7));
  p.send(publish{"a", "2", 2, 7}.bytes());
  p.expect(pubrec(7));
  p.send(pubrel(7));
  p.expect(pubcomp(7));
  EXPECT_EQ(join_persistent("watcher").drain(), (texts{"a=1", "a=2"}));
}

TEST_P(Qos, DupIsAHintAndNoProof) {
  clause("v31 M31-flags-7");
  auto watcher = listen("watcher", "a", 0);
  auto p = join("c");
  p.send(publish{.topic = "a", .payload = "1", .qos = 2, .id = 9}.bytes());
  p.send(publish{.topic = "a", .payload = "1", .qos = 2, .id = 9}.bytes());
  p.expect(pubrec(9) + pubrec(9));
  p.send(publish{.topic = "a", .payload = "2", .qos = 2, .id = 10, .dup = true}.bytes());
  p.send(publish{.topic = "a", .payload = "3", .qos = 1, .id = 11, .dup = true}.bytes());
  p.expect(pubrec(10) + puback(11));
  p.send(pubrel(9) + pubrel(10));
  EXPECT_EQ(watcher.messages(), (texts{"a=1", "a=2", "a=3"}));
}

TEST_P(Qos, DupIsNotHandedOn) {
  clause("v311 MQTT-3.3.1-3");
  clause("v31 M31-flags-8");
  auto watcher = listen("watcher", "a", 2);
  for (const unsigned qos : {1U, 2U}) {
    put({.topic = "a", .qos = qos, .dup = true});
    const auto m = watcher.message();
    EXPECT_EQ(m.qos(), qos);
    EXPECT_FALSE(m.dup());
  }
}

TEST_P(Qos, AcksForUnknownIdsAreNoError) {
  clause("v31 M31-err-2");
  clause("v31 M31-qos2-5");
  clause("v311 MQTT-4.3.3-2");
  auto p = join("c");
  p.send(puback(99));
  p.expect_silence();
  p.send(pubcomp(99));
  p.expect_silence();
  p.send(pubrec(99));
  p.expect(pubrel(99));
  p.send(pubrel(99));
  p.expect(pubcomp(99));
  p.expect_alive();
}

TEST_P(Qos, BothDirectionsHaveIdsOfTheirOwn) {
  clause("v31 M31-mid-2");
  clause("v311 MQTT-2.3.1-4");
  auto p = listen("c", "a", 2);
  put({.topic = "a", .qos = 2});
  const auto id = p.message().id();
  p.send(publish{.topic = "b", .qos = 2, .id = id}.bytes());
  p.expect(pubrec(id));
  p.send(pubrec(id));
  p.expect(pubrel(id));
  p.send(pubrel(id));
  p.expect(pubcomp(id));
  p.send(pubcomp(id));
  p.send(publish{.topic = "b", .qos = 1, .id = id}.bytes());
  p.expect(puback(id));
}

TEST_P(Qos, IdsInFlightAreNotReused) {
  clause("v311 MQTT-2.3.1-4");
  auto p = join_persistent("c");
  subscribe_to(p, "a", 2);
  auto sender = join("sender");
  for (unsigned i = 1; i <= 60; ++i) {
    sender.send(publish{.topic = "a", .qos = i % 2 + 1, .id = i}.bytes());
  }
  std::set<unsigned> ids;
  texts before;
  for (const auto& m : p.packets()) {
    ids.insert(m.id());
    before.push_back(std::to_string(m.id()));
    if (m.qos() == 2) p.send(pubrec(m.id()));  // stays in flight until PUBCOMP
  }
  EXPECT_EQ(ids.size(), 60U);
  EXPECT_FALSE(ids.contains(0));
  p.cut();
  texts after;
  for (const auto& m : join_persistent("c").packets()) after.push_back(std::to_string(m.id()));
  EXPECT_EQ(after, before);
}

TEST_P(Qos, IdsWrapAroundPastThoseInFlight) {
  clause("v311 MQTT-2.3.1-4");
  clause("v311 MQTT-2.3.1-1");
  auto p = listen("c", "a", 1);
  put({.topic = "a", .payload = "held", .qos = 1});
  const auto held = p.message().id();
  auto sender = join("sender");
  constexpr unsigned batch = 95;
  for (unsigned sent = 0; sent < 66'000; sent += batch) {
    std::string packets;
    for (unsigned i = 1; i <= batch; ++i) {
      packets += publish{.topic = "a", .payload = {}, .qos = 1, .id = i}.bytes();
    }
    sender.send(packets);
    const auto got = p.packets();
    ASSERT_EQ(got.size(), batch);
    std::set<unsigned> ids{held, 0U};
    std::string answers;
    for (const auto& m : got) {
      ASSERT_TRUE(ids.insert(m.id()).second) << m.id() << " is in use";
      answers += puback(m.id());
    }
    p.send(answers);
  }
}

TEST_P(Qos, AtMostTheWindowIsInFlight) {
  clause("v311 MQTT-2.3.1-4");
  options.limits.inflight_max = 4;
  auto p = listen("c", "a", 1);
  for (int i = 1; i <= 10; ++i) put({.topic = "a", .payload = std::to_string(i), .qos = 1});
  const auto window = p.packets();
  ASSERT_EQ(window.size(), 4U);
  p.send(puback(window[0].id()));
  EXPECT_EQ(p.messages(), texts{"a=5"});
  p.expect_alive();
}

}  // namespace
}  // namespace godwit::conformance
