#include <godwit/observe/memory_gauge.hpp>

#include <gtest/gtest.h>

namespace godwit::observe {
namespace {

using enum memory_level;

TEST(MemoryLevel, RisesWithWhatIsInUse) {
  EXPECT_EQ(next_level(enough, 799, 1'000), enough);
  EXPECT_EQ(next_level(enough, 800, 1'000), no_accepting);
  EXPECT_EQ(next_level(enough, 850, 1'000), no_connects);
  EXPECT_EQ(next_level(enough, 900, 1'000), slow_publishers);
  EXPECT_EQ(next_level(enough, 950, 1'000), drop_unassured);
  EXPECT_EQ(next_level(no_connects, 5'000, 1'000), drop_unassured);
}

TEST(MemoryLevel, FallsLaterThanItRose) {
  EXPECT_EQ(next_level(drop_unassured, 900, 1'000), drop_unassured);
  EXPECT_EQ(next_level(drop_unassured, 899, 1'000), slow_publishers);
  EXPECT_EQ(next_level(slow_publishers, 850, 1'000), slow_publishers);
  EXPECT_EQ(next_level(slow_publishers, 849, 1'000), no_connects);
  EXPECT_EQ(next_level(no_connects, 799, 1'000), no_accepting);
  EXPECT_EQ(next_level(no_accepting, 750, 1'000), no_accepting);
  EXPECT_EQ(next_level(no_accepting, 749, 1'000), enough);
  EXPECT_EQ(next_level(drop_unassured, 0, 1'000), enough);
}

TEST(MemoryLevel, IsEnoughWithoutALimit) {
  EXPECT_EQ(next_level(drop_unassured, ~std::uint64_t{0}, 0), enough);
}

TEST(MemoryGauge, RemembersTheMost) {
  memory_gauge g;
  EXPECT_FALSE(g.current());
  g.set(30U);
  g.set(20U);
  EXPECT_EQ(g.current(), 20U);
  EXPECT_EQ(g.maximum(), 30U);
}

}  // namespace
}  // namespace godwit::observe
