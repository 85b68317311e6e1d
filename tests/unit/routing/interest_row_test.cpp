#include "routing/interest_row.hpp"

#include <godwit/base/random.hpp>

#include <gtest/gtest.h>

#include <map>

namespace godwit::routing {
namespace {

TEST(InterestRow, CountsEachKey) {
  interest_row row;
  EXPECT_TRUE(row.add(5));
  EXPECT_FALSE(row.add(5));
  EXPECT_EQ(row.total(), 2U);
  EXPECT_FALSE(row.remove(5));
  EXPECT_TRUE(row.contains(5));
  EXPECT_TRUE(row.remove(5));
  EXPECT_FALSE(row.contains(5));
  EXPECT_EQ(row.total(), 0U);
}

TEST(InterestRow, TakesTheKeyZero) {
  interest_row row;
  EXPECT_FALSE(row.contains(0));
  row.add(0);
  EXPECT_TRUE(row.contains(0));
  row.remove(0);
  EXPECT_FALSE(row.contains(0));
}

TEST(InterestRow, AFullCounterStays) {
  interest_row row;
  row.add(9, interest_row::counter_max - 1);
  EXPECT_FALSE(row.remove(9)) << "not full yet: counts down";
  row.add(9, 5);
  EXPECT_EQ(row.total(), interest_row::counter_max);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(row.remove(9));
  EXPECT_TRUE(row.contains(9));
  EXPECT_EQ(row.total(), interest_row::counter_max);
}

TEST(InterestRow, BehavesLikeAMapOfCounters) {
  constexpr std::uint64_t seed = 31;
  SCOPED_TRACE(seed);
  base::prng random{seed};
  interest_row row;
  std::map<std::uint32_t, int> model;
  // 120 keys with three homes, at the end of every table: long runs that wrap around.
  const auto key = [&] {
    return static_cast<std::uint32_t>((random.below(40) << 20) + 0xffffdU + random.below(3));
  };
  for (int step = 0; step < 100'000; ++step) {
    const std::uint32_t k = key();
    if (random.chance((step / 10'000) % 2 == 0 ? 2 : 1, 3)) {
      EXPECT_EQ(row.add(k), model[k]++ == 0);
    } else if (model[k] > 0) {
      EXPECT_EQ(row.remove(k), --model[k] == 0);
    }
    const std::uint32_t asked = key();
    ASSERT_EQ(row.contains(asked), model[asked] > 0);
  }
}

TEST(InterestRow, StaysSmallUnderEndlessChange) {
  constexpr std::uint64_t seed = 32;
  SCOPED_TRACE(seed);
  base::prng random{seed};
  interest_row row;
  std::vector<std::uint32_t> live;
  for (int i = 0; i < 1000; ++i) {
    live.push_back(static_cast<std::uint32_t>(random()));
    row.add(live.back());
  }
  for (int i = 0; i < 1'000'000; ++i) {
    std::uint32_t& k = live[random.below(live.size())];
    row.remove(k);
    k = static_cast<std::uint32_t>(random());
    row.add(k);
  }
  EXPECT_LE(row.capacity(), 8192U);
  for (const std::uint32_t k : live) EXPECT_TRUE(row.contains(k));
}

}  // namespace
}  // namespace godwit::routing
