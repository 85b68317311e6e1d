#include "conformance/v5_test.hpp"

#include <set>

namespace godwit::conformance::five {
namespace {

/// Receive Maximum, Maximum Packet Size, acknowledgements with reasons, order.
class V5Flow : public v5_test {
 protected:
  [[nodiscard]] peer receiver(unsigned maximum, unsigned qos = 2, bool clean = true) {
    auto p = join(connect{
        .id = "s", .clean = clean, .properties = four_of(0x11, 100) + two_of(0x21, maximum)});
    if (connack.flags == 0) subscribe_to(p, "a/#", qos);
    return p;
  }
};
INSTANTIATE_TEST_SUITE_P(Shards, V5Flow, one_and_three_shards, shards_of);

TEST_P(V5Flow, KeepsWithinTheClientsReceiveMaximum) {
  clause("v5 MQTT-3.3.4-9");
  clause("v5 MQTT-4.9.0-1");
  clause("v5 MQTT-4.9.0-2");
  auto p = receiver(3);
  for (unsigned i = 0; i < 10; ++i) put({.payload = std::to_string(i), .qos = 1 + i % 2});
  const auto first = deliveries(p);
  ASSERT_EQ(first.size(), 3U);
  p.send(puback(first[0].id));
  const auto second = deliveries(p);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].payload, "3");
  p.send(pubrec(first[1].id));
  p.expect(pubrel(first[1].id));
  p.send(pubcomp(first[1].id));
  EXPECT_EQ(only_delivery(p).payload, "4");
}

TEST_P(V5Flow, GoesOnWithOtherPacketsWhileTheWindowIsFull) {
  clause("v5 MQTT-3.3.4-10");
  clause("v5 MQTT-4.9.0-3");
  auto p = receiver(1);
  put({.topic = "a/1", .qos = 1});
  put({.topic = "a/2", .qos = 1});
  const delivery d = only_delivery(p);
  expect_alive(p);
  subscribe_to(p, "b");
  p.send(publish{.topic = "c", .qos = 2}.bytes());
  EXPECT_EQ(only_answer(p).type, 5U);
  p.send(pubrel(1));
  p.expect(pubcomp(1));
  p.send(puback(d.id));
  EXPECT_EQ(only_delivery(p).topic, "a/2");
}

TEST_P(V5Flow, CountsTheReceiveMaximumAnewForEachConnection) {
  clause("v5 MQTT-3.3.4-9");
  auto p = receiver(5);
  for (int i = 0; i < 8; ++i) put({.payload = std::to_string(i), .qos = 1});
  EXPECT_EQ(deliveries(p).size(), 5U);
  p.cut();
  p = receiver(2, 2, false);
  auto some = deliveries(p);
  ASSERT_EQ(some.size(), 2U);
  EXPECT_EQ(some[0].payload, "0");
  EXPECT_TRUE(some[0].dup);
  std::string all;
  while (!some.empty()) {
    EXPECT_LE(some.size(), 2U);
    for (const delivery& d : some) {
      all += d.payload;
      p.send(puback(d.id));
    }
    some = deliveries(p);
  }
  EXPECT_EQ(all, "01234567");
}

TEST_P(V5Flow, EndsAConnectionThatSendsTooManyAtOnce) {
  clause("v5 MQTT-3.3.4-7");
  options.limits.receive_maximum = 2;
  auto p = join("p");
  EXPECT_EQ(find_number(connack.properties, 0x21), 2U);
  for (unsigned id = 1; id <= 2; ++id) p.send(publish{.qos = 2, .id = id}.bytes());
  EXPECT_EQ(p.packets().size(), 2U);
  p.send(publish{.qos = 2, .id = 2, .dup = true}.bytes());  // the same one
  p.expect(pubrec(2));
  p.send(pubrel(1));
  p.expect(pubcomp(1));
  p.send(publish{.qos = 2, .id = 3}.bytes());
  EXPECT_EQ(p.packets().size(), 1U);
  p.send(publish{.qos = 1, .id = 4}.bytes());
  expect_goodbye(p, 0x93);
}

TEST_P(V5Flow, ToleratesTooManyAtOnceWhenAskedTo) {
  clause("v5 MQTT-3.3.4-7");
  options.limits.receive_maximum = 1;
  options.limits.receive_maximum_overrun = session::overrun_reaction::tolerate;
  auto p = join("p");
  for (unsigned id = 1; id <= 3; ++id) p.send(publish{.qos = 2, .id = id}.bytes());
  EXPECT_EQ(p.packets().size(), 3U);
  expect_alive(p);
}

TEST_P(V5Flow, DropsWhatIsTooLargeForTheClient) {
  clause("v5 MQTT-3.1.2-24");
  clause("v5 MQTT-3.1.2-25");
  auto p = join(connect{.id = "s", .properties = four_of(0x27, 64) + two_of(0x21, 1)});
  subscribe_to(p, "a", 2);
  for (unsigned qos = 0; qos < 3; ++qos) {
    put({.topic = "a", .payload = std::string(200, 'x'), .qos = qos});
    put({.topic = "a", .payload = "small", .qos = qos});
    EXPECT_EQ(payloads(p), texts{"a=small"}) << qos;
  }
  EXPECT_EQ(broker().counters()[observe::drop_reason::packet_too_large], 3U);
  // A packet of exactly the maximum fits: 2 + 3 + 1 + 58 bytes.
  put({.topic = "a", .payload = std::string(58, 'y')});
  EXPECT_EQ(deliveries(p).size(), 1U);
  put({.topic = "a", .payload = std::string(59, 'y')});
  p.expect_silence();
}

TEST_P(V5Flow, DropsWhatIsTooLargeAlsoRetainedAndQueued) {
  clause("v5 MQTT-3.1.2-24");
  clause("v5 MQTT-3.1.2-25");
  const connect c{.id = "s", .clean = false, .properties = four_of(0x11, 100) + four_of(0x27, 64)};
  const std::string large(200, 'x');
  put({.topic = "r/1", .payload = large, .retain = true});
  put({.topic = "r/2", .payload = "small", .retain = true});
  auto p = join(c);
  subscribe_to(p, "r/#", 1);
  EXPECT_EQ(payloads(p), texts{"r/2=small"});
  EXPECT_EQ(broker().counters()[observe::drop_reason::packet_too_large], 1U);
  p.cut();
  for (unsigned qos = 1; qos < 3; ++qos) {
    put({.topic = "r/q", .payload = large, .qos = qos});
    put({.topic = "r/q", .payload = std::to_string(qos), .qos = qos});
  }
  p = join(c);
  EXPECT_EQ(payloads(p), (texts{"r/q=1", "r/q=2"}));
  EXPECT_EQ(broker().counters()[observe::drop_reason::packet_too_large], 3U);
  EXPECT_EQ(broker().census().log_entries, 0U);
  broker().check_balance();
}

TEST_P(V5Flow, EndsAConnectionThatSendsTooLargeAPacket) {
  clause("v5 MQTT-3.2.2-15");
  options.limits.packet_bytes_max = 100;
  expect_fault_code(publish{.payload = std::string(200, 'x')}.bytes(), 0x95);
}

TEST_P(V5Flow, TakesARefusalForAnEnd) {
  clause("v5 MQTT-4.4.0-2");
  clause("v5 MQTT-4.3.3-4");
  auto p = receiver(1);
  put({.topic = "a/1", .qos = 1});
  p.send(ack(0x40, only_delivery(p).id, 0x80));
  put({.topic = "a/2", .qos = 2});
  p.send(ack(0x50, only_delivery(p).id, 0x97));
  put({.topic = "a/3", .qos = 2});
  const delivery d = only_delivery(p);
  p.send(ack(0x50, d.id, 0x10));
  p.expect(pubrel(d.id));
  p.send(pubcomp(d.id));
  EXPECT_EQ(broker().counters()[observe::drop_reason::refused_by_client], 2U);
  p.cut();
  p = receiver(1, 2, false);
  p.expect_silence();
}

TEST_P(V5Flow, AnswersWhatItDoesNotKnow) {
  clause("v5 MQTT-3.6.2-1");
  clause("v5 MQTT-3.7.2-1");
  clause("v5 MQTT-4.3.3-11");
  auto p = join("p");
  p.send(pubrel(9));
  p.expect(hex("70 03 00 09 92"));
  p.send(pubrec(9));
  p.expect(hex("62 03 00 09 92"));
  p.send(puback(9) + pubcomp(9));
  expect_alive(p);
}

TEST_P(V5Flow, GoesThroughQos2Once) {
  clause("v5 MQTT-4.3.3-8");
  clause("v5 MQTT-4.3.3-10");
  clause("v5 MQTT-4.3.3-12");
  auto s = listen("s", "a/b", 2);
  auto p = join("p");
  for (int i = 0; i < 3; ++i) {
    p.send(publish{.payload = "one", .qos = 2, .id = 7, .dup = i > 0}.bytes());
    p.expect(pubrec(7));
  }
  for (int i = 0; i < 1; ++i) {
    p.send(pubrel(7));
    p.expect(pubcomp(7));
  }
  EXPECT_EQ(payloads(s), texts{"a/b=one"});
  p.send(publish{.payload = "two", .qos = 2, .id = 7}.bytes());
  p.expect(pubrec(7));
  EXPECT_EQ(payloads(s), texts{"a/b=two"});
}

TEST_P(V5Flow, TakesEachQos1AsNewAfterItsPuback) {
  clause("v5 MQTT-4.3.2-4");
  clause("v5 MQTT-4.3.2-5");
  clause("v5 MQTT-3.3.1-3");
  auto s = listen("s", "a/b", 1);
  auto p = join("p");
  for (const bool dup : {false, true}) {
    p.send(publish{.qos = 1, .id = 5, .dup = dup}.bytes());
    p.expect(puback(5));
    const delivery d = only_delivery(s);
    EXPECT_FALSE(d.dup);
    s.send(puback(d.id));
  }
}

TEST_P(V5Flow, GivesEachMessageAnIdOfItsOwn) {
  clause("v5 MQTT-2.2.1-4");
  clause("v5 MQTT-4.3.2-1");
  clause("v5 MQTT-4.3.3-1");
  auto s = listen("s", "a/b", 2);
  for (unsigned i = 0; i < 20; ++i) put({.qos = 1 + i % 2});
  std::set<unsigned> ids;
  for (const delivery& d : deliveries(s)) {
    EXPECT_NE(d.id, 0U);
    EXPECT_TRUE(ids.insert(d.id).second);
  }
  EXPECT_EQ(ids.size(), 20U);
}

TEST_P(V5Flow, SendsFirstCopiesWithoutDup) {
  clause("v5 MQTT-4.3.1-1");
  clause("v5 MQTT-4.3.2-2");
  clause("v5 MQTT-4.3.3-2");
  auto s = listen("s", "a/b", 2);
  for (unsigned qos = 0; qos < 3; ++qos) {
    put({.qos = qos});
    const delivery d = only_delivery(s);
    EXPECT_EQ(d.qos, qos);
    EXPECT_FALSE(d.dup);
  }
}

TEST_P(V5Flow, FinishesWhatExpiredMeanwhile) {
  clause("v5 MQTT-4.3.3-7");
  clause("v5 MQTT-4.3.3-13");
  auto p = receiver(5);
  put({.topic = "a/1", .qos = 2, .properties = four_of(0x02, 1)});
  const delivery first = only_delivery(p);
  p.cut();
  pass(seconds{3});
  p = receiver(5, 2, false);
  const delivery again = only_delivery(p);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(find_number(again.properties, 0x02), 0U);
  p.send(pubrec(first.id));
  p.expect(pubrel(first.id));
  p.send(pubcomp(first.id));
  auto q = join("q");
  q.send(publish{.topic = "a/2", .qos = 2, .properties = four_of(0x02, 1)}.bytes());
  q.expect(pubrec(1));
  pass(seconds{2});
  q.send(pubrel(1));
  q.expect(pubcomp(1));
}

TEST_P(V5Flow, DeliversInTheOrderOfPublishing) {
  clause("v5 MQTT-4.6.0-5");
  clause("v5 MQTT-4.6.0-6");
  clause("v5 MQTT-4.5.0-1");
  for (unsigned qos = 0; qos < 3; ++qos) {
    auto s = listen("s" + std::to_string(qos), "t/#", qos);
    auto p = join("p" + std::to_string(qos));
    texts expected;
    for (unsigned i = 1; i <= 50; ++i) {
      p.send(publish{.topic = "t/x", .payload = std::to_string(i), .qos = qos, .id = i}.bytes());
      expected.push_back("t/x=" + std::to_string(i));
    }
    EXPECT_EQ(payloads(s), expected);
  }
}

TEST_P(V5Flow, SetsRetainedWhatHasRetain) {
  clause("v5 MQTT-3.3.1-5");
  clause("v5 MQTT-3.3.1-6");
  clause("v5 MQTT-3.3.1-7");
  put({.topic = "r", .payload = "A", .retain = true});
  put({.topic = "r", .payload = "B", .retain = true, .properties = user("k", "v")});
  auto p = listen("one", "r");
  const delivery d = only_delivery(p);
  EXPECT_EQ(d.payload, "B");
  EXPECT_TRUE(d.retain);
  EXPECT_EQ(find(d.properties, 0x26), "k=v");
  put({.topic = "r", .payload = "", .retain = true});
  EXPECT_EQ(only_delivery(p).payload, "");
  auto q = listen("two", "r");
  q.expect_silence();
}

TEST_P(V5Flow, LeavesRetainedAloneWhatHasNoRetain) {
  clause("v5 MQTT-3.3.1-8");
  put({.topic = "r", .payload = "A", .retain = true});
  put({.topic = "r", .payload = "B"});
  put({.topic = "r", .payload = ""});
  auto p = listen("one", "r");
  EXPECT_EQ(payloads(p), texts{"r=A"});
}

/// A client that takes next to nothing, and is refused everything.
class V5SmallPackets : public V5Flow {
 protected:
  void SetUp() override {
    rules_.denied = {{auth::action::publish, "no"}, {auth::action::subscribe, "no"}};
    options.authorizer = &rules_;
  }
  /// The answer to these bytes, which has no room for a reason.
  void expect_short(const std::string& bytes, std::string_view answer) {
    auto p = join(connect{.id = "small", .properties = four_of(0x27, 18)});
    p.send(bytes);
    p.expect(hex(answer));
  }
  /// The answer to these bytes has no User Property even where there is room.
  void expect_no_user_property(const std::string& bytes) {
    auto p = join("large");
    p.send(bytes);
    EXPECT_FALSE(find(only_answer(p).properties, 0x26));
  }

 private:
  test_authorizer rules_;
};
INSTANTIATE_TEST_SUITE_P(Shards, V5SmallPackets, one_and_three_shards, shards_of);

TEST_P(V5SmallPackets, AnswersToPublishesFit) {
  clause("v5 MQTT-3.4.2-3");
  clause("v5 MQTT-3.5.2-3");
  const auto one = publish{.topic = "no", .qos = 1}.bytes();
  const auto two = publish{.topic = "no", .qos = 2}.bytes();
  expect_short(one, "40 03 00 01 87");
  expect_short(two, "50 03 00 01 87");
  expect_no_user_property(one);
  expect_no_user_property(two);
}

TEST_P(V5SmallPackets, PubrelsFit) {
  clause("v5 MQTT-3.6.2-2");
  clause("v5 MQTT-3.6.2-3");
  expect_short(pubrec(5), "62 03 00 05 92");
  expect_no_user_property(pubrec(5));
}

TEST_P(V5SmallPackets, PubcompsFit) {
  clause("v5 MQTT-3.7.2-2");
  clause("v5 MQTT-3.7.2-3");
  expect_short(pubrel(5), "70 03 00 05 92");
  expect_no_user_property(pubrel(5));
}

TEST_P(V5SmallPackets, SubacksFit) {
  clause("v5 MQTT-3.9.2-1");
  clause("v5 MQTT-3.9.2-2");
  const auto request = subscribe(6, {{"no", 0}});
  expect_short(request, "90 04 00 06 00 87");
  expect_no_user_property(request);
}

TEST_P(V5SmallPackets, UnsubacksFit) {
  clause("v5 MQTT-3.11.2-1");
  clause("v5 MQTT-3.11.2-2");
  const auto request = unsubscribe(6, {"no"});
  expect_short(request, "B0 04 00 06 00 11");
  expect_no_user_property(request);
}

TEST_P(V5SmallPackets, AnAnswerThatCannotFitEndsTheConnection) {
  clause("v5 MQTT-3.1.2-24");
  auto p = join(connect{.id = "small", .properties = four_of(0x27, 18)});
  filters many;
  for (int i = 0; i < 30; ++i) many.emplace_back("f" + std::to_string(i), 0);
  p.send(subscribe(1, many));
  p.expect_end(hex("E0 01 95"));
}

TEST_P(V5Flow, AnswersPings) {
  clause("v5 MQTT-3.12.4-1");
  clause("v5 MQTT-4.2-1");
  auto p = join("p");
  p.send(hex("C0 00"));
  p.expect(hex("D0 00"));
}

}  // namespace
}  // namespace godwit::conformance::five
