#include "conformance/broker_test.hpp"

namespace godwit::conformance {
namespace {

/// Keep alive: the client has to speak; the broker never does unasked.
class Keepalive : public broker_test {
 protected:
  [[nodiscard]] peer join_with(unsigned keep_alive_s, bool clean = true) {
    auto c = hello("c", clean);
    c.keep_alive_s = keep_alive_s;
    return join(c);
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, Keepalive, both_versions, name_of);

TEST_P(Keepalive, ClosesAfterOneAndAHalfIntervals) {
  clause("v311 MQTT-3.1.2-24");
  clause("v31 M31-keep-1");
  for (const unsigned interval : {1U, 2U, 60U}) {
    auto p = join_with(interval);
    pass(milliseconds{interval * 1'500 - 100});
    p.expect_silence();
    pass(milliseconds{1'100});
    p.expect_end();
  }
}

TEST_P(Keepalive, HoldsForTheLongestInterval) {
  clause("v311 MQTT-3.1.2-24");
  auto p = join_with(65'535);
  pass(milliseconds{65'535LL * 1'500 - 2'000});
  p.expect_silence();
  pass(seconds{4});
  p.expect_end();
}

TEST_P(Keepalive, IsKeptByAnyPacket) {
  clause("v311 MQTT-3.1.2-24");
  clause("v31 M31-keep-4");
  auto p = join_with(2);
  for (int i = 0; i < 10; ++i) {
    pass(milliseconds{2'500});
    p.send(pingreq());
    p.expect(pingresp());
    pass(milliseconds{2'500});
    p.send(publish{.topic = "a"}.bytes());
    p.expect_silence();
    pass(milliseconds{2'500});
    p.send(puback(1));
    p.expect_silence();
  }
  pass(seconds{4});
  p.expect_end();
}

TEST_P(Keepalive, IsNotKeptByWhatTheBrokerSends) {
  clause("v311 MQTT-3.1.2-24");
  clause("v31 M31-keep-1");
  auto p = join_with(2);
  subscribe_to(p, "a");
  for (int i = 0; i < 3; ++i) {
    pass(milliseconds{800});
    put({.topic = "a"});
  }
  EXPECT_EQ(p.messages().size(), 3U);
  pass(milliseconds{1'600});
  p.expect_end();
}

TEST_P(Keepalive, IsNotKeptByHalfAPacket) {
  clause("v311 MQTT-3.1.2-24");
  auto p = join_with(2);
  const auto bytes = publish{.topic = "a", .payload = "1234567890"}.bytes();
  for (std::size_t i = 0; i < 5; ++i) {
    p.send(std::string_view{bytes}.substr(i, 1));
    pass(milliseconds{800});
  }
  p.expect_end();
}

TEST_P(Keepalive, OfZeroNeverCloses) {
  clause("v311 MQTT-3.1.2-24");
  clause("v31 M31-keep-3");
  auto p = join_with(0);
  pass(seconds{7 * 86'400});
  p.expect_silence();
  p.expect_alive();
}

TEST_P(Keepalive, LeavesTheSessionAlone) {
  clause("v31 M31-keep-2");
  auto p = join_with(2, false);
  subscribe_to(p, "a", 1);
  pass(seconds{4});
  p.expect_end();
  put({.topic = "a", .qos = 1});
  EXPECT_EQ(join_with(2, false).drain(), texts{"a=x"});
}

TEST_P(Keepalive, PingIsAnswered) {
  clause("v311 MQTT-3.12.4-1");
  clause("v31 M31-keep-4");
  options.limits.inflight_max = 1;
  auto p = listen("c", "a", 1);
  p.send(pingreq());
  p.expect(hex("D0 00"));
  put({.topic = "a", .qos = 1});
  put({.topic = "a", .qos = 1});
  EXPECT_EQ(p.messages().size(), 1U);  // the window is full
  p.send(pingreq() + pingreq());
  p.expect(pingresp() + pingresp());
}

TEST_P(Keepalive, NothingIsSentOnAnIdleConnection) {
  clause("v311 MQTT-3.1.2-24");
  options.sys_interval = seconds{10};
  options.limits.mqtt31_retry_first = seconds{20};
  std::vector<peer> idle;
  unsigned number = 0;
  for (const unsigned keep_alive : {0U, 600U, 65'535U}) {
    for (const bool clean : {true, false}) {
      auto c = hello("idle" + std::to_string(++number), clean);
      c.keep_alive_s = keep_alive;
      c.will.emplace();
      auto p = join(c);
      subscribe_to(p, "push/" + c.id, 2);
      subscribe_to(p, "#", 0);
      idle.push_back(p);
    }
  }
  auto before_connect = open();
  for (int minute = 0; minute < 10; ++minute) {
    pass(seconds{60});
    for (auto& p : idle) p.expect_silence();
  }
  before_connect.expect_end();
  for (auto& p : idle) p.expect_alive();
}

}  // namespace
}  // namespace godwit::conformance
