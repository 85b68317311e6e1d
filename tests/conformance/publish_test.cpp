#include "conformance/broker_test.hpp"
#include "conformance/doubles.hpp"

namespace godwit::conformance {
namespace {

/// PUBLISH from a client, and what the others get.
class Publish : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, Publish, both_versions, name_of);

TEST_P(Publish, WithQosThreeIsAnError) {
  clause("v311 MQTT-3.3.1-4");
  clause("v31 M31-hdr-3");
  clause("v31 M31-will-8");
  auto watcher = listen("all", "a/b");
  const auto body = publish{.topic = "a/b", .qos = 1}.bytes().substr(2);
  expect_violations({{"QoS 3", packet(0x36, body)},
                     {"QoS 3 and DUP", packet(0x3E, body)},
                     {"QoS 3 and RETAIN", packet(0x37, body)}});
  watcher.expect_silence();
}

TEST_P(Publish, NeedsAWholeTopicOfUtf8) {
  clause("v311 MQTT-3.3.2-1");
  clause("v311 MQTT-1.5.3-1");
  clause("v31 M31-utf8-1");
  auto watcher = listen("all", "#");
  std::vector<bad_input> inputs{{"nothing", packet(0x30, "")},
                                {"half a length", packet(0x30, std::string(1, '\0'))},
                                {"cut topic", packet(0x30, hex("00 05") + "abc")},
                                {"no packet id", packet(0x32, field("a"))},
                                {"half a packet id", packet(0x32, field("a") + "x")}};
  for (const char* bytes :
       {"FF", "C3 28", "ED A0 80", "ED B8 80", "C0 80", "E2 82", "F5 80 80 80", "F4 90 80 80"}) {
    inputs.push_back({"not UTF-8", publish{.topic = hex(bytes)}.bytes()});
    inputs.push_back({"not UTF-8", publish{.topic = hex(bytes), .qos = 1}.bytes()});
  }
  for (const auto& [what, bytes] : inputs) {
    SCOPED_TRACE(what + ": " + to_hex(bytes));
    auto p = join("sender");
    p.send(bytes);
    p.expect_end();
  }
  watcher.expect_silence();
}

TEST_P(Publish, HasNoWildcardInItsTopic) {
  clause("v311 MQTT-3.3.2-2");
  clause("v311 MQTT-4.7.1-1");
  clause("v31 M31-pub-1");
  expect_violations({{"#", publish{.topic = "#"}.bytes()},
                     {"a/#", publish{.topic = "a/#"}.bytes()},
                     {"+", publish{.topic = "+", .qos = 1}.bytes()},
                     {"a/+/b", publish{.topic = "a/+/b", .qos = 2}.bytes()},
                     {"a+b", publish{.topic = "a+b", .retain = true}.bytes()},
                     {"a#", publish{.topic = "a#"}.bytes()}});
  EXPECT_EQ(retained("#"), texts{});
}

TEST_P(Publish, KeepsItsTopicOnTheWay) {
  clause("v311 MQTT-3.3.2-3");
  clause("v31 M31-pub-2");
  auto p = listen("c", "a/+");
  for (const char* topic : {"a/b", "a/", "a/c", "a/ b", "b", "a", "a/b/c"}) put({.topic = topic});
  EXPECT_EQ(p.messages(), (texts{"a/b=x", "a/=x", "a/c=x", "a/ b=x"}));
}

TEST_P(Publish, MayBeEmpty) {
  clause("v31 M31-pub-3");
  auto p = listen("c", "a", 2);
  for (const unsigned qos : {0U, 1U, 2U}) put({.topic = "a", .payload = {}, .qos = qos});
  EXPECT_EQ(p.drain(), (texts{"a=", "a=", "a="}));
}

TEST_P(Publish, CarriesAnyPayload) {
  clause("v31 M31-pub-3");
  auto p = listen("c", "a", 1);
  std::string bytes;
  for (unsigned i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  std::string large;
  while (large.size() < 1U << 20U) large += bytes;
  put({.topic = "a", .payload = large, .qos = 1});
  EXPECT_EQ(p.drain(), texts{"a=" + large});
}

TEST_P(Publish, IsDeliveredAtTheLowerQosOfBoth) {
  clause("v311 MQTT-3.8.4-6");
  clause("v31 M31-pub-6");
  for (const unsigned granted : {0U, 1U, 2U}) {
    for (const unsigned published : {0U, 1U, 2U}) {
      const std::string topic = "t" + std::to_string(granted) + std::to_string(published);
      auto p = listen("c", topic, granted);
      put({.topic = topic, .qos = published});
      EXPECT_EQ(p.message().qos(), std::min(granted, published));
      p.send(disconnect());
      put({.topic = topic, .qos = published, .retain = true});
      auto late = join("late");
      late.send(subscribe(1, {{topic, granted}}));
      EXPECT_TRUE(late.take(9));
      EXPECT_EQ(late.message().qos(), std::min(granted, published));
    }
  }
}

TEST_P(Publish, ComesAtTheHighestQosOfOverlappingSubscriptions) {
  clause("v311 MQTT-3.3.5-1");
  auto p = join("c");
  p.send(subscribe(1, {{"a/#", 0}, {"a/b", 2}, {"a/+", 1}}));
  p.expect(suback(1, {0, 2, 1}));
  put({.topic = "a/b", .qos = 2});
  EXPECT_EQ(p.message().qos(), 2U);
  put({.topic = "a/c", .qos = 2});
  EXPECT_EQ(p.message().qos(), 1U);
  put({.topic = "a", .qos = 2});
  EXPECT_EQ(p.message().qos(), 0U);
}

TEST_P(Publish, WithoutRightsIsAcknowledgedAndGoesNowhere) {
  clause("v311 MQTT-3.3.5-2");
  clause("v31 M31-pub-5");
  test_authorizer rights;
  rights.denied = {{auth::action::publish, "secret"}, {auth::action::publish_retain, "kept"}};
  options.authorizer = &rights;
  auto watcher = listen("watcher", "#", 2);
  put({.topic = "secret", .qos = 0});
  put({.topic = "secret", .qos = 1});
  put({.topic = "secret", .qos = 2});
  put({.topic = "kept", .qos = 1, .retain = true});
  watcher.expect_silence();
  EXPECT_EQ(retained("#"), texts{});
  put({.topic = "kept", .qos = 1});
  EXPECT_EQ(watcher.drain(), texts{"kept=x"});
  broker().check_balance();
}

TEST_P(Publish, WithoutRightsEndsTheConnectionWhenAskedTo) {
  clause("v311 MQTT-3.3.5-2");
  test_authorizer rights;
  rights.denied = {{auth::action::publish, "secret"}};
  options.authorizer = &rights;
  if (is_v31()) {
    options.limits.mqtt31_denied_publish = session::denied_reaction::disconnect;
  } else {
    options.limits.denied_publish = session::denied_reaction::disconnect;
  }
  auto watcher = listen("watcher", "#", 2);
  auto p = join("c");
  p.send(publish{.topic = "secret", .qos = 1}.bytes());
  p.expect_end();
  watcher.expect_silence();
}

TEST_P(Publish, MayNotWriteWhatIsTheBrokersOwn) {
  clause("v311 MQTT-3.3.5-2");
  clause("v31 M31-pub-5");
  auto watcher = listen("watcher", "$SYS/#", 0);
  put({.topic = "$SYS/broker/version", .payload = "forged", .qos = 1, .retain = true});
  watcher.expect_silence();
  EXPECT_EQ(retained("$SYS/#"), texts{});
}

TEST_P(Publish, IsNotReceivedWithoutRights) {
  clause("v31 M31-sub-3");
  test_authorizer rights;
  rights.denied = {{auth::action::receive, "a/secret"}};
  rights.only_for = "c";
  options.authorizer = &rights;
  auto p = listen("c", "a/#", 1);
  auto other = listen("other", "a/#", 1);
  put({.topic = "a/secret", .qos = 1, .retain = true});
  put({.topic = "a/open", .qos = 1});
  EXPECT_EQ(p.drain(), texts{"a/open=x"});
  EXPECT_EQ(other.drain(), (texts{"a/secret=x", "a/open=x"}));
  p.send(subscribe(2, {{"a/#", 1}}));
  EXPECT_TRUE(p.take(9));
  p.expect_silence();
}

/// Two versions on one broker: parts of what 3.1 and 3.1.1 clients share.
class MixedVersions : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, MixedVersions, both_versions, name_of);

TEST_P(MixedVersions, ShareTopicsAndRetainedMessages) {
  clause("v31 M31-mix-1");
  auto other = hello("other");
  other.version = is_v31() ? v311 : v31;
  auto theirs = join(other);
  subscribe_to(theirs, "a/#", 2);
  auto ours = listen("ours", "a/#", 2);
  theirs.send(publish{.topic = "a/1", .payload = "t", .qos = 1, .retain = true}.bytes());
  ours.send(publish{.topic = "a/2", .payload = "o", .qos = 2, .retain = true}.bytes());
  EXPECT_EQ(theirs.drain(), (texts{"a/1=t", "a/2=o"}));
  EXPECT_EQ(ours.drain(), (texts{"a/1=t", "a/2=o"}));
  EXPECT_EQ(retained("a/1"), texts{"a/1=t"});
  EXPECT_EQ(retained("a/2"), texts{"a/2=o"});
}

/// The rules of 3.1.1 alone.
class PublishV311 : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, PublishV311, only_v311, name_of);

TEST_P(PublishV311, AtQosZeroHasNoDup) {
  clause("v311 MQTT-3.3.1-2");
  auto watcher = listen("all", "a/b");
  expect_violations({{"DUP", publish{.dup = true}.bytes()},
                     {"DUP and RETAIN", publish{.dup = true, .retain = true}.bytes()}});
  watcher.expect_silence();
}

/// The rules of 3.1 alone.
class PublishV31 : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, PublishV31, only_v31, name_of);

TEST_P(PublishV31, AtQosZeroMayHaveDup) {
  clause("v31 M31-flags-7");
  auto watcher = listen("watcher", "a/b");
  put({.dup = true});
  watcher.expect(publish{}.bytes());
}

TEST_P(PublishV31, RepairsTheModifiedUtf8OfJava) {
  clause("v31 M31-utf8-1");
  const auto pair = hex("ED A0 BD ED B8 80");
  const auto whole = hex("F0 9F 98 80");
  auto newer = hello("newer");
  newer.version = v311;
  auto watcher = join(newer);
  subscribe_to(watcher, whole + "/+", 0);
  auto mine = join("mine");
  mine.send(subscribe(1, {{pair + "/#", 0}}));
  mine.expect(suback(1, {0}));
  put({.topic = pair + "/a", .payload = pair});
  watcher.expect(publish{.topic = whole + "/a", .payload = pair}.bytes());
  mine.expect(publish{.topic = whole + "/a", .payload = pair}.bytes());
  mine.send(unsubscribe(2, {pair + "/#"}));
  mine.expect(unsuback(2));
  put({.topic = pair + "/a"});
  mine.expect_silence();
}

}  // namespace
}  // namespace godwit::conformance
