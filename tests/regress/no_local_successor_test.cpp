#include "support/packets.hpp"
#include "support/test_broker.hpp"

#include <gtest/gtest.h>

namespace godwit::test {
namespace {

constexpr base::moment start{base::steady_time{std::chrono::hours{1}},
                             base::wall_time{std::chrono::hours{500'000}}};

std::string at_home(std::size_t shard, auto home_of) {
  for (int i = 0;; ++i) {
    const std::string name = "n/" + std::to_string(i);
    if (home_of(name, 1, 2).value() == shard) return name;
  }
}

/// Found by the simulator: a retained message on its way to its home met a new session of the
/// client that had published it, and came to it in spite of No Local. [v5 MQTT-3.8.3-3]
TEST(NoLocal, MeansTheClientIdNotTheSession) {
  test_broker::options o;
  o.shard.shards = 2;
  o.shard.seed = 1;
  o.shard.sys_interval = std::chrono::seconds{0};
  test_broker b{o, start};
  const std::string client = at_home(0, broker::home_of);
  const std::string topic = at_home(1, broker::home_of_topic);
  const auto come = [&] {
    auto wire = std::make_shared<memory_wire>();
    wire->to_broker = connect_packet({.version = v5, .client_id = client});
    b.transport(0).accept(wire, {.address = "there"});
    b.turn(0, start);
    return wire;
  };
  const auto first = come();
  first->to_broker = publish_packet(topic, "mine", {.quality = qos1, .id = 1, .retain = true}, v5);
  b.turn(0, start);  // its home has not seen it yet

  const auto second = come();
  second->to_client.clear();
  second->to_broker = subscribe_packet(
      1, {{.filter = topic, .quality = qos1, .no_local = true, .retain_handling = 2}}, v5);
  b.turn(0, start);
  for (int rounds = 0; rounds < 4; ++rounds) {
    for (std::size_t i = 0; i < 2; ++i) b.turn(i, start);
  }
  EXPECT_EQ(b.census().retained, 1U);
  EXPECT_EQ(to_hex(second->to_client), "90 04 00 01 00 01");
}

}  // namespace
}  // namespace godwit::test
