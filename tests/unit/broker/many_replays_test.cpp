// A session that subscribes faster than the other shards can look for retained messages.

#include "support/test_broker.hpp"
#include "support/world.hpp"

#include <gtest/gtest.h>

namespace godwit::broker {
namespace {

using godwit::test::filter_request;
using godwit::test::qos1;

constexpr std::size_t requests = 40;
constexpr std::size_t filters_each = 64;

/// Filters with wildcards concern all shards.
std::vector<filter_request> some_filters(std::size_t request) {
  std::vector<filter_request> out;
  for (std::size_t i = 0; i < filters_each; ++i) {
    out.push_back({"f/" + std::to_string(request) + "/" + std::to_string(i) + "/#", qos1});
  }
  return out;
}

TEST(ManyReplays, ReadTheirSessionMoreSlowlyUntilTheOtherShardsAnswer) {
  const base::moment now{};
  shard_options options;
  options.shards = 2;
  options.seed = 1;
  options.sys_interval = std::chrono::seconds{0};
  godwit::test::test_broker b{{.shard = options}, now};
  const auto run = [&] {
    while (b.wants_turn(0, now.steady) || b.wants_turn(1, now.steady)) {
      b.turn(0, now);
      b.turn(1, now);
    }
  };
  const auto home = home_of("many", options.seed, options.shards).value();
  const auto wire = std::make_shared<godwit::test::memory_wire>();
  const auto send = [&](const base::bytes& packet) {
    wire->to_broker.insert(wire->to_broker.end(), packet.begin(), packet.end());
    return packet.size();
  };
  b.transport(home).accept(wire, {});
  std::uint64_t sent = send(godwit::test::connect_packet({.client_id = "many"}));
  run();
  ASSERT_EQ(wire->consumed, sent);
  for (std::size_t i = 0; i < requests; ++i) {
    sent +=
        send(godwit::test::subscribe_packet(static_cast<std::uint16_t>(i + 1), some_filters(i)));
  }

  const std::size_t before = wire->to_client.size();
  constexpr std::size_t suback = 2 + 2 + filters_each;
  for (int turn = 0; turn < 100; ++turn) b.turn(home, now);  // alone
  EXPECT_GE(wire->to_client.size(), before + 4 * suback) << "some are taken at once";
  EXPECT_LE(wire->to_client.size(), before + 8 * suback) << "as long as few replays wait";

  run();
  EXPECT_EQ(wire->consumed, sent);
  EXPECT_EQ(wire->to_client.size(), before + requests * suback);
}

TEST(ManyReplays, DoNotKeepTheAcknowledgementsThatMakeRoomForThemUnread) {
  godwit::test::world w{{.shards = 2}};
  auto publisher = w.connect({.client_id = "publisher"});
  const std::string large(8'192, 'x');
  for (std::size_t i = 0; i < 10 * filters_each; i += 2) {
    const auto one = some_filters(i / filters_each)[i % filters_each].filter;
    publisher.publish(one.substr(0, one.size() - 1) + "t", large, qos1, true);
  }
  auto reader = w.connect({.client_id = "reader"});
  for (std::size_t i = 0; i < 10; ++i) {
    reader.send(godwit::test::subscribe_packet(reader.next_id(), some_filters(i)));
  }
  EXPECT_EQ(reader.receive_all().size(), 10 * filters_each / 2);
  for (std::size_t i = 0; i < 10; ++i) reader.expect<mqtt::suback_view>("SUBACK");
  reader.ping();
}

}  // namespace
}  // namespace godwit::broker
