#include "conformance/broker_test.hpp"
#include "conformance/doubles.hpp"

namespace godwit::conformance {
namespace {

/// CONNECT as MQTT 3.1 wants it, where 3.1.1 is stricter or different.
class ConnectV31 : public broker_test {
 protected:
  static std::string raw(unsigned flags, const std::string& payload) {
    return raw_connect(v31, flags, payload);
  }
  void expect_welcome(const std::string& bytes) {
    SCOPED_TRACE(to_hex(bytes));
    auto p = open();
    p.send(bytes);
    p.expect(connack(0, 0));
    p.expect_alive();
    p.send(disconnect());
    p.expect_end();
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, ConnectV31, only_v31, name_of);

TEST_P(ConnectV31, IsKnownByNameAndLevelTogether) {
  clause("v31 M31-proto-1");
  clause("v31 M31-proto-2");
  expect_welcome(raw_connect("MQIsdp", 3, 0x02, field("c")));
  expect_connack_code(raw_connect("MQIsdp", 4, 0x02, field("c")), 1);
  expect_connack_code(raw_connect("MQTT", 3, 0x02, field("c")), 1);
}

TEST_P(ConnectV31, IgnoresTheHeaderFlags) {
  clause("v31 M31-flags-1");
  for (unsigned flags = 0; flags < 16; ++flags) {
    expect_welcome(raw_connect("MQIsdp", 3, 0x02, field("c"), 0x10U | flags));
  }
  expect_refused_silently({{"as 3.1.1", raw_connect("MQTT", 4, 0x02, field("c"), 0x1F)}});
}

TEST_P(ConnectV31, IgnoresTheReservedConnectFlag) {
  clause("v31 M31-flags-6");
  expect_welcome(raw(0x03, field("c")));
}

TEST_P(ConnectV31, ThatIsInvalidGetsNoAnswer) {
  clause("v31 M31-proto-5");
  clause("v31 M31-err-1");
  clause("v31 M31-will-3");
  auto c = hello("c");
  c.will.emplace();
  const auto body = c.bytes().substr(2);
  std::vector<bad_input> inputs;
  for (std::size_t size = 0; size < body.size(); ++size) {
    inputs.push_back({"cut at " + std::to_string(size), packet(0x10, body.substr(0, size))});
  }
  inputs.push_back({"client id too long", raw(0x02, hex("00 03") + "id")});
  inputs.push_back({"no will topic", raw(0x06, field("c"))});
  inputs.push_back({"no will message", raw(0x06, field("c") + field("w"))});
  expect_refused_silently(inputs);
}

TEST_P(ConnectV31, TakesClientIdsOfOneTo23Characters) {
  clause("v31 M31-id-1");
  options.limits.mqtt31_client_id_chars_max = 23;
  join("i").expect_alive();
  join(std::string(23, 'i')).expect_alive();
  std::string accents;
  for (int i = 0; i < 23; ++i) accents += hex("C3 A9");
  join(accents).expect_alive();
}

TEST_P(ConnectV31, RefusesLongClientIdsWhenAskedTo) {
  clause("v31 M31-id-2");
  options.limits.mqtt31_client_id_chars_max = 23;
  expect_connack_code(hello(std::string(24, 'i')).bytes(), 2);
  std::string accents;
  for (int i = 0; i < 24; ++i) accents += hex("C3 A9");
  expect_connack_code(hello(accents).bytes(), 2);
  auto newer = hello(std::string(24, 'i'));
  newer.version = v311;
  join(newer).expect_alive();
}

TEST_P(ConnectV31, TakesLongClientIdsByDefault) {
  clause("v31 M31-id-1");
  join(std::string(24, 'i')).expect_alive();
  join(std::string(200, 'i')).expect_alive();
}

TEST_P(ConnectV31, RefusesAnEmptyClientId) {
  clause("v31 M31-id-3");
  expect_connack_code(hello("", true).bytes(), 2);
  expect_connack_code(hello("", false).bytes(), 2);
}

TEST_P(ConnectV31, DisregardsAUserNameWithoutItsFlag) {
  clause("v31 M31-auth-1");
  test_authenticator users;
  options.authenticator = &users;
  expect_welcome(raw(0x02, field("c") + field("user")));
  ASSERT_EQ(users.questions.size(), 1U);
  EXPECT_EQ(users.questions[0].user_name, std::nullopt);
  expect_welcome(raw(0x82, field("c") + field("user") + field("password")));
  EXPECT_EQ(users.questions[1].user_name, "user");
  EXPECT_EQ(users.questions[1].password, std::nullopt);
}

TEST_P(ConnectV31, RefusesAPasswordWithoutUserName) {
  clause("v31 M31-auth-2");
  expect_refused_silently({{"password only", raw(0x42, field("c") + field("password"))},
                           {"nothing there", raw(0x42, field("c"))}});
}

TEST_P(ConnectV31, GoesOnWithoutAnAnnouncedUserName) {
  clause("v31 M31-auth-3");
  test_authenticator users;
  options.authenticator = &users;
  expect_welcome(raw(0x82, field("c")));
  ASSERT_EQ(users.questions.size(), 1U);
  EXPECT_EQ(users.questions[0].user_name, std::nullopt);
  expect_refused_silently({{"half a length", raw(0x82, field("c") + std::string(1, '\0'))},
                           {"cut", raw(0x82, field("c") + hex("00 05") + "user")}});
}

TEST_P(ConnectV31, GoesOnWithoutAnAnnouncedPassword) {
  clause("v31 M31-auth-4");
  test_authenticator users;
  options.authenticator = &users;
  expect_welcome(raw(0xC2, field("c") + field("user")));
  ASSERT_EQ(users.questions.size(), 1U);
  EXPECT_EQ(users.questions[0].user_name, "user");
  EXPECT_EQ(users.questions[0].password, std::nullopt);
  expect_welcome(raw(0xC2, field("c")));
  expect_refused_silently(
      {{"cut", raw(0xC2, field("c") + field("user") + hex("00 09") + "password")}});
}

TEST_P(ConnectV31, TakesLongUserNamesAndPasswords) {
  clause("v31 M31-auth-5");
  auto c = hello("c");
  c.user = std::string(200, 'u');
  c.password = std::string(200, 'p');
  join(c).expect_alive();
}

TEST_P(ConnectV31, IsAnsweredWithoutSessionPresent) {
  clause("v31 M31-connack-1");
  auto first = join_persistent("c");
  subscribe_to(first, "a", 1);
  first.send(disconnect());
  first.expect_end();
  auto second = open();
  second.send(hello("c", false).bytes());
  second.expect(connack(0, 0));
  auto third = open();  // takes over
  third.send(hello("c", false).bytes());
  third.expect(connack(0, 0));
}

TEST_P(ConnectV31, DisregardsWillBitsWithoutAWill) {
  clause("v31 M31-will-4");
  auto watcher = listen("watcher", "#");
  for (const unsigned flags : {0x0AU, 0x12U, 0x1AU, 0x22U, 0x3AU}) {
    auto p = open();
    p.send(raw(flags, field("c")));
    p.expect(connack(0, 0));
    p.cut();
    watcher.expect_silence();
  }
}

TEST_P(ConnectV31, RefusesWillQosThree) {
  clause("v31 M31-will-5");
  expect_refused_silently({{"will QoS 3", raw(0x1E, field("c") + field("w") + field("m"))}});
}

TEST_P(ConnectV31, RepairsTheModifiedUtf8OfJava) {
  clause("v31 M31-utf8-1");
  test_authenticator users;
  options.authenticator = &users;
  auto watcher = listen("watcher", "#");
  const auto pair = hex("ED A0 BD ED B8 80");  // U+1F600 as Java's writeUTF spells it
  const auto whole = hex("F0 9F 98 80");
  auto p = open();
  p.send(raw(0x86, field("id" + pair) + field("w/" + pair) + field(pair) + field(pair)));
  p.expect(connack(0, 0));
  EXPECT_EQ(users.questions.back().client_id, "id" + whole);
  EXPECT_EQ(users.questions.back().user_name, whole);
  p.cut();
  EXPECT_EQ(watcher.messages(), texts{"w/" + whole + "=" + pair});

  // Both spellings are the same client.
  auto one = open();
  one.send(raw(0x02, field("id" + pair)));
  one.expect(connack(0, 0));
  auto two = join("id" + whole);
  one.expect_end();
}

TEST_P(ConnectV31, RefusesTextThatCannotBeRepaired) {
  clause("v31 M31-utf8-1");
  for (const char* bytes : {"FF FE", "ED A0 BD", "ED B8 80", "ED B8 80 ED A0 BD", "C0 80",
                            "61 00 62", "E2 82", "F5 80 80 80"}) {
    const auto text = field(hex(bytes));
    expect_refused_silently({{"client id", raw(0x02, text)},
                             {"will topic", raw(0x06, field("c") + text + field("m"))},
                             {"user name", raw(0x82, field("c") + text)}});
  }
}

}  // namespace
}  // namespace godwit::conformance
