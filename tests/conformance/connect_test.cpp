#include "conformance/broker_test.hpp"
#include "conformance/doubles.hpp"

namespace godwit::conformance {
namespace {

/// What CONNECT does alike in 3.1 and 3.1.1.
class Connect : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, Connect, both_versions, name_of);

TEST_P(Connect, IsAnsweredWithCodeZero) {
  clause("v311 MQTT-3.1.4-4");
  clause("v31 M31-proto-1");
  auto p = open();
  p.send(hello("c").bytes());
  p.expect(connack(0, 0));
  p.expect_alive();
}

TEST_P(Connect, IsAnsweredBeforeQueuedMessagesCome) {
  clause("v311 MQTT-3.2.0-1");
  clause("v31 M31-connack-3");
  auto before = join_persistent("sub");
  subscribe_to(before, "a/#", 1);
  before.send(disconnect());
  before.expect_end();
  put({.topic = "a/1", .qos = 1});
  put({.topic = "a/2", .qos = 1});
  auto after = open();
  after.send(hello("sub", false).bytes());
  const auto all = after.packets();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].type(), 2U);
  EXPECT_TRUE(all[1].is_publish());
  EXPECT_TRUE(all[2].is_publish());
}

TEST_P(Connect, IsAnsweredFirstWhenItTakesOverABusySession) {
  clause("v311 MQTT-3.2.0-1");
  auto before = join_persistent("sub");
  subscribe_to(before, "a/#", 1);
  auto busy = join("busy");
  auto after = open();
  after.send(hello("sub", false).bytes());
  for (unsigned i = 1; i <= 20; ++i) busy.send(publish{.topic = "a/b", .qos = 1, .id = i}.bytes());
  const auto all = after.packets();
  ASSERT_GE(all.size(), 21U);
  EXPECT_EQ(all[0].type(), 2U);
}

TEST_P(Connect, MustBeTheFirstPacket) {
  clause("v311 MQTT-3.1.0-1");
  clause("v31 M31-proto-3");
  expect_refused_silently({{"PUBLISH", publish{}.bytes()},
                           {"retained PUBLISH", publish{.retain = true}.bytes()},
                           {"SUBSCRIBE", subscribe(1, {{"a", 0}})},
                           {"UNSUBSCRIBE", unsubscribe(1, {"a"})},
                           {"PUBACK", puback(1)},
                           {"PUBREL", pubrel(1)},
                           {"PINGREQ", pingreq()},
                           {"DISCONNECT", disconnect()},
                           {"CONNACK", connack(0, 0)},
                           {"AUTH", hex("F0 00")},
                           {"type 0", hex("00 00")},
                           {"HTTP", "GET / HTTP/1.1\r\n\r\n"},
                           {"a TLS hello", hex("16 03 01 00 05 01 00 00 01 03")}});
  EXPECT_EQ(retained("#"), texts{});
}

TEST_P(Connect, MustNotComeTwice) {
  clause("v311 MQTT-3.1.0-2");
  clause("v31 M31-proto-6");
  expect_violations({{"for another client id", hello("another").bytes()}});
  auto watcher = listen("watch", "will/topic");
  auto c = hello("same");
  c.will.emplace();
  auto p = join(c);
  p.send(c.bytes());
  p.expect_end();
  EXPECT_EQ(watcher.messages(), texts{"will/topic=gone"});
}

TEST_P(Connect, WithAnUnknownProtocolNameGetsNoAnswer) {
  clause("v311 MQTT-3.1.2-1");
  clause("v31 M31-proto-2");
  const auto level = static_cast<unsigned>(version());
  std::vector<bad_input> inputs;
  for (const char* name : {"MQTX", "mqtt", "MQTT ", "MQT", "", "MQIsdq", "MQISDP", "MQIsdp "}) {
    inputs.push_back(
        {std::string{"name '"} + name + "'", raw_connect(name, level, 0x02, field("c"))});
  }
  expect_refused_silently(inputs);
}

TEST_P(Connect, WithAnUnsupportedLevelGetsCodeOne) {
  clause("v311 MQTT-3.1.2-2");
  clause("v311 MQTT-3.2.2-5");
  clause("v31 M31-proto-2");
  if (is_v31()) {
    for (const unsigned level : {4U, 2U, 0U, 5U, 0x83U, 0xFFU}) {
      expect_connack_code(raw_connect("MQIsdp", level, 0x02, field("c")), 1);
    }
  } else {
    for (const unsigned level : {0U, 3U, 6U, 0x7FU, 0x84U, 0xFFU}) {
      expect_connack_code(raw_connect("MQTT", level, 0x02, field("c")), 1);
    }
  }
}

TEST_P(Connect, DisconnectsTheOlderConnectionOfTheSameClientId) {
  clause("v311 MQTT-3.1.4-2");
  clause("v31 M31-id-4");
  auto watcher = listen("watcher", "will/topic");
  for (std::size_t shard = 0; shard < GetParam().shards; ++shard) {
    auto c = hello("twin");
    c.will.emplace();
    auto older = open(shard);
    older.send(c.bytes());
    older.expect(connack(0, 0));
    auto newer = open((shard + 1) % GetParam().shards);
    newer.send(hello("twin").bytes());
    newer.expect(connack(0, 0));
    older.expect_end();
    EXPECT_EQ(watcher.messages(), texts{"will/topic=gone"});
    newer.expect_alive();
  }
}

TEST_P(Connect, DisconnectsTheOlderConnectionOfAnotherVersion) {
  clause("v311 MQTT-3.1.4-2");
  clause("v31 M31-id-4");
  auto older = join("twin");
  auto other = hello("twin");
  other.version = is_v31() ? v311 : v31;
  auto newer = join(other);
  older.expect_end();
  newer.expect_alive();
}

TEST_P(Connect, ThatIsNotLetInLeavesTheOlderConnectionAlone) {
  clause("v311 MQTT-3.1.4-2");
  test_authenticator users;
  users.answers["mallory"] = mqtt::reason_code::bad_user_name_or_password;
  options.authenticator = &users;
  auto older = join("twin");
  auto c = hello("twin");
  c.user = "mallory";
  expect_connack_code(c.bytes(), 4);
  older.expect_alive();
}

TEST_P(Connect, SettlesTheSessionAfterATakeover) {
  clause("v311 MQTT-3.1.4-3");
  auto first = join_persistent("twin");
  subscribe_to(first, "a/#", 1);
  auto resumed = join_persistent("twin");
  first.expect_end();
  put({.topic = "a/1", .qos = 1});
  EXPECT_EQ(resumed.drain(), texts{"a/1=x"});
  auto clean = join("twin");
  resumed.expect_end();
  put({.topic = "a/2", .qos = 1});
  clean.expect_silence();
  subscribe_to(clean, "b/#", 1);
  put({.topic = "b/1", .qos = 1});
  EXPECT_EQ(clean.drain(), texts{"b/1=x"});
}

TEST_P(Connect, ThatIsRefusedTakesEverythingBehindItAlong) {
  clause("v311 MQTT-3.1.4-5");
  clause("v31 M31-connack-4");
  test_authenticator users;
  users.answers["mallory"] = mqtt::reason_code::bad_user_name_or_password;
  options.authenticator = &users;
  auto watcher = listen("watcher", "#");
  auto c = hello("refused");
  c.user = "mallory";
  auto p = open();
  p.send(c.bytes() + publish{.topic = "r/1", .retain = true}.bytes() + pingreq());
  p.expect_end(connack(0, 4));
  watcher.expect_silence();
  EXPECT_EQ(retained("#"), texts{});
}

TEST_P(Connect, MayBeFollowedByPacketsBeforeItsAnswer) {
  clause("v311 MQTT-3.1.4-5");
  auto p = open();
  p.send(hello("eager").bytes() + subscribe(1, {{"a", 0}}) +
         publish{.topic = "a", .payload = "1"}.bytes() + pingreq());
  p.expect(connack(0, 0) + suback(1, {0}) + publish{.topic = "a", .payload = "1"}.bytes() +
           pingresp());
}

TEST_P(Connect, MustCompleteInTime) {
  clause("v31 M31-proto-4");
  const auto whole = hello("slow").bytes();
  for (const std::size_t sent : {std::size_t{0}, std::size_t{1}, whole.size() - 1}) {
    auto p = open();
    if (sent > 0) p.send(std::string_view{whole}.substr(0, sent));
    pass(milliseconds{9'800});
    p.expect_silence();
    if (sent > 1) p.send("");
    pass(milliseconds{1'200});
    p.expect_end();
  }
}

TEST_P(Connect, KnowsBadCredentialsAndMissingRights) {
  clause("v31 M31-auth-5");
  clause("v31 M31-connack-2");
  clause("v311 MQTT-3.2.2-5");
  test_authenticator users;
  users.answers = {{"wrong", mqtt::reason_code::bad_user_name_or_password},
                   {"forbidden", mqtt::reason_code::not_authorized},
                   {"banned", mqtt::reason_code::banned},
                   {"unlucky", mqtt::reason_code::server_unavailable}};
  options.authenticator = &users;
  const std::vector<std::pair<std::string, unsigned>> expected{
      {"wrong", 4}, {"forbidden", 5}, {"banned", 5}, {"unlucky", 3}};
  for (const auto& [user, code] : expected) {
    auto c = hello("c");
    c.user = user;
    c.password = "secret";
    expect_connack_code(c.bytes(), code);
  }
  EXPECT_EQ(broker().census().sessions, 0U);
}

TEST_P(Connect, WithAKeepAliveAboveTheMaximumGetsCodeThree) {
  clause("v31 M31-connack-2");
  options.limits.keep_alive_max_s = 60;
  for (const unsigned keep_alive : {0U, 61U, 65'535U}) {
    auto c = hello("c");
    c.keep_alive_s = keep_alive;
    expect_connack_code(c.bytes(), 3);
  }
  auto c = hello("c");
  c.keep_alive_s = 60;
  join(c).expect_alive();
}

TEST_P(Connect, WithALongClientIdGetsCodeTwo) {
  clause("v311 MQTT-3.1.3-9");
  clause("v31 M31-connack-2");
  options.limits.client_id_bytes_max = 100;
  join(std::string(100, 'i')).expect_alive();
  expect_connack_code(hello(std::string(101, 'i')).bytes(), 2);
}

TEST_P(Connect, ToASessionOfAnotherUserGetsCodeFive) {
  clause("v31 M31-auth-5");
  test_authenticator users;
  options.authenticator = &users;
  auto c = hello("phone", false);
  c.user = "alice";
  auto alice = join(c);
  subscribe_to(alice, "a/#", 1);
  c.user = "bob";
  expect_connack_code(c.bytes(), 5);
  alice.expect_alive();
  alice.send(disconnect());
  alice.expect_end();
  expect_connack_code(c.bytes(), 5);
  put({.topic = "a/1", .qos = 1});
  c.user = "alice";
  EXPECT_EQ(join(c).drain(), texts{"a/1=x"});
}

TEST_P(Connect, ToASessionOfAnotherUserIsFreeWhenOwnersAreNotChecked) {
  clause("v31 M31-auth-5");
  options.limits.session_owner_check = false;
  auto c = hello("phone", false);
  c.user = "alice";
  auto alice = join(c);
  c.user = "bob";
  join(c).expect_alive();
  alice.expect_end();
}

TEST_P(Connect, OfAClientThatIsGoneBeforeItIsKnownLeavesNothing) {
  clause("v311 MQTT-3.1.4-5");
  test_authenticator users;
  users.answers_later = true;
  options.authenticator = &users;
  auto p = open(0);
  p.send(hello("hasty", false).bytes() + publish{.retain = true}.bytes());
  broker().run();
  p.cut();
  broker().run();
  ASSERT_EQ(users.waiting.size(), 1U);
  broker().in_turn(0, users.waiting[0]);
  broker().run();
  EXPECT_EQ(broker().census().sessions, 0U);
  EXPECT_EQ(broker().census().connections, 0U);
}

}  // namespace
}  // namespace godwit::conformance
