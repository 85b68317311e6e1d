#include "conformance/v5_test.hpp"

#include <algorithm>

namespace godwit::conformance::five {
namespace {

/// Subscriptions with their options and identifiers.
class V5Subscribe : public v5_test {
 protected:
  static constexpr unsigned no_local = 0x04;
  static constexpr unsigned as_published = 0x08;
  static constexpr unsigned only_new = 0x10;
  static constexpr unsigned never = 0x20;

  [[nodiscard]] static std::vector<unsigned> identifiers(const delivery& d) {
    std::vector<unsigned> out;
    for (const auto& [id, value] : d.properties) {
      if (id == 0x0B) out.push_back(number(value));
    }
    std::sort(out.begin(), out.end());
    return out;
  }
};
INSTANTIATE_TEST_SUITE_P(Shards, V5Subscribe, one_and_three_shards, shards_of);

TEST_P(V5Subscribe, IsAnsweredOnceAndPerFilter) {
  clause("v5 MQTT-3.8.4-1");
  clause("v5 MQTT-3.8.4-2");
  clause("v5 MQTT-3.8.4-6");
  auto p = join("p");
  p.send(subscribe(0xABCD, {{"a", 2}, {"b", 0}, {"c", 1}}));
  p.expect(hex("90 06 AB CD 00 02 00 01"));
}

TEST_P(V5Subscribe, IsAnsweredInOrderWithACodeForEachFailure) {
  clause("v5 MQTT-3.8.4-7");
  clause("v5 MQTT-3.9.3-1");
  clause("v5 MQTT-3.9.3-2");
  test_authorizer rules;
  rules.denied = {{auth::action::subscribe, "no"}};
  options.authorizer = &rules;
  options.limits.subscriptions_max = 2;
  auto p = join("p");
  p.send(subscribe(1, {{"a", 2}, {"no", 0}, {"a/#/b", 1}, {"b", 1}, {"c", 0}, {"$share//x", 0}}));
  EXPECT_EQ(to_hex(only_answer(p).codes), "02 87 8F 01 97 8F");
}

TEST_P(V5Subscribe, SaysWhatIsSwitchedOff) {
  clause("v5 MQTT-3.9.3-2");
  options.limits.wildcards_available = false;
  options.limits.shared_available = false;
  options.limits.subscription_identifiers_available = false;
  auto p = join("p");
  p.send(subscribe(1, {{"a/#", 0}, {"+", 0}, {"$share/g/a", 0}, {"a", 0}}));
  EXPECT_EQ(to_hex(only_answer(p).codes), "A2 A2 9E 00");
  p.send(subscribe(2, {{"b", 0}}, variable_of(0x0B, 1)));
  EXPECT_EQ(to_hex(only_answer(p).codes), "A1");
}

TEST_P(V5Subscribe, PipelinedRequestsGetTheirOwnIds) {
  clause("v5 MQTT-2.2.1-6");
  auto p = join("p");
  p.send(subscribe(1, {{"a", 0}}) + unsubscribe(2, {"a"}) + subscribe(3, {{"b", 1}}));
  p.expect(hex("90 04 00 01 00 00 B0 04 00 02 00 00 90 04 00 03 00 01"));
}

TEST_P(V5Subscribe, DeliversAtTheLowerQos) {
  clause("v5 MQTT-3.8.4-8");
  for (unsigned granted = 0; granted < 3; ++granted) {
    auto p = listen("s" + std::to_string(granted), "m", granted);
    for (unsigned qos = 0; qos < 3; ++qos) {
      put({.topic = "m", .qos = qos});
      EXPECT_EQ(only_delivery(p).qos, std::min(granted, qos));
    }
  }
}

TEST_P(V5Subscribe, WithNoLocalBringsNothingOfItsOwn) {
  clause("v5 MQTT-3.8.3-3");
  auto p = join("p");
  subscribe_to(p, "own", no_local | 2);
  subscribe_to(p, "all", 2);
  for (unsigned qos = 0; qos < 2; ++qos) {
    p.send(publish{.topic = "own", .qos = qos, .id = 1}.bytes());
    EXPECT_EQ(p.packets().size(), qos);
  }
  p.send(publish{.topic = "all"}.bytes());
  EXPECT_EQ(payloads(p), texts{"all=x"});
  put({.topic = "own", .payload = "of others"});
  EXPECT_EQ(payloads(p), texts{"own=of others"});
}

TEST_P(V5Subscribe, WithNoLocalConcernsOnlyThatSubscription) {
  clause("v5 MQTT-3.8.3-3");
  auto p = join("p");
  subscribe_to(p, "a/#", no_local | 2, variable_of(0x0B, 1));
  subscribe_to(p, "a/b", 0, variable_of(0x0B, 2));
  p.send(publish{.qos = 1}.bytes());
  const auto all = p.packets();
  ASSERT_EQ(all.size(), 2U);
  const auto& mine = all[all[0].is_publish() ? 0 : 1];
  EXPECT_EQ(delivery_of(mine).qos, 0U);
  EXPECT_EQ(identifiers(delivery_of(mine)), std::vector<unsigned>{2});
}

TEST_P(V5Subscribe, WithNoLocalBringsNothingOfItsOwnRetainedEither) {
  clause("v5 MQTT-3.8.3-3");
  auto p = join("p");
  p.send(publish{.topic = "r/own", .qos = 1, .retain = true}.bytes());
  EXPECT_EQ(only_answer(p).type, 4U);
  put({.topic = "r/other", .retain = true});
  subscribe_to(p, "r/#", no_local);
  EXPECT_EQ(payloads(p), texts{"r/other=x"});
  broker().crash_and_restart();
  p = join("p");
  subscribe_to(p, "r/own", no_local);
  p.expect_silence();
  auto q = join("q");
  subscribe_to(q, "r/own", no_local);
  EXPECT_EQ(payloads(q), texts{"r/own=x"});
}

TEST_P(V5Subscribe, KeepsRetainOnlyIfAskedTo) {
  clause("v5 MQTT-3.3.1-12");
  clause("v5 MQTT-3.3.1-13");
  auto plain = listen("plain", "r", 1);
  auto kept = listen("kept", "r", as_published | 1);
  for (unsigned qos = 0; qos < 2; ++qos) {
    for (const bool retain : {true, false}) {
      put({.topic = "r", .qos = qos, .retain = retain});
      EXPECT_FALSE(only_delivery(plain).retain);
      EXPECT_EQ(only_delivery(kept).retain, retain);
    }
  }
}

TEST_P(V5Subscribe, BringsRetainedMessagesAsItsHandlingSays) {
  clause("v5 MQTT-3.3.1-9");
  clause("v5 MQTT-3.3.1-10");
  clause("v5 MQTT-3.3.1-11");
  put({.topic = "r", .retain = true});
  auto p = join("p");
  subscribe_to(p, "r", never);
  p.expect_silence();
  subscribe_to(p, "r", only_new);
  p.expect_silence();
  p.send(unsubscribe(1, {"r"}));
  EXPECT_EQ(only_answer(p).type, 11U);
  subscribe_to(p, "r", only_new);
  EXPECT_TRUE(only_delivery(p).retain);
  subscribe_to(p, "r", only_new);
  p.expect_silence();
  for (int i = 0; i < 2; ++i) {
    subscribe_to(p, "r", 0);
    EXPECT_TRUE(only_delivery(p).retain);
  }
}

TEST_P(V5Subscribe, IsNotNewAfterARestart) {
  clause("v5 MQTT-3.3.1-10");
  put({.topic = "r", .qos = 1, .retain = true});
  const connect c{.id = "p", .clean = false, .properties = four_of(0x11, 1'000)};
  auto p = join(c);
  subscribe_to(p, "r", only_new);
  EXPECT_TRUE(only_delivery(p).retain);
  broker().crash_and_restart();
  p = join(c);
  subscribe_to(p, "r", only_new);
  p.expect_silence();
}

TEST_P(V5Subscribe, AgainReplacesAllItsOptions) {
  clause("v5 MQTT-3.8.4-3");
  clause("v5 MQTT-3.8.4-4");
  clause("v5 MQTT-3.8.4-5");
  put({.topic = "r", .payload = "kept", .retain = true});
  auto p = join("p");
  p.send(subscribe(1, {{"r", no_local | as_published}, {"r", 1}, {"r", 2}}, variable_of(0x0B, 5)));
  auto got = p.packets();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(to_hex(answer_of(got[0]).codes), "00 01 02");
  subscribe_to(p, "r", 1, variable_of(0x0B, 6));
  EXPECT_EQ(payloads(p), texts{"r=kept"});
  put({.topic = "r", .payload = "live", .qos = 2, .retain = true});
  const delivery d = only_delivery(p);
  EXPECT_EQ(d.qos, 1U);
  EXPECT_FALSE(d.retain);
  EXPECT_EQ(identifiers(d), std::vector<unsigned>{6});
  p.send(puback(d.id));
  subscribe_to(p, "r", 0);
  EXPECT_TRUE(identifiers(only_delivery(p)).empty());
}

TEST_P(V5Subscribe, OverlappingGetOneCopyWithAllIdentifiers) {
  clause("v5 MQTT-3.3.4-2");
  clause("v5 MQTT-3.3.4-3");
  clause("v5 MQTT-3.3.4-4");
  auto p = join("p");
  subscribe_to(p, "a/#", 0, variable_of(0x0B, 1));
  subscribe_to(p, "a/b", 2, variable_of(0x0B, 268'435'455));
  subscribe_to(p, "a/+", 1);
  for (unsigned qos = 0; qos < 3; ++qos) {
    put({.qos = qos});
    const delivery d = only_delivery(p);
    EXPECT_EQ(d.qos, qos);
    EXPECT_EQ(identifiers(d), (std::vector<unsigned>{1, 268'435'455}));
  }
}

TEST_P(V5Subscribe, EachCopyCarriesTheIdentifierOfItsSubscription) {
  clause("v5 MQTT-3.3.4-5");
  put({.topic = "r", .retain = true});
  auto p = join("p");
  subscribe_to(p, "r", 0, variable_of(0x0B, 300));
  EXPECT_EQ(identifiers(only_delivery(p)), std::vector<unsigned>{300});
  subscribe_to(p, "$share/g/s", 1, variable_of(0x0B, 4));
  put({.topic = "s", .qos = 1});
  EXPECT_EQ(identifiers(only_delivery(p)), std::vector<unsigned>{4});
}

TEST_P(V5Subscribe, IdentifiersAndOptionsOutliveTheBroker) {
  clause("v5 MQTT-3.3.4-3");
  clause("v5 MQTT-3.3.1-13");
  const connect c{.id = "p", .clean = false, .properties = four_of(0x11, 1'000)};
  auto p = join(c);
  subscribe_to(p, "a/#", as_published | 1, variable_of(0x0B, 7));
  p.cut();
  put({.payload = "before", .qos = 1});
  broker().crash_and_restart();
  put({.payload = "after", .qos = 1, .retain = true});
  p = join(c);
  const auto all = deliveries(p);
  ASSERT_EQ(all.size(), 2U);
  for (const delivery& d : all) EXPECT_EQ(identifiers(d), std::vector<unsigned>{7}) << d.payload;
  EXPECT_TRUE(all[1].retain);
}

TEST_P(V5Subscribe, NoLocalOnASharedOneIsAProtocolError) {
  clause("v5 MQTT-3.8.3-4");
  expect_fault_code(subscribe(1, {{"$share/g/a", no_local}}), 0x82);
}

TEST_P(V5Subscribe, SharedRespectsTheMembersQos) {
  clause("v5 MQTT-4.8.2-3");
  auto low = listen("low", "$share/g/a", 0);
  auto high = listen("high", "$share/g/a", 1);
  for (int i = 0; i < 4; ++i) put({.topic = "a", .qos = 2});
  const auto at_low = deliveries(low);
  const auto at_high = deliveries(high);
  EXPECT_EQ(at_low.size() + at_high.size(), 4U);
  EXPECT_EQ(at_low.size(), 2U);
  for (const delivery& d : at_low) EXPECT_EQ(d.qos, 0U);
  for (const delivery& d : at_high) EXPECT_EQ(d.qos, 1U);
}

TEST_P(V5Subscribe, SharedMessageThatAMemberRefusesGoesToNobodyElse) {
  clause("v5 MQTT-4.8.2-6");
  auto a = join(connect{.id = "a", .properties = four_of(0x11, 5)});
  auto b = join("b");
  subscribe_to(a, "$share/g/x", 2);
  put({.topic = "x", .qos = 1});
  a.send(ack(0x40, only_delivery(a).id, 0x83));
  put({.topic = "x", .qos = 2});
  a.send(ack(0x50, only_delivery(a).id, 0x83));
  a.expect_silence();
  subscribe_to(b, "$share/g/x", 2);
  a.cut();
  pass(seconds{10});
  b.expect_silence();
}

TEST_P(V5Subscribe, SharedGoesToWhoHasLeastOnItsWayWhenAskedTo) {
  clause("v5 MQTT-4.8.2-3");
  options.limits.share_selection = session::share_policy::least_in_flight;
  auto slow = listen("slow", "$share/g/a", 1);
  auto fast = listen("fast", "$share/g/a", 1);
  std::size_t of_fast = 0;
  for (int i = 0; i < 100; ++i) {
    put({.topic = "a", .qos = 1});
    of_fast += payloads(fast).size();  // acknowledged at once
  }
  EXPECT_GT(of_fast, 80U);
  EXPECT_EQ(of_fast + deliveries(slow).size(), 100U);
}

TEST_P(V5Subscribe, SharedNeverBringsRetainedMessages) {
  clause("v5 MQTT-3.3.1-9");
  put({.topic = "r", .retain = true});
  auto p = listen("p", "$share/g/r", 0);
  p.expect_silence();
}

TEST_P(V5Subscribe, EndsByItsExactFilter) {
  clause("v5 MQTT-3.10.4-1");
  clause("v5 MQTT-3.10.4-5");
  clause("v5 MQTT-3.11.3-1");
  auto p = join("p");
  subscribe_to(p, "a/+");
  subscribe_to(p, "$share/g/a/b");
  p.send(unsubscribe(0x0102, {"a/b", "a/+", "g/a/b", "$share/g/a/b", "a/#/b"}));
  p.expect(hex("B0 08 01 02 00 11 00 11 00 8F"));
}

TEST_P(V5Subscribe, ThatEndedBringsNothingNew) {
  clause("v5 MQTT-3.10.4-2");
  clause("v5 MQTT-3.10.4-4");
  clause("v5 MQTT-3.10.4-6");
  auto p = listen("p", "a/b", 1);
  subscribe_to(p, "c");
  p.send(unsubscribe(9, {"a/b", "unknown", "c"}));
  p.expect(hex("B0 06 00 09 00 00 11 00"));
  put({.qos = 1});
  put({.topic = "c"});
  p.expect_silence();
}

TEST_P(V5Subscribe, ThatEndedFinishesWhatWasBegun) {
  clause("v5 MQTT-3.10.4-3");
  auto p = listen("p", "a/b", 2);
  put({.qos = 2});
  const delivery d = only_delivery(p);
  p.send(unsubscribe(1, {"a/b"}));
  EXPECT_EQ(only_answer(p).type, 11U);
  p.send(pubrec(d.id));
  p.expect(pubrel(d.id));
  p.send(pubcomp(d.id));
  expect_alive(p);
}

}  // namespace
}  // namespace godwit::conformance::five
