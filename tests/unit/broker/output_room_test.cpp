#include "store_world.hpp"

/// Sessions whose connection holds more output than it may.

namespace godwit::broker::test {
namespace {

class OutputRoom : public ::testing::Test {
 protected:
  OutputRoom() {
    world_options o{.shards = 1};
    o.limits.output_bytes_max = 1'000;
    o.limits.inflight_max = 2;
    w.emplace(o);
  }
  /// Two messages of QoS 0 fill the output, the third one of QoS 1 finds no room in it.
  void publish_too_much_in_one_turn() {
    auto p = w->connect({.client_id = "p"});
    base::bytes all;
    for (const auto& packet :
         {godwit::test::publish_packet("t", large), godwit::test::publish_packet("t", large),
          godwit::test::publish_packet("t", "x", {.quality = qos1, .id = 7})}) {
      all.insert(all.end(), packet.begin(), packet.end());
    }
    p.send(all);
    w->run();
  }

  const std::string large = std::string(800, 'l');
  std::optional<world> w;
};

TEST_F(OutputRoom, WhatFoundNoneGoesOutAsSoonAsTheNetworkHasTakenTheRest) {
  auto s = w->connect({.client_id = "s"});
  s.subscribe("t", qos1);
  publish_too_much_in_one_turn();
  EXPECT_EQ(store_world::payloads_of(s), (texts{large, large, "x"}));
  w->check_balance();
}

TEST_F(OutputRoom, OneThatReadsAgainGetsWhatCameMeanwhile) {
  auto s = w->connect({.client_id = "s"});
  s.subscribe("t", qos1);
  s.stall();
  publish_too_much_in_one_turn();
  publish_too_much_in_one_turn();
  s.resume();
  w->run();
  EXPECT_EQ(store_world::payloads_of(s), (texts{large, large, "x", large, large, "x"}));
  w->check_balance();
}

TEST_F(OutputRoom, ANewConnectionBeginsWithoutOutput) {
  auto s = w->connect({.client_id = "s", .clean = false});
  s.subscribe("t", qos1);
  s.stall();
  publish_too_much_in_one_turn();
  s.reset();
  w->run();
  auto again = w->connect({.client_id = "s", .clean = false});
  w->run();
  EXPECT_EQ(store_world::payloads_of(again), (texts{"x"}));
}

}  // namespace
}  // namespace godwit::broker::test
