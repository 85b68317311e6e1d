#include "conformance/broker_test.hpp"
#include "conformance/doubles.hpp"

namespace godwit::conformance {
namespace {

/// CONNECT by the rules of 3.1.1 alone.
class ConnectV311 : public broker_test {
 protected:
  static std::string raw(unsigned flags, const std::string& payload) {
    return raw_connect(v311, flags, payload);
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, ConnectV311, only_v311, name_of);

TEST_P(ConnectV311, WithTheReservedFlagIsRefused) {
  clause("v311 MQTT-3.1.2-3");
  clause("v311 MQTT-3.1.4-1");
  clause("v311 MQTT-3.2.2-6");
  expect_refused_silently({{"bit 0", raw(0x03, field("c"))}, {"bit 0", raw(0x01, field("c"))}});
}

TEST_P(ConnectV311, WithAWillFlagNeedsTopicAndMessage) {
  clause("v311 MQTT-3.1.2-9");
  expect_refused_silently(
      {{"no will topic", raw(0x06, field("c"))},
       {"half a length", raw(0x06, field("c") + std::string(1, '\0'))},
       {"cut will topic", raw(0x06, field("c") + hex("00 05") + "will")},
       {"no will message", raw(0x06, field("c") + field("w"))},
       {"cut will message", raw(0x06, field("c") + field("w") + hex("00 02") + "m")}});
}

TEST_P(ConnectV311, WithoutAWillFlagHasNoWillBits) {
  clause("v311 MQTT-3.1.2-11");
  clause("v311 MQTT-3.1.2-13");
  clause("v311 MQTT-3.1.2-15");
  expect_refused_silently({{"will QoS 1", raw(0x0A, field("c"))},
                           {"will QoS 2", raw(0x12, field("c"))},
                           {"will QoS 3", raw(0x1A, field("c"))},
                           {"will retain", raw(0x22, field("c"))},
                           {"will fields", raw(0x02, field("c") + field("w") + field("m"))}});
}

TEST_P(ConnectV311, RefusesWillQosThree) {
  clause("v311 MQTT-3.1.2-14");
  expect_refused_silently({{"will QoS 3", raw(0x1E, field("c") + field("w") + field("m"))}});
}

TEST_P(ConnectV311, RefusesFieldsThatNoFlagAnnounces) {
  clause("v311 MQTT-3.1.2-18");
  clause("v311 MQTT-3.1.2-20");
  expect_refused_silently({{"user name", raw(0x02, field("c") + field("user"))},
                           {"password", raw(0x82, field("c") + field("user") + field("password"))},
                           {"one byte", raw(0x02, field("c") + "x")}});
}

TEST_P(ConnectV311, RefusesAnnouncedFieldsThatAreMissing) {
  clause("v311 MQTT-3.1.2-19");
  clause("v311 MQTT-3.1.2-21");
  expect_refused_silently(
      {{"no user name", raw(0x82, field("c"))},
       {"cut user name", raw(0x82, field("c") + hex("00 05") + "user")},
       {"no password", raw(0xC2, field("c") + field("user"))},
       {"cut password", raw(0xC2, field("c") + field("user") + hex("00 09") + "password")}});
}

TEST_P(ConnectV311, RefusesAPasswordWithoutUserName) {
  clause("v311 MQTT-3.1.2-22");
  expect_refused_silently({{"password only", raw(0x42, field("c") + field("password"))},
                           {"password only, empty", raw(0x42, field("c") + field(""))}});
}

TEST_P(ConnectV311, NeedsAClientIdField) {
  clause("v311 MQTT-3.1.3-3");
  expect_refused_silently({{"nothing behind keep alive", raw(0x02, "")},
                           {"half a length", raw(0x02, std::string(1, '\0'))},
                           {"cut client id", raw(0x02, hex("00 03") + "id")}});
}

TEST_P(ConnectV311, RefusesTextThatIsNotUtf8) {
  clause("v311 MQTT-3.1.3-4");
  clause("v311 MQTT-3.1.3-10");
  clause("v311 MQTT-3.1.3-11");
  for (const char* bytes : {"FF FE", "ED A0 80", "ED A0 BD ED B8 80", "C0 80", "F5 80 80 80",
                            "F4 90 80 80", "E2 82", "80", "61 00 62"}) {
    const auto text = field(hex(bytes));
    expect_refused_silently({{"client id", raw(0x02, text)},
                             {"will topic", raw(0x06, field("c") + text + field("m"))},
                             {"user name", raw(0x82, field("c") + text)}});
  }
}

TEST_P(ConnectV311, TakesAnyBytesAsWillMessageAndPassword) {
  clause("v311 MQTT-3.1.3-10");
  auto watcher = listen("watcher", "will/topic");
  auto c = hello("binary");
  c.will = {.topic = "will/topic", .payload = hex("FF 00 C0 80")};
  c.user = "user";
  c.password = hex("00 FF ED A0 80");
  auto p = join(c);
  p.cut();
  EXPECT_EQ(watcher.messages(), texts{"will/topic=" + hex("FF 00 C0 80")});
}

TEST_P(ConnectV311, ThatIsCutAnywhereGetsNoAnswer) {
  clause("v311 MQTT-3.1.4-1");
  clause("v311 MQTT-3.2.2-6");
  auto c = hello("c");
  c.will.emplace();
  c.user = "user";
  c.password = "password";
  const auto body = c.bytes().substr(2);
  std::vector<bad_input> inputs;
  for (std::size_t size = 0; size < body.size(); ++size) {
    inputs.push_back({"cut at " + std::to_string(size), packet(0x10, body.substr(0, size))});
  }
  inputs.push_back({"one byte more", packet(0x10, body + "x")});
  expect_refused_silently(inputs);
}

TEST_P(ConnectV311, ReadsItsFieldsInOrder) {
  clause("v311 MQTT-3.1.3-1");
  test_authenticator users;
  options.authenticator = &users;
  auto watcher = listen("watcher", "#");
  auto c = hello("first");
  c.will = {.topic = "second", .payload = "third"};
  c.user = "fourth";
  c.password = "fifth";
  auto p = join(c);
  ASSERT_EQ(users.questions.size(), 2U);
  EXPECT_EQ(users.questions[1].client_id, "first");
  EXPECT_EQ(users.questions[1].user_name, "fourth");
  EXPECT_EQ(users.questions[1].password, "fifth");
  p.cut();
  EXPECT_EQ(watcher.messages(), texts{"second=third"});
}

TEST_P(ConnectV311, AcceptsEveryClientIdThatMustBeAccepted) {
  clause("v311 MQTT-3.1.3-5");
  const std::string letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (const char letter : letters) join(std::string(1, letter)).expect_alive();
  for (std::size_t at = 0; at + 23 <= letters.size(); at += 13) {
    join(letters.substr(at, 23)).expect_alive();
  }
}

TEST_P(ConnectV311, GivesClientsWithoutIdOneOfTheirOwn) {
  clause("v311 MQTT-3.1.3-6");
  auto one = join("");
  auto two = join("");
  subscribe_to(one, "one");
  subscribe_to(two, "two");
  put({.topic = "one"});
  put({.topic = "two"});
  EXPECT_EQ(one.messages(), texts{"one=x"});
  EXPECT_EQ(two.messages(), texts{"two=x"});
  one.expect_alive();
  two.expect_alive();
}

TEST_P(ConnectV311, WithoutIdNeedsACleanSession) {
  clause("v311 MQTT-3.1.3-8");
  clause("v311 MQTT-3.1.3-9");
  expect_connack_code(hello("", false).bytes(), 2);
}

TEST_P(ConnectV311, WithCleanSessionHasNoSessionPresent) {
  clause("v311 MQTT-3.2.2-1");
  auto stored = join_persistent("c");
  stored.send(disconnect());
  stored.expect_end();
  auto p = open();
  p.send(hello("c").bytes());
  p.expect(connack(0, 0));
}

TEST_P(ConnectV311, SaysWhetherASessionIsPresent) {
  clause("v311 MQTT-3.2.2-2");
  clause("v311 MQTT-3.2.2-3");
  auto first = open();
  first.send(hello("c", false).bytes());
  first.expect(connack(0, 0));
  first.send(disconnect());
  first.expect_end();
  auto second = open();
  second.send(hello("c", false).bytes());
  second.expect(connack(1, 0));
  auto third = open();  // takes over
  third.send(hello("c", false).bytes());
  third.expect(connack(1, 0));
}

TEST_P(ConnectV311, FindsNoSessionThatHasExpired) {
  clause("v311 MQTT-3.2.2-3");
  options.limits.session_expiry = seconds{100};
  auto first = join_persistent("c");
  first.send(disconnect());
  first.expect_end();
  pass(seconds{99});
  auto second = join_persistent("c");
  EXPECT_EQ(session_present, 1U);
  second.cut();
  pass(seconds{103});
  auto third = join_persistent("c");
  EXPECT_EQ(session_present, 0U);
}

TEST_P(ConnectV311, ThatIsRefusedHasNoSessionPresent) {
  clause("v311 MQTT-3.2.2-4");
  test_authenticator users;
  options.authenticator = &users;
  auto c = hello("c", false);
  c.user = "user";
  auto stored = join(c);
  stored.send(disconnect());
  stored.expect_end();
  users.answers["user"] = mqtt::reason_code::bad_user_name_or_password;
  expect_connack_code(c.bytes(), 4);
}

}  // namespace
}  // namespace godwit::conformance
