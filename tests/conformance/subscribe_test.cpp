#include "conformance/broker_test.hpp"
#include "conformance/doubles.hpp"

namespace godwit::conformance {
namespace {

/// SUBSCRIBE and UNSUBSCRIBE.
class Subscribe : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, Subscribe, both_versions, name_of);

TEST_P(Subscribe, IsAnsweredWithItsIdAndOneCodeEach) {
  clause("v311 MQTT-3.8.4-1");
  clause("v311 MQTT-3.8.4-2");
  clause("v31 M31-sub-1");
  auto p = join("c");
  p.send(subscribe(0xABCD, {{"a", 2}, {"b", 0}, {"c", 1}}));
  p.expect(hex("90 05 AB CD 02 00 01"));
}

TEST_P(Subscribe, AnswersRepeatThePacketId) {
  clause("v311 MQTT-2.3.1-7");
  clause("v311 MQTT-3.10.4-4");
  auto p = join("c");
  p.send(subscribe(0x0100, {{"a", 1}}) + subscribe(0xFFFF, {{"b/+", 0}}) +
         unsubscribe(0x0001, {"a"}) + unsubscribe(0xABCD, {"b/+"}));
  p.expect(suback(0x0100, {1}) + suback(0xFFFF, {0}) + unsuback(0x0001) + unsuback(0xABCD));
}

TEST_P(Subscribe, CodesComeInTheOrderOfTheFilters) {
  clause("v311 MQTT-3.9.3-1");
  clause("v311 MQTT-3.8.4-5");
  clause("v31 M31-sub-4");
  auto p = join("c");
  filters wanted;
  std::string codes;
  for (unsigned i = 0; i < 50; ++i) {
    wanted.emplace_back("t/" + std::to_string(i) + (i % 2 == 0 ? "" : "/#"), i * 7 % 3);
    codes.push_back(static_cast<char>(i * 7 % 3));
  }
  p.send(subscribe(1, wanted));
  p.expect(packet(0x90, u16(1) + codes));
}

TEST_P(Subscribe, NeedsAtLeastOneFilter) {
  clause("v311 MQTT-3.8.3-3");
  clause("v31 M31-sub-7");
  expect_violations({{"no filter", subscribe(1, {})},
                     {"no QoS", packet(0x82, u16(1) + field("a"))},
                     {"a second filter without QoS",
                      packet(0x82, u16(1) + field("a") + std::string(1, '\0') + field("b"))},
                     {"cut filter", packet(0x82, u16(1) + hex("00 05") + "abc")},
                     {"no packet id", packet(0x82, "")},
                     {"half a packet id", packet(0x82, "x")}});
}

TEST_P(Subscribe, RefusesQosThree) {
  clause("v311 MQTT-3.8.3-4");
  clause("v31 M31-sub-6");
  expect_violations({{"QoS 3", subscribe(1, {{"a", 3}})},
                     {"QoS 3 behind a good one", subscribe(1, {{"a", 1}, {"b", 3}})}});
  auto p = join_persistent("bad1");
  put({.topic = "a"});
  p.expect_silence();
}

TEST_P(Subscribe, NeedsFiltersOfUtf8) {
  clause("v311 MQTT-3.8.3-1");
  clause("v311 MQTT-3.10.3-1");
  std::vector<bad_input> inputs;
  for (const char* bytes : {"C3 28", "FF", "ED A0 80", "C0 80", "E2 82", "61 00 62"}) {
    inputs.push_back({"filter", subscribe(1, {{hex(bytes), 0}})});
    inputs.push_back({"topic", unsubscribe(1, {hex(bytes)})});
    inputs.push_back({"topic behind a good one", unsubscribe(1, {"a", hex(bytes)})});
  }
  expect_violations(inputs);
}

TEST_P(Subscribe, ReplacesTheSameFilter) {
  clause("v311 MQTT-3.8.4-3");
  clause("v31 M31-sub-8");
  auto p = join("c");
  auto sender = join("sender");
  unsigned number = 0;
  for (const unsigned qos : {0U, 1U, 2U, 1U, 0U}) {
    const auto payload = std::to_string(++number);
    p.send(subscribe(1, {{"a/+", qos}}));
    EXPECT_TRUE(p.take(9));
    sender.send(publish{.topic = "a/b", .payload = payload, .qos = 2, .id = number}.bytes());
    sender.expect(pubrec(number));
    sender.send(pubrel(number));
    sender.expect(pubcomp(number));
    const auto m = p.message();
    EXPECT_EQ(m.payload(), payload);
    EXPECT_EQ(m.qos(), qos);
    if (qos == 1) p.send(puback(m.id()));
    if (qos == 2) {
      p.send(pubrec(m.id()));
      EXPECT_TRUE(p.take(6));
      p.send(pubcomp(m.id()));
    }
  }
  EXPECT_EQ(broker().census().subscriptions, 1U);
}

TEST_P(Subscribe, AgainLeavesNoGapInTheFlow) {
  clause("v311 MQTT-3.8.4-3");
  auto p = listen("c", "a/+", 0);
  auto sender = join("sender");
  for (unsigned i = 0; i < 50; ++i) {
    p.send(subscribe(i + 1, {{"a/+", i % 2}}));
    sender.send(publish{.topic = "a/b", .payload = std::to_string(i)}.bytes());
  }
  texts expected;
  for (int i = 0; i < 50; ++i) expected.push_back("a/b=" + std::to_string(i));
  EXPECT_EQ(p.messages(), expected);
}

TEST_P(Subscribe, WithManyFiltersActsLikeOneAfterAnother) {
  clause("v311 MQTT-3.8.4-4");
  auto p = join("c");
  p.send(subscribe(1, {{"a", 2}, {"b", 1}, {"a", 0}}));
  p.expect(suback(1, {2, 1, 0}));
  put({.topic = "a", .qos = 2});
  EXPECT_EQ(p.message().qos(), 0U);
  put({.topic = "b", .qos = 2});
  EXPECT_EQ(p.message().qos(), 1U);
  EXPECT_EQ(broker().census().subscriptions, 2U);
}

TEST_P(Subscribe, MessagesMayComeBeforeTheAnswer) {
  clause("v31 M31-sub-5");
  clause("v311 MQTT-3.8.4-1");
  put({.topic = "a/1", .payload = "r", .qos = 1, .retain = true});
  put({.topic = "a/2", .payload = "r", .qos = 1, .retain = true});
  auto p = join("c");
  p.send(subscribe(1, {{"a/#", 0}}) + publish{.topic = "a/3"}.bytes());
  unsigned answers = 0;
  unsigned messages = 0;
  for (const auto& got : p.packets()) (got.is_publish() ? messages : answers) += 1;
  EXPECT_EQ(answers, 1U);
  EXPECT_EQ(messages, 3U);
}

TEST_P(Subscribe, WithoutRightsYieldsNoMessages) {
  clause("v311 MQTT-3.8.4-5");
  clause("v31 M31-sub-2");
  clause("v31 M31-sub-3");
  test_authorizer rights;
  rights.denied = {{auth::action::subscribe, "secret/#"}, {auth::action::subscribe, "s"}};
  options.authorizer = &rights;
  put({.topic = "secret/a", .retain = true});
  auto p = join("c");
  p.send(subscribe(1, {{"open", 1}, {"secret/#", 2}, {"s", 1}, {"also/open", 0}}));
  if (is_v31()) {
    p.expect(suback(1, {1, 2, 1, 0}));
  } else {
    p.expect(suback(1, {1, 0x80, 0x80, 0}));
  }
  put({.topic = "secret/b"});
  put({.topic = "s"});
  p.expect_silence();
  put({.topic = "open"});
  EXPECT_EQ(p.messages(), texts{"open=x"});
  EXPECT_EQ(broker().census().subscriptions, 2U);
}

TEST_P(Subscribe, WithoutRightsIsCheckedInsideASharedFilter) {
  clause("v31 M31-sub-3");
  test_authorizer rights;
  rights.denied = {{auth::action::subscribe, "secret/#"}};
  options.authorizer = &rights;
  auto p = join("c");
  p.send(subscribe(1, {{"$share/g/secret/#", 1}}));
  p.expect(suback(1, {is_v31() ? 1U : 0x80U}));
  put({.topic = "secret/a", .qos = 1});
  p.expect_silence();
}

TEST_P(Subscribe, EndsWithAnExactMatchOnly) {
  clause("v311 MQTT-3.10.4-1");
  clause("v31 M31-topic-5");
  auto p = listen("c", "a/+");
  for (const char* other : {"a/b", "a/#", "A/+", "a/+/", "+/+", "/a/+"}) {
    p.send(unsubscribe(2, {other}));
    p.expect(unsuback(2));
    put({.topic = "a/b"});
    EXPECT_EQ(p.messages(), texts{"a/b=x"}) << other;
  }
  p.send(unsubscribe(3, {"a/+"}));
  p.expect(unsuback(3));
  put({.topic = "a/b"});
  p.expect_silence();
}

TEST_P(Subscribe, EndedBringsNoNewMessages) {
  clause("v311 MQTT-3.10.4-2");
  clause("v31 M31-unsub-2");
  auto p = join("c");
  p.send(subscribe(1, {{"a/#", 1}, {"b/+", 2}, {"c", 0}}));
  p.expect(suback(1, {1, 2, 0}));
  p.send(unsubscribe(2, {"a/#", "c"}));
  p.expect(unsuback(2));
  for (const char* topic : {"a/1", "c", "a"}) put({.topic = topic, .qos = 2});
  p.expect_silence();
  put({.topic = "b/1", .qos = 2});
  EXPECT_EQ(p.drain(), texts{"b/1=x"});
}

TEST_P(Subscribe, EndedFinishesWhatHadBegun) {
  clause("v311 MQTT-3.10.4-3");
  auto p = join_persistent("c");
  subscribe_to(p, "a", 2);
  put({.topic = "a", .payload = "1", .qos = 1});
  put({.topic = "a", .payload = "2", .qos = 2});
  const auto sent = p.packets();
  ASSERT_EQ(sent.size(), 2U);
  p.send(unsubscribe(2, {"a"}));
  p.expect(unsuback(2));
  p.send(pubrec(sent[1].id()));
  p.expect(pubrel(sent[1].id()));
  p.cut();
  auto again = join_persistent("c");
  again.expect(publish{"a", "1", 1, sent[0].id(), true}.bytes() + pubrel(sent[1].id()));
}

TEST_P(Subscribe, NeedNotHaveBeenToBeEnded) {
  clause("v311 MQTT-3.10.4-4");
  clause("v311 MQTT-3.10.4-5");
  clause("v31 M31-unsub-1");
  auto p = join("c");
  p.send(unsubscribe(0x1234, {"never/asked"}));
  p.expect(hex("B0 02 12 34"));
  p.expect_alive();
}

TEST_P(Subscribe, ManyAreEndedAtOnce) {
  clause("v311 MQTT-3.10.4-6");
  clause("v311 MQTT-3.10.3-1");
  clause("v31 M31-unsub-2");
  auto p = join("c");
  p.send(subscribe(1, {{"a", 0}, {"b", 0}, {"c", 0}}));
  p.expect(suback(1, {0, 0, 0}));
  p.send(unsubscribe(2, {"a", "unknown", "b"}));
  p.expect(unsuback(2));
  for (const char* topic : {"a", "b", "c"}) put({.topic = topic});
  EXPECT_EQ(p.messages(), texts{"c=x"});
}

TEST_P(Subscribe, NeedsAtLeastOneTopicToEnd) {
  clause("v311 MQTT-3.10.3-2");
  expect_violations({{"no topic", unsubscribe(1, {})},
                     {"no packet id", packet(0xA2, "")},
                     {"cut topic", packet(0xA2, u16(1) + hex("00 05") + "abc")},
                     {"one byte behind", packet(0xA2, u16(1) + field("a") + "x")}});
}

/// The rules of 3.1.1 alone.
class SubscribeV311 : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, SubscribeV311, only_v311, name_of);

TEST_P(SubscribeV311, RefusesReservedBitsOfTheQosByte) {
  clause("v311 MQTT-3.8.3-4");
  expect_violations({{"0x04", subscribe(1, {{"a", 0x04}})},
                     {"0x80", subscribe(1, {{"a", 0x80}})},
                     {"0x41 behind a good one", subscribe(1, {{"a", 1}, {"b", 0x41}})}});
}

TEST_P(SubscribeV311, FailuresHaveOneCode) {
  clause("v311 MQTT-3.9.3-2");
  test_authorizer rights;
  rights.denied = {{auth::action::subscribe, "denied"}};
  options.authorizer = &rights;
  options.limits.subscriptions_max = 2;
  options.limits.topic_levels_max = 4;
  auto p = join("c");
  p.send(subscribe(
      1,
      {{"denied", 1}, {"$share/ab", 1}, {"a/b/c/d/e", 1}, {"one", 0}, {"two", 2}, {"three", 1}}));
  p.expect(suback(1, {0x80, 0x80, 0x80, 0, 2, 0x80}));
}

/// The rules of 3.1 alone.
class SubscribeV31 : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, SubscribeV31, only_v31, name_of);

TEST_P(SubscribeV31, MayBeRepeatedWithDup) {
  clause("v31 M31-flags-2");
  clause("v31 M31-flags-3");
  clause("v31 M31-retry-4");
  auto p = join("c");
  p.send(subscribe(1, {{"a", 1}}));
  p.send(subscribe(1, {{"a", 1}}, 0x8A));
  p.expect(suback(1, {1}) + suback(1, {1}));
  EXPECT_EQ(broker().census().subscriptions, 1U);
  put({.topic = "a"});
  EXPECT_EQ(p.messages(), texts{"a=x"});
  p.send(unsubscribe(2, {"a"}));
  p.send(unsubscribe(2, {"a"}, 0xAA));
  p.expect(unsuback(2) + unsuback(2));
  EXPECT_EQ(broker().census().subscriptions, 0U);
}

TEST_P(SubscribeV31, RepeatedWithDupBringsNoRetainedMessagesAgain) {
  clause("v31 M31-retry-4");
  put({.topic = "a", .retain = true});
  auto p = join("c");
  p.send(subscribe(1, {{"a", 0}}));
  EXPECT_TRUE(p.take(9));
  EXPECT_EQ(p.messages(), texts{"a=x"});
  p.send(subscribe(1, {{"a", 0}}, 0x8A));
  p.expect(suback(1, {0}));
}

TEST_P(SubscribeV31, MayHaveAnyHeaderFlags) {
  clause("v31 M31-flags-2");
  clause("v31 M31-flags-3");
  auto p = join("c");
  for (unsigned flags = 0; flags < 16; ++flags) {
    p.send(subscribe(flags + 1, {{"a", 0}}, 0x80U | flags));
    p.expect(suback(flags + 1, {0}));
    p.send(unsubscribe(flags + 1, {"a"}, 0xA0U | flags));
    p.expect(unsuback(flags + 1));
  }
}

TEST_P(SubscribeV31, IgnoresTheUpperBitsOfTheQosByte) {
  clause("v31 M31-sub-6");
  auto p = join("c");
  p.send(subscribe(1, {{"a", 0x81}, {"b", 0x04}}));
  p.expect(suback(1, {1, 0}));
}

TEST_P(SubscribeV31, NeverGetsAFailureCode) {
  clause("v31 M31-sub-2");
  options.limits.subscriptions_max = 1;
  auto p = join("c");
  p.send(subscribe(1, {{"one", 1}, {"two", 2}}));
  p.expect(suback(1, {1, 2}));
  put({.topic = "two"});
  p.expect_silence();
}

TEST_P(SubscribeV31, WithoutRightsEndsTheConnectionWhenAskedTo) {
  clause("v31 M31-sub-3");
  test_authorizer rights;
  rights.denied = {{auth::action::subscribe, "secret"}};
  options.authorizer = &rights;
  options.limits.mqtt31_denied_subscribe = session::denied_reaction::disconnect;
  auto p = join("c");
  p.send(subscribe(1, {{"secret", 1}}));
  p.expect_end();
}

}  // namespace
}  // namespace godwit::conformance
