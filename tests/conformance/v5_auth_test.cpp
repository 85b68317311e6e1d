#include "conformance/v5_test.hpp"

namespace godwit::conformance::five {
namespace {

/// Enhanced authentication with methods of one and of two rounds.
class V5Auth : public v5_test {
 protected:
  V5Auth() { options.authenticator = &who; }

  /// A client whose CONNECT has been answered with an AUTH.
  [[nodiscard]] peer begin(connect c, std::string_view data = "one") {
    auto p = open();
    c.properties += login("TWO", data);
    p.send(c.bytes());
    const answer next = only_answer(p);
    EXPECT_EQ(next.type, 15U);
    expect_auth(next, 0x18, "two");
    return p;
  }
  [[nodiscard]] peer begin(const std::string& id) { return begin(connect{.id = id}); }
  /// One that is in, as this user.
  [[nodiscard]] peer log_in(const connect& c, const std::string& name = "ann") {
    auto p = begin(c);
    p.send(auth(0x18, "TWO", name));
    const auto got = p.take(2);
    connack = got ? answer_of(*got) : answer{.code = 0xFF};
    EXPECT_EQ(connack.code, 0U);
    return p;
  }
  [[nodiscard]] peer log_in(const std::string& id) { return log_in(connect{.id = id}); }
  static void expect_auth(const answer& a, unsigned code, const std::string& data) {
    EXPECT_EQ(a.type, 15U);
    EXPECT_EQ(a.code, code);
    EXPECT_EQ(find(a.properties, 0x15), "TWO");
    EXPECT_EQ(find(a.properties, 0x16), data);
    EXPECT_EQ(a.properties.size(), 2U) << "no reason and no user property";
  }
  /// CONNACK with this code, and the end.
  static void expect_refusal(peer& p, unsigned code) {
    const auto all = p.packets();
    EXPECT_TRUE(p.closed());
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all.front().type(), 2U);
    EXPECT_EQ(answer_of(all.front()).code, code);
  }

  test_authenticator who;
};
INSTANTIATE_TEST_SUITE_P(Shards, V5Auth, one_and_three_shards, shards_of);

TEST_P(V5Auth, GoesThroughItsSteps) {
  clause("v5 MQTT-4.12.0-2");
  clause("v5 MQTT-4.12.0-5");
  // Several ids, so that some are at home on another shard than the one that accepts them.
  for (const char* id : {"a", "b", "c", "d", "e"}) {
    auto p = log_in(id);
    EXPECT_EQ(find(connack.properties, 0x15), "TWO");
    EXPECT_EQ(find(connack.properties, 0x16), "welcome");
    expect_alive(p);
    subscribe_to(p, std::string{"t/"} + id, 1);
    put({.topic = std::string{"t/"} + id, .payload = id, .qos = 1});
    EXPECT_EQ(payloads(p), texts{std::string{"t/"} + id + "=" + id});
  }
  EXPECT_EQ(who.questions.size(), 5U) << "only the publishers have passwords to be asked for";
}

TEST_P(V5Auth, MayBeOverWithTheConnect) {
  clause("v5 MQTT-4.12.0-5");
  auto p = join(connect{.id = "c", .properties = login("ONE", "yes")});
  EXPECT_EQ(find(connack.properties, 0x15), "ONE");
  EXPECT_FALSE(find(connack.properties, 0x16));
  expect_alive(p);
  EXPECT_EQ(refusal_of(connect{.id = "d", .properties = login("ONE", "no")}.bytes()).code, 0x87U);
}

TEST_P(V5Auth, MethodThatIsNotServedIsRefused) {
  clause("v5 MQTT-4.12.0-1");
  for (const char* method : {"X", "", "two"}) {
    EXPECT_EQ(refusal_of(connect{.properties = login(method, "one")}.bytes()).code, 0x8CU);
  }
}

TEST_P(V5Auth, IsRefusedAtAnyStep) {
  clause("v5 MQTT-4.12.0-4");
  auto watcher = listen("watcher", "will/#");
  EXPECT_EQ(refusal_of(connect{.properties = login("TWO", "wrong")}.bytes()).code, 0x87U);
  EXPECT_EQ(refusal_of(connect{.properties = login("TWO")}.bytes()).code, 0x87U);
  auto p = begin(connect{.id = "c", .will = will{}});
  p.send(auth(0x18, "TWO", "nobody"));
  expect_refusal(p, 0x87);
  auto q = begin("d");
  q.send(auth(0x18, "TWO"));
  expect_refusal(q, 0x87);
  EXPECT_TRUE(deliveries(watcher).empty()) << "who was never let in leaves no will";
  EXPECT_EQ(broker().census().sessions, 1U);
}

TEST_P(V5Auth, GoesOnWithItsCodeAndMethodOnly) {
  clause("v5 MQTT-4.12.0-3");
  clause("v5 MQTT-4.12.0-5");
  clause("v5 MQTT-3.15.2-1");
  for (const auto& wrong :
       {auth(0x19, "TWO", "ann"), auth(0x18, "ONE", "ann"), auth(0x18, "two", "ann"),
        auth(0x18, ""), auth(0x00, "TWO", "ann"), auth(0x87, "TWO", "ann"), hex("F0 00")}) {
    auto p = begin("c");
    SCOPED_TRACE(to_hex(wrong));
    p.send(wrong);
    const auto all = p.packets();
    EXPECT_TRUE(p.closed());
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all.front().type(), 2U);
    EXPECT_GE(answer_of(all.front()).code, 0x81U);
    EXPECT_LE(answer_of(all.front()).code, 0x82U);
  }
}

TEST_P(V5Auth, NothingElseCountsBeforeTheConnack) {
  clause("v5 MQTT-3.1.2-30");
  for (const auto& early :
       {publish{.topic = "r", .retain = true}.bytes(), subscribe(1, {{"#", 0}}), hex("C0 00")}) {
    auto p = begin("c");
    p.send(early + auth(0x18, "TWO", "ann"));
    expect_refusal(p, 0x82);
  }
  auto pipelined = open();
  pipelined.send(connect{.properties = login("TWO", "one")}.bytes() +
                 publish{.topic = "r", .retain = true}.bytes());
  EXPECT_TRUE(pipelined.take(15));
  expect_refusal(pipelined, 0x82);
  auto late = listen("late", "r");
  EXPECT_TRUE(deliveries(late).empty());
  auto p = begin("c");
  p.send(hex("E0 00"));
  p.expect_end();
}

TEST_P(V5Auth, HasTheTimeOfAConnect) {
  options.limits.connect_timeout = seconds{10};
  auto p = begin(connect{.id = "c", .keep_alive_s = 1});
  pass(milliseconds{9'900});
  EXPECT_FALSE(p.closed());
  pass(milliseconds{200});
  p.expect_end();
  auto q = begin("d");
  q.finish();
  q.expect_end();
  EXPECT_EQ(broker().census().connections, 0U);
}

TEST_P(V5Auth, BytesMayComeInAnyPieces) {
  auto p = begin("c");
  const std::string rest = auth(0x18, "TWO", "ann") + hex("C0 00");
  for (const char byte : rest) p.send(std::string{byte});
  EXPECT_TRUE(p.take(2));
  EXPECT_TRUE(p.take(13));
  auto q = begin("d");  // what follows the last step may come with it
  q.send(rest);
  EXPECT_TRUE(q.take(2));
  EXPECT_TRUE(q.take(13));
}

TEST_P(V5Auth, ThatDoesNotFitIntoTheClientsPacketsEndsTheConnection) {
  clause("v5 MQTT-3.15.2-2");
  clause("v5 MQTT-3.15.2-3");
  // F0, length, code, length of 12 bytes of properties
  auto p = begin(connect{.id = "c", .properties = four_of(0x27, 16)});
  EXPECT_EQ(refusal_of(connect{.properties = four_of(0x27, 15) + login("TWO", "one")}.bytes()).code,
            0x95U);
}

TEST_P(V5Auth, MayBeRenewedWhileTrafficGoesOn) {
  clause("v5 MQTT-4.12.1-1");
  auto p = log_in(connect{.id = "c", .clean = false, .properties = four_of(0x11, 100)});
  subscribe_to(p, "a/b", 1);
  for (int i = 0; i < 3; ++i) {
    p.send(auth(0x19, "TWO", "one"));
    expect_auth(only_answer(p), 0x18, "two");
    put({.payload = "between", .qos = 1});
    EXPECT_EQ(payloads(p), texts{"a/b=between"});
    p.send(auth(0x18, "TWO", "ann"));
    expect_auth(only_answer(p), 0x00, "welcome");
  }
  put({.payload = "after", .qos = 1});
  EXPECT_EQ(payloads(p), texts{"a/b=after"});
}

TEST_P(V5Auth, WhoFailsToRenewItIsDisconnected) {
  clause("v5 MQTT-4.12.1-2");
  auto watcher = listen("watcher", "will/#");
  for (const char* name : {"nobody", "bob"}) {  // wrong, and another one
    auto p = log_in(connect{.id = "c", .will = will{}});
    p.send(auth(0x19, "TWO", "one"));
    EXPECT_TRUE(p.take(15));
    p.send(auth(0x18, "TWO", name) + publish{.topic = "will/not"}.bytes());
    expect_goodbye(p, 0x87);
    EXPECT_EQ(payloads(watcher), texts{"will/topic=gone"});
  }
  auto p = log_in("c");
  who.serves_methods = false;
  p.send(auth(0x19, "TWO", "one"));
  expect_goodbye(p, 0x87);
}

TEST_P(V5Auth, IsRenewedWithItsMethodAndInOrderOnly) {
  clause("v5 MQTT-4.12.1-1");
  clause("v5 MQTT-4.12.0-5");
  for (const auto& wrong : {auth(0x19, "ONE", "yes"), auth(0x18, "TWO", "one"),
                            auth(0x19, "TWO", "one") + auth(0x19, "TWO", "one")}) {
    auto p = log_in("c");
    p.send(wrong);
    expect_goodbye(p, 0x82);
  }
}

TEST_P(V5Auth, IsForThoseWhoAskForIt) {
  clause("v5 MQTT-4.12.0-6");
  clause("v5 MQTT-4.12.0-7");
  auto p = join("plain");
  EXPECT_FALSE(find(connack.properties, 0x15));
  EXPECT_FALSE(find(connack.properties, 0x16));
  expect_alive(p);
  for (const auto& bytes : {hex("F0 00"), auth(0x19, "TWO", "one"), auth(0x18, "TWO", "ann")}) {
    expect_fault_code(bytes, 0x82);
  }
}

TEST_P(V5Auth, ASessionBelongsToWhoWasLetIn) {
  auto p = log_in(connect{.id = "c", .clean = false, .properties = four_of(0x11, 100)});
  p.cut();
  auto other = begin(connect{.id = "c", .clean = false, .properties = four_of(0x11, 100)});
  other.send(auth(0x18, "TWO", "bob"));
  expect_refusal(other, 0x87);
  auto again = log_in(connect{.id = "c", .clean = false, .properties = four_of(0x11, 100)});
  EXPECT_EQ(connack.flags, 1U);
}

}  // namespace
}  // namespace godwit::conformance::five
