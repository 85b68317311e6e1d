#include <godwit/base/chunked_ring.hpp>
#include <godwit/base/random.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <memory>

namespace godwit::base {
namespace {

using ring_of_ints = chunked_ring<std::unique_ptr<int>>;
static_assert(sizeof(ring_of_ints) == 24);
constexpr std::size_t chunk_bytes = ring_of_ints::chunk * sizeof(void*);

std::unique_ptr<int> number(int n) {
  return std::make_unique<int>(n);
}

TEST(ChunkedRing, StartsWithoutMemoryAndStaysSmallWhileItHoldsLittle) {
  ring_of_ints r;
  EXPECT_EQ(r.allocated_bytes(), 0U);
  for (int i = 0; i < 1'000; ++i) {
    r.push_back(number(i));
    if (r.size() > 3) r.pop_front();
  }
  EXPECT_EQ(*r.front(), 997);
  EXPECT_EQ(r.allocated_bytes(), 4 * sizeof(void*));
}

TEST(ChunkedRing, WastesAtMostTwoChunksHoweverLongItIs) {
  ring_of_ints r;
  constexpr int many = 100'001;
  for (int i = 0; i < many; ++i) {
    r.push_back(number(i));
    const std::size_t table = 16 * (r.size() / ring_of_ints::chunk + 4);
    ASSERT_LE(r.allocated_bytes(), r.size() * sizeof(void*) + chunk_bytes + table);
  }
  for (int i = 0; i < many; ++i) {
    ASSERT_EQ(*r.front(), i);
    ASSERT_EQ(*r[r.size() - 1], many - 1);
    r.pop_front();
    r.shrink();
    ASSERT_LE(r.allocated_bytes(), r.size() * 4 * sizeof(void*) + 2 * chunk_bytes);
  }
  EXPECT_LE(r.allocated_bytes(), chunk_bytes);
}

TEST(ChunkedRing, GivesEverythingBackWhenCleared) {
  ring_of_ints r;
  for (int i = 0; i < 1'000; ++i) r.push_back(number(i));
  r.clear();
  EXPECT_EQ(r.allocated_bytes(), 0U);
  r.push_back(number(7));
  EXPECT_EQ(*r.back(), 7);
}

TEST(ChunkedRing, MovesWithItsValues) {
  ring_of_ints a;
  for (int i = 0; i < 300; ++i) a.push_back(number(i));
  ring_of_ints b{std::move(a)};
  a = std::move(b);
  EXPECT_EQ(a.size(), 300U);
  EXPECT_EQ(*a[299], 299);
}

TEST(ChunkedRing, DoesWhatADequeDoes) {
  prng random{4'711};
  ring_of_ints r;
  std::deque<int> d;
  int next = 0;
  for (int round = 0; round < 400; ++round) {
    // Long runs of one kind, so that it grows, wraps around and shrinks.
    const std::uint64_t what = random.below(5);
    for (std::uint64_t n = random.below(round % 7 == 0 ? 900 : 90); n != 0; --n) {
      if (what <= 1) {
        r.push_back(number(next));
        d.push_back(next++);
      } else if (!d.empty() && what <= 3) {
        r.pop_front();
        d.pop_front();
      } else if (!d.empty()) {
        r.pop_back();
        d.pop_back();
      }
    }
    if (random.chance(1, 4)) r.shrink();
    ASSERT_EQ(r.size(), d.size());
    for (std::uint32_t i = 0; i < r.size(); ++i) ASSERT_EQ(*r[i], d[i]);
  }
}

}  // namespace
}  // namespace godwit::base
