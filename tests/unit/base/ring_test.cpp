#include <godwit/base/random.hpp>
#include <godwit/base/ring.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>

namespace godwit::base {
namespace {

static_assert(sizeof(ring<std::string>) == 24);

TEST(Ring, StartsWithoutMemoryAndGivesItBack) {
  ring<int> numbers;
  EXPECT_EQ(numbers.capacity(), 0U);
  for (int i = 0; i < 100; ++i) numbers.push_back(i);
  EXPECT_EQ(numbers.capacity(), 128U);
  EXPECT_EQ(numbers.allocated_bytes(), 128 * sizeof(int));
  numbers.clear();
  EXPECT_EQ(numbers.capacity(), 0U);
  EXPECT_TRUE(numbers.empty());
  numbers.push_back(1);
  EXPECT_EQ(numbers.front(), 1);
}

TEST(Ring, CountsPositionsFromTheFront) {
  ring<int> numbers;
  for (int i = 0; i < 4; ++i) numbers.push_back(i);
  numbers.pop_front();
  numbers.pop_front();
  numbers.push_back(4);
  numbers.push_back(5);
  EXPECT_EQ(numbers.capacity(), 4U) << "places are used again";
  for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(numbers[i], static_cast<int>(i) + 2);
  EXPECT_EQ(numbers.front(), 2);
  EXPECT_EQ(numbers.back(), 5);
  numbers.pop_back();
  EXPECT_EQ(numbers.back(), 4);
}

TEST(Ring, MovesWithItsValues) {
  ring<std::unique_ptr<int>> a;
  a.push_back(std::make_unique<int>(1));
  ring<std::unique_ptr<int>> b{std::move(a)};
  EXPECT_EQ(*b.front(), 1);
  ring<std::unique_ptr<int>> c;
  c.push_back(std::make_unique<int>(2));
  c = std::move(b);
  EXPECT_EQ(c.size(), 1U);
  EXPECT_EQ(*c.front(), 1);
}

TEST(Ring, TakesACopyOfItsOwnElementWhileGrowing) {
  ring<std::string> strings;
  for (int i = 0; i < 4; ++i) strings.push_back(std::string(30, static_cast<char>('a' + i)));
  strings.emplace_back(strings.front());
  EXPECT_EQ(strings.back(), std::string(30, 'a'));
  EXPECT_EQ(strings.front(), std::string(30, 'a'));
}

TEST(Ring, AgreesWithADequeUnderRandomUse) {
  constexpr std::uint64_t seed = 5;
  SCOPED_TRACE(seed);
  prng random{seed};
  ring<std::shared_ptr<std::uint64_t>> numbers;
  std::deque<std::uint64_t> model;
  const auto check_all = [&] {
    ASSERT_EQ(numbers.size(), model.size());
    for (std::uint32_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(*numbers[i], model[i]);
  };
  for (std::uint64_t step = 0; step < 20'000; ++step) {
    const auto choice = random.below((step / 1000) % 2 == 0 ? 8 : 14);
    if (choice < 5) {
      numbers.push_back(std::make_shared<std::uint64_t>(step));
      model.push_back(step);
    } else if (!model.empty() && choice < 13) {
      if (choice % 4 == 0) {
        numbers.pop_back();
        model.pop_back();
      } else {
        numbers.pop_front();
        model.pop_front();
      }
    } else if (random.chance(1, 100)) {
      numbers.clear();
      model.clear();
    }
    if (step % 100 == 0) check_all();
  }
  check_all();
}

TEST(RingDeathTest, APositionBeyondTheEndIsABug) {
  ring<int> numbers;
  EXPECT_DEATH(numbers.pop_front(), "assertion failed");
  numbers.push_back(1);
  EXPECT_DEATH(static_cast<void>(numbers[1]), "assertion failed");
}

}  // namespace
}  // namespace godwit::base
