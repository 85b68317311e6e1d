#include "conformance/v5_test.hpp"

namespace godwit::conformance::five {
namespace {

/// What a PUBLISH carries, how long it lives, and how it is answered.
class V5Publish : public v5_test {};
INSTANTIATE_TEST_SUITE_P(Shards, V5Publish, one_and_three_shards, shards_of);

TEST_P(V5Publish, ForwardsItsPropertiesUnchanged) {
  clause("v5 MQTT-3.3.2-4");
  clause("v5 MQTT-3.3.2-17");
  clause("v5 MQTT-3.3.2-18");
  const std::string sent = user("a", "1") + byte_of(0x01, 0) + text_of(0x08, "answer/to") +
                           user("", "") + text_of(0x09, std::string("\0\x01", 2)) +
                           text_of(0x03, "text/plain") + user("b", "2") + user("a", "3");
  for (unsigned qos = 0; qos < 3; ++qos) {
    auto p = listen("s" + std::to_string(qos), "a/b", qos);
    put({.qos = qos, .properties = sent});
    const delivery d = only_delivery(p);
    EXPECT_EQ(d.qos, qos);
    EXPECT_EQ(d.properties, take_apart(sent));
    EXPECT_EQ(d.payload, "x");
  }
}

TEST_P(V5Publish, ForwardsResponseTopicCorrelationAndContentType) {
  clause("v5 MQTT-3.3.2-15");
  clause("v5 MQTT-3.3.2-16");
  clause("v5 MQTT-3.3.2-20");
  auto p = listen("s", "a/b");
  for (const std::string& one :
       {text_of(0x08, "r/t"), text_of(0x09, ""), text_of(0x09, std::string("\0\xff", 2)),
        text_of(0x03, "application/x")}) {
    put({.properties = one});
    EXPECT_EQ(only_delivery(p).properties, take_apart(one));
  }
  put({});
  EXPECT_TRUE(only_delivery(p).properties.empty());
}

TEST_P(V5Publish, ThatWaitedCarriesWhatIsLeftOfItsExpiry) {
  clause("v5 MQTT-3.3.2-6");
  auto p = join(connect{.id = "s", .properties = four_of(0x11, 100)});
  subscribe_to(p, "a/b", 1);
  p.cut();
  put({.qos = 1, .properties = four_of(0x02, 10)});
  pass(seconds{3});
  p = join(connect{.id = "s", .clean = false, .properties = four_of(0x11, 100)});
  EXPECT_EQ(find_number(only_delivery(p).properties, 0x02), 7U);
}

TEST_P(V5Publish, ThatExpiredIsNotDelivered) {
  clause("v5 MQTT-3.3.2-5");
  auto p = join(connect{.id = "s", .properties = four_of(0x11, 100)});
  subscribe_to(p, "#", 1);
  p.cut();
  put({.topic = "short", .qos = 1, .properties = four_of(0x02, 1)});
  put({.topic = "long", .qos = 1, .properties = four_of(0x02, 60)});
  put({.topic = "kept", .retain = true, .properties = four_of(0x02, 1)});
  pass(seconds{2});
  p = join(connect{.id = "s", .clean = false, .properties = four_of(0x11, 100)});
  EXPECT_EQ(payloads(p), texts{"long=x"});
  EXPECT_EQ(broker().counters()[observe::counter::copies_expired], 1U);
  EXPECT_EQ(broker().counters()[observe::counter::retained_expired], 1U);
  auto late = listen("late", "kept");
  late.expect_silence();
  EXPECT_EQ(broker().census().retained, 0U);
}

TEST_P(V5Publish, ThatDoesNotSayItsExpiryMayHaveOneByItsTopic) {
  clause("v5 MQTT-3.3.2-5");
  options.limits.message_expiry = {{"t/#", 10}, {"#", 1'000}};
  auto p = join(connect{.id = "s", .properties = four_of(0x11, 100)});
  subscribe_to(p, "#", 1);
  p.cut();
  auto old = broker_test::open();
  old.send(conformance::connect{.id = "old"}.bytes() +
           conformance::publish{.topic = "t/x", .qos = 1}.bytes() +
           conformance::publish{.topic = "other", .qos = 1, .id = 2}.bytes());
  put({.topic = "t/y", .qos = 1, .properties = four_of(0x02, 50)});
  pass(seconds{11});
  p = join(connect{.id = "s", .clean = false, .properties = four_of(0x11, 100)});
  const auto all = deliveries(p);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(find_number(all[0].properties, 0x02), 989U);
  EXPECT_EQ(find_number(all[1].properties, 0x02), 39U);
}

TEST_P(V5Publish, ThatIsRetainedExpiresAfterARestartToo) {
  clause("v5 MQTT-3.3.2-5");
  clause("v5 MQTT-3.3.2-6");
  put({.topic = "r/short", .qos = 1, .retain = true, .properties = four_of(0x02, 10)});
  put({.topic = "r/long", .qos = 1, .retain = true, .properties = four_of(0x02, 100)});
  put({.topic = "r/newer", .qos = 1, .retain = true, .properties = four_of(0x02, 10)});
  put({.topic = "r/newer", .qos = 1, .retain = true});
  pass(seconds{5});
  broker().crash_and_restart();
  pass(seconds{5});
  EXPECT_EQ(broker().census().retained, 2U);
  auto p = join("s");
  subscribe_to(p, "r/long");
  EXPECT_EQ(find_number(only_delivery(p).properties, 0x02), 90U);
  subscribe_to(p, "r/newer");
  EXPECT_FALSE(find(only_delivery(p).properties, 0x02));
}

TEST_P(V5Publish, ToNobodyIsAnsweredSo) {
  clause("v5 MQTT-3.3.4-1");
  clause("v5 MQTT-3.4.2-1");
  clause("v5 MQTT-3.5.2-1");
  auto p = join("p");
  p.send(publish{}.bytes());
  p.expect_silence();
  p.send(publish{.qos = 1, .id = 7}.bytes());
  p.expect(hex("40 03 00 07 10"));
  p.send(publish{.qos = 2, .id = 8}.bytes());
  p.expect(hex("50 03 00 08 10"));
  p.send(pubrel(8));
  p.expect(pubcomp(8));
  auto s = listen("s", "a/b");
  p.send(publish{.qos = 1, .id = 9}.bytes());
  p.expect(puback(9));
  p.send(publish{.qos = 2, .id = 10}.bytes());
  p.expect(pubrec(10));
  p.send(pubrel(10));
  p.expect(pubcomp(10));
}

TEST_P(V5Publish, ThatIsNotAllowedIsAnsweredSo) {
  clause("v5 MQTT-4.3.3-9");
  clause("v5 MQTT-3.4.2-2");
  clause("v5 MQTT-3.5.2-2");
  test_authorizer rules;
  rules.denied = {{auth::action::publish, "no"}};
  options.authorizer = &rules;
  auto s = listen("s", "#", 2);
  auto p = join(connect{.id = "p", .properties = four_of(0x27, 20 + 30)});
  p.send(publish{.topic = "no", .qos = 1, .id = 1}.bytes());
  answer a = only_answer(p);
  EXPECT_EQ(a.code, 0x87U);
  p.send(publish{.topic = "no", .qos = 2, .id = 2}.bytes());
  a = only_answer(p);
  EXPECT_EQ(a.type, 5U);
  EXPECT_EQ(a.code, 0x87U);
  p.send(publish{.topic = "yes", .qos = 2, .id = 2}.bytes());  // the id is free
  p.expect(pubrec(2));
  EXPECT_EQ(payloads(s), texts{"yes=x"});
  p.send(pubrel(2));
  p.expect(pubcomp(2));
}

TEST_P(V5Publish, ReasonsOfAnswersAreLeftOutWhereTheyDoNotFit) {
  clause("v5 MQTT-3.4.2-2");
  clause("v5 MQTT-3.5.2-2");
  clause("v5 MQTT-3.9.2-1");
  test_authorizer rules;
  rules.denied = {{auth::action::publish, "no"}, {auth::action::subscribe, "no"}};
  options.authorizer = &rules;
  options.limits.packet_bytes_max = 268'435'460;
  auto p = join(connect{.id = "p", .properties = four_of(0x27, 18)});
  p.send(publish{.topic = "no", .qos = 1, .id = 1}.bytes());
  p.expect(hex("40 03 00 01 87"));
  p.send(publish{.topic = "no", .qos = 2, .id = 2}.bytes());
  p.expect(hex("50 03 00 02 87"));
  p.send(subscribe(3, {{"no", 0}}));
  p.expect(hex("90 04 00 03 00 87"));
  p.send(hex("82 02 00 01"));
  p.expect_end(hex("E0 01 81"));
}

TEST_P(V5Publish, SaysNoToTextThatIsNotUtf8WhenAskedTo) {
  clause("v5 MQTT-3.4.2-1");
  options.limits.payload_format_check = true;
  auto s = listen("s", "a/b");
  auto p = join("p");
  const std::string bad = "\xC3\x28";
  p.send(publish{.payload = bad, .qos = 1, .properties = byte_of(0x01, 1)}.bytes());
  EXPECT_EQ(only_answer(p).code, 0x99U);
  p.send(publish{.payload = bad, .qos = 1, .properties = byte_of(0x01, 0)}.bytes());
  p.expect(puback(1));
  p.send(publish{.payload = std::string("\xC3\xA4\0", 3), .properties = byte_of(0x01, 1)}.bytes());
  EXPECT_EQ(deliveries(s).size(), 2U);
  EXPECT_EQ(
      refusal_of(connect{.will = will{.payload = bad, .properties = byte_of(0x01, 1)}}.bytes())
          .code,
      0x99U);
}

TEST_P(V5Publish, ResolvesAliasesOfTheClient) {
  clause("v5 MQTT-3.3.2-12");
  clause("v5 MQTT-3.3.2-7");
  auto s = listen("s", "#");
  auto p = join("p");
  const auto say = [&](const std::string& topic, unsigned alias) {
    p.send(publish{.topic = topic, .properties = two_of(0x23, alias)}.bytes());
  };
  say("one", 1);
  say("", 1);
  say("last", 16);
  say("", 16);
  say("two", 1);
  say("", 1);
  EXPECT_EQ(payloads(s), (texts{"one=x", "one=x", "last=x", "last=x", "two=x", "two=x"}));
  p.cut();
  p = join("p");
  say("", 1);
  expect_goodbye(p, 0x82);
}

TEST_P(V5Publish, WithAnAliasAboveTheMaximumEndsTheConnection) {
  clause("v5 MQTT-3.2.2-17");
  clause("v5 MQTT-3.3.2-9");
  expect_fault_code(publish{.properties = two_of(0x23, 17)}.bytes(), 0x94);
}

TEST_P(V5Publish, WithAnAliasWhereThereAreNoneEndsTheConnection) {
  clause("v5 MQTT-3.2.2-18");
  options.limits.topic_alias_max = 0;
  auto p = join("p");
  EXPECT_FALSE(find(connack.properties, 0x22));
  p.send(publish{.properties = two_of(0x23, 1)}.bytes());
  expect_goodbye(p, 0x94);
}

TEST_P(V5Publish, UsesAliasesUpToWhatTheClientAllows) {
  clause("v5 MQTT-3.1.2-26");
  clause("v5 MQTT-3.3.2-11");
  auto p = join(connect{.id = "s", .properties = two_of(0x22, 2)});
  subscribe_to(p, "#", 1);
  std::vector<std::string> topics(3);
  const auto next = [&] {
    const delivery d = only_delivery(p);
    if (d.qos == 1) p.send(puback(d.id));
    const unsigned alias = find_number(d.properties, 0x23).value_or(0);
    EXPECT_LE(alias, 2U);
    if (alias == 0) return d.topic;
    if (!d.topic.empty()) topics.at(alias) = d.topic;
    return topics.at(alias);
  };
  unsigned saved = 0;
  for (const std::string topic : {"topic/1", "topic/1", "topic/2", "topic/1", "topic/3", "topic/1",
                                  "topic/2", "topic/3", "topic/3"}) {
    put({.topic = topic, .qos = saved++ % 2});
    EXPECT_EQ(next(), topic);
  }
}

TEST_P(V5Publish, UsesNoAliasesUnlessTheClientAllowsThem) {
  clause("v5 MQTT-3.1.2-27");
  auto a = listen("a", "#");
  auto b = join(connect{.id = "b", .properties = two_of(0x22, 0)});
  subscribe_to(b, "#");
  for (int i = 0; i < 3; ++i) put({.topic = "a/long/topic"});
  for (peer* const p : {&a, &b}) {
    for (const delivery& d : deliveries(*p)) {
      EXPECT_FALSE(find(d.properties, 0x23));
      EXPECT_EQ(d.topic, "a/long/topic");
    }
  }
}

TEST_P(V5Publish, ToAndFromOlderVersionsLosesOnlyItsProperties) {
  clause("v5 MQTT-3.3.2-17");
  auto old = broker_test::open();
  old.send(conformance::connect{.version = v31, .id = "old"}.bytes());
  EXPECT_TRUE(old.take(2));
  old.send(conformance::subscribe(1, {{"a/b", 2}}));
  EXPECT_TRUE(old.take(9));
  auto s = listen("new", "a/b", 2);
  const std::string all = user("a", "1") + text_of(0x03, "t") + four_of(0x02, 100);
  put({.payload = "from 5", .qos = 2, .properties = all});
  EXPECT_EQ(old.messages(), texts{"a/b=from 5"});
  EXPECT_EQ(only_delivery(s).properties,
            take_apart(user("a", "1") + text_of(0x03, "t") + four_of(0x02, 100)));
  old.send(conformance::publish{.payload = "from 3"}.bytes());
  const delivery d = only_delivery(s);
  EXPECT_EQ(d.payload, "from 3");
  EXPECT_TRUE(d.properties.empty());
}

}  // namespace
}  // namespace godwit::conformance::five
