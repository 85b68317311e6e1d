#include "support/packets.hpp"
#include "support/test_broker.hpp"

#include <gtest/gtest.h>

namespace godwit::test {
namespace {

constexpr base::moment start{base::steady_time{std::chrono::hours{1}},
                             base::wall_time{std::chrono::hours{500'000}}};

/// Found by the simulator: a client that closed its side after its connection had moved to its
/// home, and before the CONNACK could leave, stayed connected for ever.
TEST(ClosedWhileMoving, EndsOnceItsConnackIsOut) {
  for (std::size_t accepting = 0; accepting < 2; ++accepting) {
    test_broker::options o;
    o.shard.shards = 2;
    o.shard.sys_interval = std::chrono::seconds{0};
    o.store_mode = store::memory_store::mode::manual;
    test_broker b{o, start};
    const auto all_take_turns = [&] {
      for (int rounds = 0; rounds < 4; ++rounds) {
        for (std::size_t i = 0; i < 2; ++i) b.turn(i, start);
      }
    };
    const auto wire = std::make_shared<memory_wire>();
    wire->to_broker = connect_packet({.client_id = "c", .clean = false});
    b.transport(accepting).accept(wire, {.address = "there"});
    all_take_turns();  // at home, waiting for the disk
    wire->client_closed = true;
    all_take_turns();
    b.durable_store().commit(b.durable_store().waiting());
    all_take_turns();
    EXPECT_EQ(b.census().connections, 0U) << "accepted on shard " << accepting;
    const logged_event* const end = b.log().last("client.disconnected");
    ASSERT_NE(end, nullptr);
    EXPECT_EQ(end->field("reason"), "client_closed");
  }
}

}  // namespace
}  // namespace godwit::test
