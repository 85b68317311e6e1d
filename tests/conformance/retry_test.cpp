#include "conformance/broker_test.hpp"

namespace godwit::conformance {
namespace {

/// Repeating unanswered messages on a living connection: 3.1 alone, and only when asked to.
class Retry : public broker_test {
 protected:
  Retry() {
    options.limits.mqtt31_retry_first = seconds{10};
    options.limits.mqtt31_retry_factor = 2.0;
    options.limits.mqtt31_retry_count = 3;
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, Retry, only_v31, name_of);

TEST_P(Retry, RepeatsAPublishWithDup) {
  clause("v31 M31-retry-1");
  auto p = listen("c", "a", 2);
  for (const unsigned qos : {1U, 2U}) {
    put({.topic = "a", .qos = qos});
    const auto sent = p.message();
    EXPECT_FALSE(sent.dup());
    pass(seconds{9});
    p.expect_silence();
    pass(seconds{2});
    p.expect(publish{"a", "x", qos, sent.id(), true}.bytes());
    p.send(ack(qos == 1 ? 0x40 : 0x50, sent.id()));
    if (qos == 2) {
      p.expect(pubrel(sent.id()));
      p.send(pubcomp(sent.id()));
    }
    pass(seconds{200});
    p.expect_silence();
  }
}

TEST_P(Retry, RepeatsAPubrel) {
  clause("v31 M31-retry-1");
  auto p = listen("c", "a", 2);
  put({.topic = "a", .qos = 2});
  const auto id = p.message().id();
  p.send(pubrec(id));
  p.expect(pubrel(id));
  pass(seconds{11});
  const auto again = p.packets();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].type(), 6U);
  EXPECT_EQ(again[0].id(), id);
  p.send(pubcomp(id));
  pass(seconds{200});
  p.expect_silence();
}

TEST_P(Retry, GrowsItsDelayAndEnds) {
  clause("v31 M31-retry-2");
  auto p = listen("c", "a", 1);
  put({.topic = "a", .qos = 1});
  (void)p.message();
  texts times;
  for (int second = 1; second <= 600; ++second) {
    pass(seconds{1});
    for (const auto& again : p.packets()) {
      EXPECT_TRUE(again.dup());
      times.push_back(std::to_string((second + 3) / 10 * 10));  // to within a few seconds
    }
  }
  EXPECT_EQ(times, (texts{"10", "30", "70"}));
  p.expect_alive();
}

TEST_P(Retry, DoesNotRunWhileTheMessageIsStillBeingSent) {
  clause("v31 M31-retry-2");
  options.limits.stalled_reader_timeout = milliseconds{0};
  auto p = listen("c", "a", 1);
  p.socket().stall();
  put({.topic = "a", .qos = 1});
  pass(seconds{300});
  p.socket().resume();
  const auto m = p.message();
  EXPECT_FALSE(m.dup());
  p.send(puback(m.id()));
  pass(seconds{300});
  p.expect_silence();
}

TEST_P(Retry, IsNotForOtherVersions) {
  clause("v31 M31-retry-1");
  auto c = hello("c");
  c.version = v311;
  auto p = join(c);
  subscribe_to(p, "a", 1);
  put({.topic = "a", .qos = 1});
  (void)p.message();
  pass(seconds{600});
  p.expect_silence();
}

/// Without the option nothing is repeated before the client comes back.
class NoRetry : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, NoRetry, both_versions, name_of);

TEST_P(NoRetry, RepeatsNothingOnALivingConnection) {
  clause("v31 M31-retry-1");
  auto p = listen("c", "a", 1);
  put({.topic = "a", .qos = 1});
  (void)p.message();
  pass(seconds{3'600});
  p.expect_silence();
}

TEST_P(NoRetry, RepeatsWithDupOnTheNextConnection) {
  clause("v31 M31-retry-3");
  clause("v311 MQTT-3.3.1-1");
  auto p = join_persistent("c");
  subscribe_to(p, "a", 2);
  put({.topic = "a", .qos = 1});
  put({.topic = "a", .qos = 2});
  const auto sent = p.packets();
  ASSERT_EQ(sent.size(), 2U);
  p.cut();
  for (int i = 0; i < 2; ++i) {
    p = join_persistent("c");
    p.expect(publish{"a", "x", 1, sent[0].id(), true}.bytes() +
             publish{"a", "x", 2, sent[1].id(), true}.bytes());
    p.cut();
  }
}

}  // namespace
}  // namespace godwit::conformance
