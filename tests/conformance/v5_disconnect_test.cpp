#include "conformance/v5_test.hpp"

namespace godwit::conformance::five {
namespace {

/// The reason that the broker gives for every end.
class V5Disconnect : public v5_test {};
INSTANTIATE_TEST_SUITE_P(Shards, V5Disconnect, one_and_three_shards, shards_of);

TEST_P(V5Disconnect, SaysWhatWasWrong) {
  clause("v5 MQTT-4.13.1-1");
  clause("v5 MQTT-4.13.2-1");
  expect_fault_code(packet(0x36, field("a") + u16(1) + hex("00")), 0x81);
  expect_fault_code(hex("60 02 00 01"), 0x81);
  expect_fault_code(publish{.topic = "a/#"}.bytes(), 0x90);
  expect_fault_code(hex("E0 02 00 05"), 0x81);
  expect_fault_code(hex("20 03 00 00 00"), 0x82);
  expect_fault_code(publish{.properties = variable_of(0x0B, 1)}.bytes(), 0x82);
  expect_fault_code(publish{.properties = two_of(0x23, 0)}.bytes(), 0x94);
  expect_fault_code(publish{.topic = "", .properties = two_of(0x23, 3)}.bytes(), 0x82);
}

TEST_P(V5Disconnect, IsTheLastPacketAndThenTheEnd) {
  clause("v5 MQTT-3.14.4-1");
  clause("v5 MQTT-3.14.4-2");
  auto p = listen("p", "a/b");
  p.send(hex("60 02 00 01") + publish{}.bytes() + hex("C0 00"));
  const auto all = p.packets();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].type(), 14U);
  EXPECT_TRUE(p.closed());
}

TEST_P(V5Disconnect, SaysThatTheServerStops) {
  clause("v5 MQTT-3.14.4-2");
  auto p = join(connect{.id = "p", .will = will{}});
  broker().stop();
  expect_goodbye(p, 0x8B);
  broker().restart();
}

TEST_P(V5Disconnect, LeavesOutTheReasonWhereItDoesNotFit) {
  clause("v5 MQTT-3.14.2-3");
  clause("v5 MQTT-3.14.2-4");
  auto p = join(connect{.id = "p", .properties = four_of(0x27, 20)});
  p.send(hex("C0 01 00"));
  p.expect_end(hex("E0 01 81"));
  auto q = join("q");
  q.send(hex("C0 01 00"));
  const auto all = q.packets();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(find(answer_of(all[0]).properties, 0x1F));
}

TEST_P(V5Disconnect, OfTheClientIsNotAnswered) {
  clause("v5 MQTT-3.14.4-3");
  for (const auto& bytes : {hex("E0 00"), disconnect(0), disconnect(0x80), disconnect(4)}) {
    auto p = join("p");
    p.send(bytes);
    p.expect_end();
  }
}

TEST_P(V5Disconnect, SaysThatTheQueueOverflowed) {
  clause("v5 MQTT-4.13.2-1");
  options.limits.queue_bytes_max = 1'024;
  options.limits.queue_overflow = session::overflow_policy::disconnect;
  auto p = join(connect{.id = "p", .properties = two_of(0x21, 1)});
  subscribe_to(p, "a/b", 1);
  for (int i = 0; i < 3; ++i) put({.payload = std::string(500, 'x'), .qos = 1});
  expect_goodbye(p, 0x97);
}

}  // namespace
}  // namespace godwit::conformance::five
