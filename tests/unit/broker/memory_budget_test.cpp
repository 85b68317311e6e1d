#include "store_world.hpp"

/// What the shards do at each level of little memory, and what they say of their own.

namespace godwit::broker::test {
namespace {

using observe::memory_level;
using std::chrono::milliseconds;

class MemoryBudget : public ::testing::TestWithParam<mqtt::protocol_version> {
 protected:
  MemoryBudget() {
    world_options o{.shards = 2};
    o.limits.output_bytes_max = 1'000'000;
    o.memory = &gauge;
    w.emplace(o);
  }
  test_client join(const std::string& id) {
    return w->connect({.version = GetParam(), .client_id = id});
  }
  static std::size_t delivered(test_client& c) { return store_world::payloads_of(c).size(); }

  observe::memory_gauge gauge;
  std::optional<world> w;
};
INSTANTIATE_TEST_SUITE_P(Versions, MemoryBudget, ::testing::Values(v31, v311, godwit::test::v5));

TEST_P(MemoryBudget, RefusesCONNECTAsBusy) {
  gauge.set(memory_level::no_accepting);
  auto inside = join("inside");
  gauge.set(memory_level::no_connects);
  auto late = w->connect_socket();
  const auto answer = late.connect({.version = GetParam(), .client_id = "late"});
  EXPECT_EQ(answer.code, GetParam() == godwit::test::v5 ? 0x89 : 3);
  w->run();
  EXPECT_TRUE(late.closed());
  EXPECT_EQ(w->counters()[observe::connect_refusal::memory_budget], 1U);
  gauge.set(memory_level::enough);
  EXPECT_EQ(w->connect_socket().connect({.version = GetParam(), .client_id = "late"}).code, 0);
}

TEST_P(MemoryBudget, LeavesPublishesUnreadAndEverythingElseGoesOn) {
  auto s = join("s");
  s.subscribe("t", qos1);
  auto p = join("p");
  gauge.set(memory_level::slow_publishers);
  p.send(godwit::test::publish_packet("t", "x", {.quality = qos1, .id = 7}, GetParam()));
  w->run();
  w->advance(seconds{3'600});
  EXPECT_EQ(delivered(s), 0U);
  EXPECT_FALSE(p.closed()) << "what it sends meanwhile cannot be read";
  EXPECT_GT(w->counters()[observe::counter::slowed_by_memory], 0U);
  s.ping();
  gauge.set(memory_level::no_connects);
  w->advance(milliseconds{200});
  EXPECT_EQ(delivered(s), 1U);
  w->check_balance();
}

/// No PUBLISH is read at this level, but wills are published.
TEST_P(MemoryBudget, DropsQos0ForThoseWhoAreBehind) {
  auto slow = join("slow");
  auto quick = join("quick");
  slow.subscribe("#");
  quick.subscribe("#");
  slow.stall();
  auto p = join("p");
  p.send(godwit::test::publish_packet("t", "x", {}, GetParam()));
  w->run();
  auto dies = w->connect(
      {.version = GetParam(), .client_id = "dies", .will = {{.topic = "will", .payload = "y"}}});
  gauge.set(memory_level::drop_unassured);
  dies.reset();
  w->run();
  EXPECT_EQ(delivered(quick), 2U);
  EXPECT_EQ(w->counters()[observe::drop_reason::memory_budget], 1U);
  slow.resume();
  w->run();
  EXPECT_EQ(delivered(slow), 1U);
  w->check_balance();
}

TEST_P(MemoryBudget, OfTheShardsIsSweptOnceASecond) {
  using observe::memory_kind;
  for (int i = 0; i < 50; ++i) {
    auto c = join("client-with-a-long-name-" + std::to_string(i));
    c.subscribe("a/filter/of/more/than/a/few/letters/" + std::to_string(i));
  }
  w->advance(seconds{3});
  const auto one = w->counters();
  EXPECT_GT(one[memory_kind::connections], 50 * sizeof(void*));
  EXPECT_GT(one[memory_kind::sessions], 50 * 60U);
  EXPECT_GT(one[memory_kind::filters], 50 * 40U);
  EXPECT_EQ(one[memory_kind::retained], 0U);
  auto p = join("p");
  p.send(godwit::test::publish_packet("r", std::string(100'000, 'x'),
                                      {.quality = qos1, .id = 1, .retain = true}, GetParam()));
  w->run();
  w->advance(seconds{3});
  EXPECT_GT(w->counters()[memory_kind::retained], 100'000U);
  EXPECT_LT(w->counters()[memory_kind::retained], 101'000U);
}

}  // namespace
}  // namespace godwit::broker::test
