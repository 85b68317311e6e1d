// What a message costs in allocations once everything is warm: none at QoS 0, one at QoS 1, however
// many subscribers there are.
#include "core/allocation_meter.hpp"
#include "core/bare_broker.hpp"
#include "support/packets.hpp"

namespace godwit::bench {
namespace {

constexpr int warm_up = 3'000;
constexpr int measured = 10'000;

struct fan {
  explicit fan(mqtt::qos quality, int subscribers) {
    publisher = broker.connect("publisher", true);
    for (int i = 0; i < subscribers; ++i) {
      all.push_back(broker.connect("subscriber-" + std::to_string(i), true));
      broker.feed(all.back(), test::subscribe_packet(1, {{.filter = "a/+", .quality = quality}}));
    }
  }
  bare_broker broker;
  broker::connection_token publisher{};
  std::vector<broker::connection_token> all;
};

double per_message(std::uint64_t before) {
  return static_cast<double>(allocations() - before) / measured;
}

TEST(Allocations, AMessageOfQos0TakesNone) {
  fan f{test::qos0, 20};
  const base::bytes packet = test::publish_packet("a/b", std::string(64, 'x'));
  for (int i = 0; i < warm_up; ++i) f.broker.feed(f.publisher, packet);
  const std::uint64_t before = allocations();
  const std::uint64_t sent = f.broker.bytes_sent();
  for (int i = 0; i < measured; ++i) f.broker.feed(f.publisher, packet);
  EXPECT_EQ(f.broker.bytes_sent() - sent, std::uint64_t{measured} * 20 * packet.size());
  EXPECT_EQ(per_message(before), 0);
}

/// Packet ids are given in order, so the acknowledgements can be made before.
TEST(Allocations, AMessageOfQos1TakesOneHoweverManySubscribersThereAre) {
  fan f{test::qos1, 20};
  std::vector<base::bytes> packets;
  std::vector<base::bytes> acknowledgements;
  for (int i = 1; i <= warm_up + measured; ++i) {
    const auto id = static_cast<std::uint16_t>(i);
    packets.push_back(
        test::publish_packet("a/b", std::string(64, 'x'), {.quality = test::qos1, .id = id}));
    acknowledgements.push_back(test::ack_packet(mqtt::packet_type::puback, id));
  }
  std::uint64_t before = 0;
  for (int i = 0; i < warm_up + measured; ++i) {
    if (i == warm_up) before = allocations();
    const auto n = static_cast<std::size_t>(i);
    f.broker.feed(f.publisher, packets[n]);
    for (const auto subscriber : f.all) f.broker.feed(subscriber, acknowledgements[n]);
  }
  EXPECT_LE(per_message(before), 1.001);
  EXPECT_EQ(f.broker.shard().take_census().log_entries, 0U);
}

}  // namespace
}  // namespace godwit::bench
