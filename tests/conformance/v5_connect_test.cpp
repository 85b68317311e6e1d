#include "conformance/v5_test.hpp"

namespace godwit::conformance::five {
namespace {

/// CONNECT and CONNACK of MQTT 5.
class V5Connect : public v5_test {};
INSTANTIATE_TEST_SUITE_P(Shards, V5Connect, one_and_three_shards, shards_of);

TEST_P(V5Connect, IsAnsweredWithWhatTheBrokerLimits) {
  clause("v5 MQTT-3.1.4-5");
  clause("v5 MQTT-3.2.2-9");
  auto p = join("c");
  EXPECT_EQ(connack.flags, 0U);
  EXPECT_EQ(find_number(connack.properties, 0x21), 1'000U);
  EXPECT_EQ(find_number(connack.properties, 0x22), 16U);
  EXPECT_EQ(find_number(connack.properties, 0x27), options.limits.packet_bytes_max);
  // What is as the standard's defaults say is not said.
  for (const unsigned id : {0x11U, 0x12U, 0x13U, 0x15U, 0x1AU, 0x24U, 0x25U, 0x28U, 0x29U, 0x2AU}) {
    EXPECT_FALSE(find(connack.properties, id)) << id;
  }
  expect_alive(p);
}

TEST_P(V5Connect, IsToldWhatIsSwitchedOff) {
  clause("v5 MQTT-3.2.2-9");
  options.limits.maximum_qos = mqtt::qos::at_least_once;
  options.limits.retain_available = false;
  options.limits.wildcards_available = false;
  options.limits.shared_available = false;
  options.limits.subscription_identifiers_available = false;
  auto p = join("c");
  EXPECT_EQ(find_number(connack.properties, 0x24), 1U);
  for (const unsigned id : {0x25U, 0x28U, 0x29U, 0x2AU}) {
    EXPECT_EQ(find_number(connack.properties, id), 0U) << id;
  }
}

TEST_P(V5Connect, OfALimitedBrokerStillSubscribesAtAnyQos) {
  clause("v5 MQTT-3.2.2-10");
  options.limits.maximum_qos = mqtt::qos::at_most_once;
  auto p = join("c");
  p.send(subscribe(1, {{"a", 2}, {"b", 1}, {"c", 0}}));
  EXPECT_EQ(to_hex(only_answer(p).codes), "00 00 00");
}

TEST_P(V5Connect, AboveTheMaximumQosEndsTheConnection) {
  clause("v5 MQTT-3.2.2-11");
  options.limits.maximum_qos = mqtt::qos::at_least_once;
  expect_fault_code(publish{.qos = 2}.bytes(), 0x9B);
  put({.qos = 1});
}

TEST_P(V5Connect, WithAWillAboveTheMaximumQosIsRefused) {
  clause("v5 MQTT-3.2.2-12");
  options.limits.maximum_qos = mqtt::qos::at_most_once;
  EXPECT_EQ(refusal_of(connect{.will = will{.qos = 1}}.bytes()).code, 0x9BU);
}

TEST_P(V5Connect, WithARetainedWillIsRefusedWhereNothingIsRetained) {
  clause("v5 MQTT-3.2.2-13");
  options.limits.retain_available = false;
  EXPECT_EQ(refusal_of(connect{.will = will{.retain = true}}.bytes()).code, 0x9AU);
}

TEST_P(V5Connect, RetainWhereNothingIsRetainedEndsTheConnection) {
  clause("v5 MQTT-3.2.2-14");
  options.limits.retain_available = false;
  expect_fault_code(publish{.retain = true}.bytes(), 0x9A);
}

TEST_P(V5Connect, WithoutIdGetsOneThatResumesItsSession) {
  clause("v5 MQTT-3.1.3-6");
  clause("v5 MQTT-3.1.3-7");
  clause("v5 MQTT-3.2.2-16");
  auto a = join(connect{.id = "", .clean = false, .properties = four_of(0x11, 100)});
  const auto first = find(connack.properties, 0x12);
  ASSERT_TRUE(first);
  subscribe_to(a, "a/b", 1);
  auto b = join(connect{.id = ""});
  const auto second = find(connack.properties, 0x12);
  ASSERT_TRUE(second);
  EXPECT_NE(*first, *second);
  a.cut();
  auto again = join(connect{.id = *first, .clean = false, .properties = four_of(0x11, 100)});
  EXPECT_EQ(connack.flags, 1U);
  EXPECT_FALSE(find(connack.properties, 0x12));
  put({.payload = "still"});
  EXPECT_EQ(payloads(again), texts{"a/b=still"});
}

TEST_P(V5Connect, AcceptsTheIdsOfTheStandard) {
  clause("v5 MQTT-3.1.3-5");
  for (const std::string id :
       {"0", "abcdefghijklmnopqrstuvw", "ABCDEFGHIJKLMNOPQRSTUVW", "xyzXYZ0123456789"}) {
    auto p = join(id);
    expect_alive(p);
  }
}

TEST_P(V5Connect, WithAnIdThatIsTooLongIsRefused) {
  clause("v5 MQTT-3.1.3-8");
  clause("v5 MQTT-3.2.2-7");
  options.limits.client_id_bytes_max = 23;
  const answer no = refusal_of(connect{.id = std::string(24, 'x')}.bytes());
  EXPECT_EQ(no.code, 0x85U);
  EXPECT_EQ(no.flags, 0U);
  EXPECT_TRUE(find(no.properties, 0x1F)) << "the reason in words";
}

TEST_P(V5Connect, LeavesOutTheReasonWhereItDoesNotFit) {
  clause("v5 MQTT-3.2.2-19");
  clause("v5 MQTT-3.2.2-20");
  options.limits.client_id_bytes_max = 23;
  auto p = open();
  p.send(connect{.id = std::string(24, 'x'), .properties = four_of(0x27, 16)}.bytes());
  p.expect_end(hex("20 03 00 85 00"));
}

TEST_P(V5Connect, WhoseCannotTakeTheConnackIsRefused) {
  clause("v5 MQTT-3.1.2-24");
  auto p = open();
  p.send(connect{.properties = four_of(0x27, 8)}.bytes());
  p.expect_end(hex("20 03 00 95 00"));
}

TEST_P(V5Connect, IsRefusedWithoutAnyEffectOfWhatFollows) {
  clause("v5 MQTT-3.1.4-2");
  clause("v5 MQTT-3.1.4-6");
  clause("v5 MQTT-3.2.2-7");
  test_authenticator who;
  who.answers["bad"] = mqtt::reason_code::bad_user_name_or_password;
  options.authenticator = &who;
  auto p = open();
  p.send(connect{.user = "bad"}.bytes() + publish{.topic = "r", .retain = true}.bytes());
  const auto all = p.packets();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(answer_of(all[0]).code, 0x86U);
  EXPECT_TRUE(p.closed());
  auto late = listen("late", "r");
  EXPECT_TRUE(deliveries(late).empty());
}

TEST_P(V5Connect, TwiceIsAProtocolErrorAndGetsNoSecondConnack) {
  clause("v5 MQTT-3.1.0-2");
  clause("v5 MQTT-3.2.0-2");
  auto watcher = listen("watcher", "will/#");
  auto p = join(connect{.id = "c", .will = will{}});
  p.send(connect{.id = "c"}.bytes());
  expect_goodbye(p, 0x82);
  EXPECT_EQ(payloads(watcher), texts{"will/topic=gone"});
}

TEST_P(V5Connect, OfAnIdThatIsConnectedEndsTheOlderConnection) {
  clause("v5 MQTT-3.1.4-3");
  auto older = join("twin");
  auto newer = join("twin");
  expect_goodbye(older, 0x8E);
  expect_alive(newer);
}

TEST_P(V5Connect, WithoutKeepAliveGetsTheServersOwn) {
  clause("v5 MQTT-3.2.2-21");
  options.limits.keep_alive_max_s = 5;
  for (const unsigned asked : {0U, 600U}) {
    auto p = join(connect{.id = "c", .keep_alive_s = asked});
    EXPECT_EQ(find_number(connack.properties, 0x13), 5U);
    pass(milliseconds{7'000});
    EXPECT_FALSE(p.closed());
    pass(milliseconds{1'000});
    expect_goodbye(p, 0x8D);
  }
  auto p = join(connect{.id = "c", .keep_alive_s = 4});
  EXPECT_FALSE(find(connack.properties, 0x13));
}

TEST_P(V5Connect, ThatFallsSilentEndsLikeALostOne) {
  clause("v5 MQTT-3.1.2-22");
  clause("v5 MQTT-3.2.2-22");
  auto watcher = listen("watcher", "will/#");
  auto p = join(connect{.id = "c", .keep_alive_s = 2, .will = will{}});
  pass(milliseconds{2'900});
  EXPECT_FALSE(p.closed());
  pass(milliseconds{200});
  expect_goodbye(p, 0x8D);
  EXPECT_EQ(payloads(watcher), texts{"will/topic=gone"});
  auto q = join("never");
  pass(seconds{100'000});
  EXPECT_FALSE(q.closed());
}

TEST_P(V5Connect, GetsResponseInformationOnlyWhenItAsks) {
  clause("v5 MQTT-3.1.2-28");
  options.limits.response_information = "answers/%c";
  auto a = join("a");
  EXPECT_FALSE(find(connack.properties, 0x1A));
  auto b = join(connect{.id = "b", .properties = byte_of(0x19, 0)});
  EXPECT_FALSE(find(connack.properties, 0x1A));
  auto c = join(connect{.id = "c", .properties = byte_of(0x19, 1)});
  EXPECT_EQ(find(connack.properties, 0x1A), "answers/c");
}

TEST_P(V5Connect, WithAnUnknownAuthenticationMethodIsRefused) {
  clause("v5 MQTT-4.12.0-1");
  EXPECT_EQ(refusal_of(connect{.properties = text_of(0x15, "X")}.bytes()).code, 0x8CU);
}

TEST_P(V5Connect, ErrorsBeforeTheConnackGetNoDisconnect) {
  clause("v5 MQTT-3.14.0-1");
  for (const auto& bytes : {publish{}.bytes(), hex("F0 00"), hex("C0 00"), hex("E0 00")}) {
    auto p = open();
    p.send(bytes);
    p.expect_end();
  }
  EXPECT_EQ(refusal_of(packet(0x10, field("MQTT") + hex("05 03 00 00 00") + field("c"))).code,
            0x81U);
}

TEST_P(V5Connect, ProblemInformationStaysAwayFromWhoDoesNotWantIt) {
  clause("v5 MQTT-3.1.2-29");
  test_authorizer rules;
  rules.denied = {{auth::action::publish, "no"}, {auth::action::subscribe, "no"}};
  options.authorizer = &rules;
  auto quiet = join(connect{.id = "quiet", .properties = byte_of(0x17, 0)});
  auto open_one = join("open");
  for (peer* const p : {&quiet, &open_one}) {
    p->send(publish{.topic = "no", .qos = 1}.bytes());
    const answer puback_ = only_answer(*p);
    EXPECT_EQ(puback_.code, 0x87U);
    EXPECT_EQ(find(puback_.properties, 0x1F).has_value(), p == &open_one);
    p->send(subscribe(2, {{"no", 0}}));
    const answer suback_ = only_answer(*p);
    EXPECT_EQ(to_hex(suback_.codes), "87");
    EXPECT_EQ(find(suback_.properties, 0x1F).has_value(), p == &open_one);
  }
  quiet.send(hex("82 02 00 01"));
  expect_goodbye(quiet, 0x81);
}

}  // namespace
}  // namespace godwit::conformance::five
