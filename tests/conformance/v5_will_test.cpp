#include "conformance/v5_test.hpp"

namespace godwit::conformance::five {
namespace {

/// Wills with a delay and properties.
class V5Will : public v5_test {
 protected:
  static inline const texts said{"will/topic=gone"};

  [[nodiscard]] static connect leaving(unsigned delay_s, unsigned expiry_s, bool clean = true) {
    return {.id = "c",
            .clean = clean,
            .properties = four_of(0x11, expiry_s),
            .will = will{.properties = four_of(0x18, delay_s)}};
  }
};
INSTANTIATE_TEST_SUITE_P(Shards, V5Will, one_and_three_shards, shards_of);

TEST_P(V5Will, WithoutDelayIsSentAtOnceAndOnce) {
  clause("v5 MQTT-3.1.2-7");
  clause("v5 MQTT-3.1.2-8");
  clause("v5 MQTT-3.1.2-10");
  auto watcher = listen("watcher", "will/#");
  join(leaving(0, 10)).cut();
  EXPECT_EQ(payloads(watcher), said);
  pass(seconds{100});
  watcher.expect_silence();
}

TEST_P(V5Will, WaitsForItsDelay) {
  clause("v5 MQTT-3.1.2-8");
  auto watcher = listen("watcher", "will/#");
  join(leaving(2, 10)).cut();
  pass(milliseconds{1'900});
  watcher.expect_silence();
  pass(milliseconds{200});
  EXPECT_EQ(payloads(watcher), said);
  pass(seconds{100});
  watcher.expect_silence();
}

TEST_P(V5Will, WaitsNoLongerThanItsSession) {
  clause("v5 MQTT-3.1.2-8");
  auto watcher = listen("watcher", "will/#");
  join(leaving(10, 1)).cut();
  watcher.expect_silence();
  pass(milliseconds{1'100});
  EXPECT_EQ(payloads(watcher), said);
  join(leaving(10, 0)).cut();
  EXPECT_EQ(payloads(watcher), said);
  join(leaving(10, 100)).cut();
  watcher.expect_silence();
  auto fresh = join(connect{.id = "c"});  // ends the session
  EXPECT_EQ(payloads(watcher), said);
}

TEST_P(V5Will, IsNotSentIfTheClientIsBackInTime) {
  clause("v5 MQTT-3.1.3-9");
  auto watcher = listen("watcher", "will/#");
  join(leaving(5, 100)).cut();
  pass(seconds{1});
  auto p = join(connect{.id = "c", .clean = false, .properties = four_of(0x11, 100)});
  EXPECT_EQ(connack.flags, 1U);
  pass(seconds{60});
  watcher.expect_silence();
  p.cut();
  pass(seconds{60});
  watcher.expect_silence();
}

TEST_P(V5Will, AtATakeoverDependsOnItsDelay) {
  clause("v5 MQTT-3.1.3-9");
  clause("v5 MQTT-3.1.2-8");
  auto watcher = listen("watcher", "will/#");
  auto a = join(leaving(5, 100));
  auto b = join(connect{.id = "c", .clean = false, .properties = four_of(0x11, 100)});
  pass(seconds{10});
  watcher.expect_silence();
  b.cut();
  auto c = join(leaving(0, 100, false));
  auto d = join(connect{.id = "c", .clean = false, .properties = four_of(0x11, 100)});
  EXPECT_EQ(payloads(watcher), said);
  d.cut();
  auto e = join(leaving(5, 100, false));
  auto f = join(connect{.id = "c"});  // clean start: the session ends, and with it the delay
  EXPECT_EQ(payloads(watcher), said);
}

TEST_P(V5Will, IsWithheldByDisconnectAndAskedForByIt) {
  clause("v5 MQTT-3.14.4-3");
  clause("v5 MQTT-3.1.2-8");
  auto watcher = listen("watcher", "will/#");
  auto p = join(leaving(0, 0));
  p.send(hex("E0 00"));
  p.expect_end();
  watcher.expect_silence();
  p = join(leaving(0, 0));
  p.send(disconnect(0x04));
  p.expect_end();
  EXPECT_EQ(payloads(watcher), said);
  p = join(leaving(3, 100));
  p.send(disconnect(0x04));
  p.expect_end();
  watcher.expect_silence();
  pass(seconds{4});
  EXPECT_EQ(payloads(watcher), said);
}

TEST_P(V5Will, CarriesItsPropertiesInOrder) {
  clause("v5 MQTT-3.1.3-10");
  auto watcher = listen("watcher", "will/#", 1);
  const std::string forwarded = byte_of(0x01, 1) + text_of(0x03, "text") + text_of(0x08, "re/ply") +
                                text_of(0x09, "id") + user("a", "1") + user("b", "2") +
                                user("a", "3");
  join(connect{.id = "c", .will = will{.qos = 1, .properties = forwarded + four_of(0x02, 30)}})
      .cut();
  const delivery d = only_delivery(watcher);
  EXPECT_EQ(d.properties, take_apart(forwarded + four_of(0x02, 30)));
}

TEST_P(V5Will, IsRetainedWhenItSaysSo) {
  clause("v5 MQTT-3.1.2-14");
  clause("v5 MQTT-3.1.2-15");
  join(connect{.id = "c", .will = will{.topic = "w/kept", .retain = true}}).cut();
  join(connect{.id = "c", .will = will{.topic = "w/passed"}}).cut();
  auto late = listen("late", "w/#");
  const delivery d = only_delivery(late);
  EXPECT_EQ(d.topic, "w/kept");
  EXPECT_TRUE(d.retain);
}

TEST_P(V5Will, KeepsItsDelayOverARestart) {
  clause("v5 MQTT-3.1.2-8");
  options.limits.will_grace_after_restart = seconds{5};
  auto watcher = join(connect{.id = "watcher", .properties = four_of(0x11, 1'000)});
  subscribe_to(watcher, "will/#", 1);
  auto p = join({.id = "c",
                 .properties = four_of(0x11, 100),
                 .will = will{.qos = 1, .properties = four_of(0x18, 30) + user("k", "v")}});
  p.cut();
  pass(seconds{10});
  broker().crash_and_restart();
  watcher = join(connect{.id = "watcher", .clean = false, .properties = four_of(0x11, 1'000)});
  pass(seconds{19});
  watcher.expect_silence();
  pass(seconds{2});
  const delivery d = only_delivery(watcher);
  EXPECT_EQ(d.payload, "gone");
  EXPECT_EQ(find(d.properties, 0x26), "k=v");
}

TEST_P(V5Will, OfASessionThatEndsAfterARestartIsSentWithIt) {
  clause("v5 MQTT-3.1.2-8");
  options.limits.will_grace_after_restart = seconds{60};
  auto watcher = join(connect{.id = "watcher", .properties = four_of(0x11, 1'000)});
  subscribe_to(watcher, "will/#", 1);
  auto p = join(leaving(30, 5));
  broker().crash_and_restart();
  watcher = join(connect{.id = "watcher", .clean = false, .properties = four_of(0x11, 1'000)});
  pass(seconds{6});
  EXPECT_EQ(payloads(watcher), said);
  pass(seconds{100});
  watcher.expect_silence();
}

}  // namespace
}  // namespace godwit::conformance::five
