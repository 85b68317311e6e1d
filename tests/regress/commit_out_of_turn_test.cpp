#include "support/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::test {
namespace {

using ::testing::ElementsAre;

std::string named_at_home(const std::string& stem, std::size_t shard) {
  for (int i = 0;; ++i) {
    const std::string name = stem + std::to_string(i);
    if (broker::home_of(name, 1, 2).value() == shard) return name;
  }
}

/// Found by the simulator: a QoS 2 publish that needed no other shard was recorded at once although
/// an earlier one of the same client still waited for another shard. After a crash the later one
/// was there, the earlier one was not, and came behind it when its client sent it again.
TEST(CommitOutOfTurn, WaitsForTheEarlierOne) {
  session::limits limits;
  limits.slow_high_water_bytes = 10;
  world w{{.shards = 2, .seed = 1, .limits = limits}};
  const connect_options publisher{.client_id = named_at_home("p", 0), .clean = false};
  const connect_options sleeper{.client_id = named_at_home("s", 0), .clean = false};

  test_client asleep = w.connect(sleeper);
  asleep.subscribe("t", qos2);
  asleep.disconnect();
  // On the other shard: one that is behind but makes progress, so that publishers wait for it.
  test_client slow = w.connect({.client_id = named_at_home("slow", 1)});
  slow.subscribe({{"t", qos2}, {"fill", qos1}});
  test_client p = w.connect(publisher);
  p.publish("fill", "a", qos1);
  slow.acknowledge(slow.expect_publish("fill", "a"));
  p.send_publish("fill", "more than ten bytes", qos1);
  w.run();

  const std::uint16_t first = p.send_publish("t", "first", qos2);
  w.run();
  slow.unsubscribe({"t"});
  const std::uint16_t second = p.send_publish("t", "second", qos2);
  w.run();
  w.crash_and_restart();

  test_client again = w.connect(publisher);
  again.send(publish_packet("t", "first", {.quality = qos2, .id = first, .dup = true}));
  again.send(publish_packet("t", "second", {.quality = qos2, .id = second, .dup = true}));
  w.run();
  test_client awake = w.connect(sleeper);
  EXPECT_THAT(awake.receive_all(), ElementsAre("first", "second"));
}

}  // namespace
}  // namespace godwit::test
