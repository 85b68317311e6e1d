#include "conformance/broker_test.hpp"

#include <algorithm>

namespace godwit::conformance {
namespace {

/// Messages that stay for those who subscribe later.
class Retain : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, Retain, both_versions, name_of);

TEST_P(Retain, KeepsTheLastMessageAndItsQos) {
  clause("v311 MQTT-3.3.1-5");
  clause("v31 M31-retain-1");
  put({.topic = "a", .payload = "A", .qos = 2, .retain = true});
  put({.topic = "a", .payload = "B", .qos = 1, .retain = true});
  for (const unsigned granted : {0U, 1U, 2U}) {
    auto p = join("c");
    p.send(subscribe(1, {{"a", granted}}));
    EXPECT_TRUE(p.take(9));
    const auto m = p.message();
    EXPECT_EQ(m.payload(), "B");
    EXPECT_EQ(m.qos(), std::min(granted, 1U));
  }
}

TEST_P(Retain, IsSentForEveryMatchingTopicOfANewSubscription) {
  clause("v311 MQTT-3.3.1-6");
  clause("v31 M31-retain-2");
  for (const char* topic : {"a/1", "a/2", "b/1", "$x/1"}) {
    put({.topic = topic, .payload = "r", .qos = 1, .retain = true});
  }
  const auto sorted = [this](const std::string& filter) {
    auto all = retained(filter, 1);
    std::ranges::sort(all);
    return all;
  };
  EXPECT_EQ(sorted("a/+"), (texts{"a/1=r", "a/2=r"}));
  EXPECT_EQ(sorted("#"), (texts{"a/1=r", "a/2=r", "b/1=r"}));
  EXPECT_EQ(sorted("+/1"), (texts{"a/1=r", "b/1=r"}));
  EXPECT_EQ(sorted("$x/#"), texts{"$x/1=r"});
  EXPECT_EQ(sorted("none/#"), texts{});
}

TEST_P(Retain, AtQosZeroReplacesWhatWasThere) {
  clause("v311 MQTT-3.3.1-7");
  put({.topic = "a", .payload = "A", .qos = 1, .retain = true});
  put({.topic = "a", .payload = "B", .qos = 0, .retain = true});
  EXPECT_EQ(retained("a", 1), texts{"a=B"});
}

TEST_P(Retain, IsFlaggedForANewSubscriptionOnly) {
  clause("v311 MQTT-3.3.1-8");
  clause("v311 MQTT-3.3.1-9");
  clause("v31 M31-retain-3");
  auto live = listen("live", "a", 1);
  for (const unsigned qos : {0U, 1U}) {
    put({.topic = "a", .qos = qos, .retain = true});
    const auto now = live.message();
    EXPECT_FALSE(now.retain());
    auto late = join("late");
    late.send(subscribe(1, {{"a", 1}}));
    EXPECT_TRUE(late.take(9));
    EXPECT_TRUE(late.message().retain());
  }
}

TEST_P(Retain, WithAnEmptyPayloadClears) {
  clause("v311 MQTT-3.3.1-10");
  clause("v311 MQTT-3.3.1-11");
  clause("v31 M31-retain-4");
  for (const unsigned qos : {0U, 1U, 2U}) {
    put({.topic = "a", .payload = "A", .qos = 1, .retain = true});
    ASSERT_EQ(retained("a"), texts{"a=A"});
    auto live = listen("live", "a", 2);
    EXPECT_EQ(live.drain(), texts{"a=A"});
    put({.topic = "a", .payload = {}, .qos = qos, .retain = true});
    const auto m = live.message();
    EXPECT_EQ(m.payload(), "");
    EXPECT_FALSE(m.retain());
    EXPECT_EQ(retained("#"), texts{});
    live.send(disconnect());
  }
  EXPECT_EQ(broker().census().retained, 0U);
}

TEST_P(Retain, IsNotChangedByMessagesWithoutTheFlag) {
  clause("v311 MQTT-3.3.1-12");
  put({.topic = "a", .payload = "A", .qos = 1, .retain = true});
  put({.topic = "a", .payload = "B", .qos = 1});
  put({.topic = "a", .payload = {}, .qos = 1});
  EXPECT_EQ(retained("a", 1), texts{"a=A"});
  put({.topic = "b", .payload = "B", .qos = 1});
  EXPECT_EQ(retained("b"), texts{});
}

TEST_P(Retain, IsRepeatedWithEverySubscribe) {
  clause("v311 MQTT-3.8.4-3");
  clause("v31 M31-sub-8");
  put({.topic = "a", .payload = "A", .qos = 1, .retain = true});
  auto p = join("c");
  for (const unsigned qos : {0U, 1U, 1U}) {
    p.send(subscribe(1, {{"a", qos}}));
    EXPECT_TRUE(p.take(9));
    const auto m = p.message();
    EXPECT_EQ(m.qos(), qos);
    EXPECT_TRUE(m.retain());
  }
}

TEST_P(Retain, SurvivesARestart) {
  clause("v31 M31-retain-5");
  put({.topic = "a", .payload = "A", .qos = 1, .retain = true});
  put({.topic = "b", .payload = "B", .qos = 0, .retain = true});
  put({.topic = "c", .payload = "C", .qos = 1, .retain = true});
  put({.topic = "c", .payload = {}, .qos = 1, .retain = true});
  broker().restart();
  EXPECT_EQ(retained("a", 1), texts{"a=A"});
  EXPECT_EQ(retained("b", 1), texts{"b=B"});
  broker().crash_and_restart(2);
  EXPECT_EQ(retained("a", 1), texts{"a=A"});
  EXPECT_EQ(retained("c", 1), texts{});
}

TEST_P(Retain, RepliesAreNewerThanWhatCameLive) {
  clause("v311 MQTT-3.3.1-5");
  put({.topic = "a/b", .payload = "0", .retain = true});
  auto sender = join("sender");
  for (int round = 0; round < 20; ++round) {
    auto p = join("c" + std::to_string(round % 5));
    sender.send(publish{"a/b", std::to_string(2 * round + 1), 0, 0, false, true}.bytes());
    p.send(subscribe(1, {{"a/+", 0}}));
    sender.send(publish{"a/b", std::to_string(2 * round + 2), 0, 0, false, true}.bytes());
    int live = -1;
    int last = -1;
    std::string seen;
    for (const auto& m : p.packets()) {
      if (!m.is_publish()) continue;
      last = std::stoi(m.payload());
      seen += m.payload() + (m.retain() ? "r " : " ");
      EXPECT_GT(last, live) << seen;
      if (!m.retain()) live = last;
    }
    EXPECT_EQ(last, 2 * round + 2) << seen;
  }
}

TEST_P(Retain, IsNeverSentForASharedSubscription) {
  clause("v311 MQTT-3.3.1-6");
  put({.topic = "a", .payload = "A", .retain = true});
  auto p = join("c");
  p.send(subscribe(1, {{"$share/g/a", 0}}));
  p.expect(suback(1, {0}));
  p.expect_silence();
  put({.topic = "a", .payload = "B", .retain = true});
  p.expect(publish{.topic = "a", .payload = "B"}.bytes());
}

}  // namespace
}  // namespace godwit::conformance
