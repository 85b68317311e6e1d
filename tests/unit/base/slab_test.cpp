#include <godwit/base/random.hpp>
#include <godwit/base/slab.hpp>

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace godwit::base {
namespace {

TEST(Slab, FindsWhatItHolds) {
  slab<std::string> strings;
  const auto a = strings.emplace("alpha");
  const auto b = strings.emplace(3U, 'b');
  EXPECT_EQ(strings.at(a), "alpha");
  EXPECT_EQ(*strings.find(b), "bbb");
  EXPECT_EQ(strings.size(), 2U);
  EXPECT_TRUE(a);
  EXPECT_NE(a, b);
}

TEST(Slab, DefaultHandleNamesNothing) {
  slab<int> numbers;
  const slab<int>::handle_type nobody;
  EXPECT_FALSE(nobody);
  EXPECT_EQ(numbers.find(nobody), nullptr);
  const auto first = numbers.emplace(1);
  EXPECT_EQ(first.index, 0U);
  EXPECT_EQ(numbers.find(nobody), nullptr);
  numbers.erase(first);
  EXPECT_EQ(numbers.find(nobody), nullptr);
}

TEST(Slab, ReusesAPlaceUnderANewGeneration) {
  slab<int> numbers;
  const auto old = numbers.emplace(1);
  numbers.emplace(2);
  numbers.erase(old);
  EXPECT_EQ(numbers.find(old), nullptr);
  const auto fresh = numbers.emplace(3);
  EXPECT_EQ(fresh.index, old.index);
  EXPECT_NE(fresh.generation, old.generation);
  EXPECT_EQ(numbers.find(old), nullptr);
  EXPECT_EQ(numbers.at(fresh), 3);
}

TEST(Slab, KeepsAddressesWhileGrowing) {
  slab<std::uint64_t> numbers;
  std::vector<std::pair<slab<std::uint64_t>::handle_type, const std::uint64_t*>> seen;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const auto h = numbers.emplace(i);
    seen.emplace_back(h, numbers.find(h));
  }
  for (std::uint64_t i = 0; i < seen.size(); ++i) {
    ASSERT_EQ(numbers.find(seen[i].first), seen[i].second);
    ASSERT_EQ(*seen[i].second, i);
  }
}

TEST(Slab, GivesMemoryBackWhenEmptyAndKeepsOldHandlesStale) {
  slab<int> numbers;
  std::vector<slab<int>::handle_type> first;
  for (int i = 0; i < 1000; ++i) first.push_back(numbers.emplace(i));
  const auto full = numbers.allocated_bytes();
  for (const auto& h : first) numbers.erase(h);
  EXPECT_LT(numbers.allocated_bytes(), full / 10);
  std::vector<slab<int>::handle_type> second;
  for (int i = 0; i < 1000; ++i) second.push_back(numbers.emplace(i));
  for (const auto& h : first) ASSERT_EQ(numbers.find(h), nullptr);
  for (const auto& h : second) ASSERT_NE(numbers.find(h), nullptr);
}

TEST(Slab, DestroysEachObjectOnce) {
  const auto counted = std::make_shared<int>(0);
  {
    slab<std::shared_ptr<int>> pointers;
    const auto a = pointers.emplace(counted);
    pointers.emplace(counted);
    EXPECT_EQ(counted.use_count(), 3);
    pointers.erase(a);
    EXPECT_EQ(counted.use_count(), 2);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(Slab, HoldsWhatCannotMove) {
  struct anchored {
    explicit anchored(int v) : value{v} {}
    anchored(const anchored&) = delete;
    anchored& operator=(const anchored&) = delete;
    int value;
  };
  slab<anchored> objects;
  EXPECT_EQ(objects.at(objects.emplace(7)).value, 7);
}

TEST(Slab, SurvivesAConstructorThatThrows) {
  struct picky {
    explicit picky(int v) : value{v} {
      if (v > 9) throw std::invalid_argument{"too large"};
    }
    int value;
  };
  slab<picky> objects;
  const auto a = objects.emplace(1);
  const auto b = objects.emplace(2);
  objects.erase(a);
  EXPECT_THROW(objects.emplace(1000), std::invalid_argument) << "overwrites the free list's link";
  EXPECT_EQ(objects.size(), 1U);
  EXPECT_EQ(objects.at(objects.emplace(3)).value, 3);
  EXPECT_EQ(objects.at(objects.emplace(4)).value, 4);
  EXPECT_EQ(objects.at(b).value, 2);
}

TEST(Slab, VisitsAllAndMayEraseMeanwhile) {
  slab<int> numbers;
  for (int i = 0; i < 500; ++i) numbers.emplace(i);
  int sum = 0;
  numbers.for_each([&](auto h, int& value) {
    sum += value;
    if (value % 2 == 0) numbers.erase(h);
  });
  EXPECT_EQ(sum, 499 * 500 / 2);
  EXPECT_EQ(numbers.size(), 250U);
  numbers.for_each([&](auto h, int&) { numbers.erase(h); });
  EXPECT_TRUE(numbers.empty());
}

TEST(Slab, VisitsAFewPlacesAtATime) {
  slab<int> numbers;
  std::vector<handle<int>> all;
  for (int i = 0; i < 10; ++i) all.push_back(numbers.emplace(i));
  for (const int gone : {3, 4, 5, 9}) numbers.erase(all[static_cast<std::size_t>(gone)]);
  std::vector<std::vector<int>> pages;
  for (std::optional<std::uint32_t> from = 0; from;) {
    pages.emplace_back();
    from = numbers.for_each_of(*from, 3, [&](auto, int value) { pages.back().push_back(value); });
  }
  EXPECT_EQ(pages, (std::vector<std::vector<int>>{{0, 1, 2}, {}, {6, 7, 8}, {}}));
  EXPECT_FALSE(numbers.for_each_of(1'000, 3, [](auto, int) { FAIL(); }));
}

TEST(Slab, AgreesWithAMapUnderRandomUse) {
  constexpr std::uint64_t seed = 1;
  SCOPED_TRACE(seed);
  prng random{seed};
  slab<std::uint64_t, 8> numbers;
  std::map<std::uint64_t, handle<std::uint64_t>> live;
  std::vector<handle<std::uint64_t>> gone;
  for (std::uint64_t step = 0; step < 50'000; ++step) {
    const bool shrinking = (step / 500) % 2 == 1;
    if (live.empty() || random.chance(shrinking ? 1 : 3, 4)) {
      const auto h = numbers.emplace(step);
      ASSERT_TRUE(h);
      live.emplace(step, h);
    } else {
      const auto it = std::next(
          live.begin(),
          static_cast<std::ptrdiff_t>(random.below(std::min<std::size_t>(live.size(), 20))));
      ASSERT_EQ(numbers.at(it->second), it->first);
      numbers.erase(it->second);
      gone.push_back(it->second);
      live.erase(it);
    }
    ASSERT_EQ(numbers.size(), live.size());
  }
  for (const auto& h : gone) ASSERT_EQ(numbers.find(h), nullptr);
  for (const auto& [value, h] : live) ASSERT_EQ(numbers.at(h), value);
}

TEST(SlabDeathTest, RefusesAStaleHandleAsABug) {
  slab<int> numbers;
  const auto h = numbers.emplace(1);
  numbers.erase(h);
  EXPECT_DEATH(static_cast<void>(numbers.at(h)), "assertion failed");
  EXPECT_DEATH(numbers.erase(h), "assertion failed");
}

}  // namespace
}  // namespace godwit::base
