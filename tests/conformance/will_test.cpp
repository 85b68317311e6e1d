#include "conformance/broker_test.hpp"
#include "conformance/doubles.hpp"

namespace godwit::conformance {
namespace {

/// The will: once, at the end of its connection, or never.
class Will : public broker_test {
 protected:
  static inline const texts said{"will/topic=gone"};

  [[nodiscard]] connect with_will(const std::string& id, const will& w = {}) const {
    auto c = hello(id);
    c.will = w;
    return c;
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, Will, both_versions, name_of);

TEST_P(Will, IsSentWhenTheNetworkFails) {
  clause("v311 MQTT-3.1.2-8");
  clause("v31 M31-will-1");
  auto watcher = listen("watcher", "will/#", 2);
  auto p = join(with_will("c"));
  watcher.expect_silence();
  p.cut();
  EXPECT_EQ(watcher.messages(), said);
  auto q = join(with_will("c"));
  q.finish();  // FIN without DISCONNECT
  EXPECT_EQ(watcher.messages(), said);
  pass(seconds{100});
  watcher.expect_silence();
}

TEST_P(Will, IsSentWhenTheClientFallsSilent) {
  clause("v311 MQTT-3.1.2-8");
  clause("v31 M31-will-1");
  auto watcher = listen("watcher", "will/#");
  auto c = with_will("c");
  c.keep_alive_s = 2;
  auto p = join(c);
  pass(milliseconds{4'500});
  p.expect_end();
  EXPECT_EQ(watcher.messages(), said);
  pass(seconds{100});
  watcher.expect_silence();
}

TEST_P(Will, IsSentAfterAProtocolError) {
  clause("v311 MQTT-3.1.2-8");
  clause("v31 M31-will-8");
  auto watcher = listen("watcher", "will/#");
  auto p = join(with_will("c"));
  p.send(packet(0x36, field("a") + u16(1)));
  p.expect_end();
  EXPECT_EQ(watcher.messages(), said);
}

TEST_P(Will, IsSentWhenItsClientIsTakenOver) {
  clause("v311 MQTT-3.1.2-8");
  clause("v31 M31-id-4");
  auto watcher = listen("watcher", "will/#");
  for (const bool clean : {true, false}) {
    auto c = with_will("c");
    c.clean = clean;
    auto p = join(c);
    auto q = join(hello("c", clean));
    p.expect_end();
    EXPECT_EQ(watcher.messages(), said);
    q.cut();
    watcher.expect_silence();
  }
}

TEST_P(Will, IsWithheldAtATakeoverWhenAskedTo) {
  clause("v311 MQTT-3.1.2-10");
  options.limits.will_on_takeover = session::takeover_will::suppress;
  auto watcher = listen("watcher", "will/#");
  auto p = join(with_will("c"));
  auto q = join(with_will("c", {.topic = "will/second"}));
  p.expect_end();
  watcher.expect_silence();
  q.cut();
  EXPECT_EQ(watcher.messages(), texts{"will/second=gone"});
}

TEST_P(Will, IsUsedOnce) {
  clause("v311 MQTT-3.1.2-10");
  auto watcher = listen("watcher", "will/#");
  auto c = with_will("c");
  c.clean = false;
  auto p = join(c);
  p.cut();
  EXPECT_EQ(watcher.messages(), said);
  auto q = join_persistent("c");
  q.cut();
  watcher.expect_silence();
  broker().crash_and_restart();
  auto again = listen("watcher", "will/#");
  pass(seconds{300});
  again.expect_silence();
}

TEST_P(Will, IsDroppedByDisconnect) {
  clause("v311 MQTT-3.14.4-3");
  clause("v31 M31-will-2");
  auto watcher = listen("watcher", "will/#");
  auto p = join(with_will("c"));
  p.send(disconnect());
  p.expect_end();
  auto q = join(with_will("c"));
  q.send(disconnect());
  q.finish();  // at the same moment
  auto r = join(with_will("c"));
  r.send(publish{.topic = "last"}.bytes() + disconnect());
  r.finish();
  pass(seconds{100});
  watcher.expect_silence();
  broker().crash_and_restart();
  auto again = listen("watcher", "will/#");
  pass(seconds{300});
  again.expect_silence();
}

TEST_P(Will, IsNotThereWhenNoneWasLeft) {
  clause("v311 MQTT-3.1.2-12");
  auto watcher = listen("watcher", "#");
  auto c = hello("c");
  c.keep_alive_s = 2;
  join(c).cut();
  auto p = join(c);
  auto q = join(c);
  p.expect_end();
  pass(seconds{4});
  q.expect_end();
  watcher.expect_silence();
}

TEST_P(Will, IsNotStoredByARefusedConnect) {
  clause("v311 MQTT-3.1.2-8");
  auto watcher = listen("watcher", "will/#");
  auto c = with_will(std::string(2'000, 'i'));
  expect_connack_code(c.bytes(), 2);
  watcher.expect_silence();
  EXPECT_EQ(broker().census().wills, 0U);
}

TEST_P(Will, HasItsQos) {
  clause("v31 M31-will-3");
  auto watcher = listen("watcher", "will/#", 2);
  for (const unsigned qos : {0U, 1U, 2U}) {
    auto p = join(with_will("c", {.qos = qos}));
    p.cut();
    const auto m = watcher.message();
    EXPECT_EQ(m.qos(), qos);
    EXPECT_FALSE(m.dup());
    if (qos == 1) watcher.send(puback(m.id()));
  }
}

TEST_P(Will, IsNotRetainedUnlessAskedTo) {
  clause("v311 MQTT-3.1.2-16");
  clause("v31 M31-will-6");
  auto watcher = listen("watcher", "will/#");
  auto p = join(with_will("c"));
  p.cut();
  EXPECT_EQ(watcher.messages(), said);
  EXPECT_EQ(retained("will/#"), texts{});
}

TEST_P(Will, IsRetainedWhenAskedTo) {
  clause("v311 MQTT-3.1.2-17");
  clause("v31 M31-will-6");
  auto watcher = listen("watcher", "will/#");
  auto p = join(with_will("c", {.retain = true}));
  p.cut();
  const auto m = watcher.message();
  EXPECT_FALSE(m.retain());
  EXPECT_EQ(retained("will/#"), said);
  auto q = join(with_will("c", {.payload = {}, .retain = true}));
  q.cut();
  EXPECT_EQ(watcher.messages(), texts{"will/topic="});
  EXPECT_EQ(retained("will/#"), texts{});
}

TEST_P(Will, IsTheBytesOfItsMessage) {
  clause("v31 M31-will-7");
  auto watcher = listen("watcher", "will/#");
  for (const auto& payload : texts{"bye", "", std::string{"\0\xFF\x80", 3}}) {
    auto p = join(with_will("c", {.payload = payload}));
    p.cut();
    EXPECT_EQ(watcher.messages(), texts{"will/topic=" + payload});
  }
}

TEST_P(Will, HasATopicWithoutWildcards) {
  clause("v311 MQTT-3.3.2-2");
  clause("v31 M31-pub-1");
  expect_refused_silently({{"#", with_will("c", {.topic = "a/#"}).bytes()},
                           {"+", with_will("c", {.topic = "a/+"}).bytes()}});
}

TEST_P(Will, NeedsTheRightToPublish) {
  clause("v311 MQTT-3.3.5-2");
  test_authorizer rights;
  rights.denied = {{auth::action::will, "secret"}};
  options.authorizer = &rights;
  auto watcher = listen("watcher", "#");
  auto p = open();
  p.send(with_will("c", {.topic = "secret"}).bytes());
  broker().run();
  if (!p.closed()) p.cut();
  watcher.expect_silence();

  auto q = join(with_will("c", {.topic = "later"}));
  rights.denied.emplace_back(auth::action::will, "later");  // taken away before it is sent
  q.cut();
  watcher.expect_silence();
}

TEST_P(Will, WaitsForItsClientAfterARestart) {
  clause("v311 MQTT-3.1.2-8");
  options.limits.will_grace_after_restart = seconds{60};
  auto p = join(with_will("c"));
  auto q = join(with_will("back", {.topic = "will/back"}));
  broker().crash_and_restart();
  auto watcher = listen("watcher", "will/#");
  pass(seconds{50});
  watcher.expect_silence();
  auto back = join("back");
  pass(seconds{20});
  EXPECT_EQ(watcher.messages(), said) << "the one whose client did not come back";
  pass(seconds{1'000});
  watcher.expect_silence();
}

TEST_P(Will, IsKeptOverAGracefulStop) {
  clause("v311 MQTT-3.1.2-8");
  auto watcher = listen("watcher", "will/#");
  auto p = join(with_will("c"));
  broker().restart();
  EXPECT_EQ(watcher.messages(), texts{});
  auto again = listen("watcher", "will/#");
  pass(seconds{120});
  EXPECT_EQ(again.messages(), said);
}

}  // namespace
}  // namespace godwit::conformance
