#include <godwit/base/random.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace godwit::base {
namespace {

TEST(Splitmix64, MatchesThePublishedSequence) {
  splitmix64 random{1234567};
  for (const std::uint64_t expected :
       {6457827717110365317U, 3203168211198807973U, 9817491932198370423U, 4593380528125082431U,
        16408922859458223821U}) {
    EXPECT_EQ(random(), expected);
  }
}

TEST(Prng, RepeatsForASeedAndDiffersForAnother) {
  prng a{7};
  prng b{7};
  prng c{8};
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const auto value = a();
    EXPECT_EQ(value, b());
    differs = differs || value != c();
  }
  EXPECT_TRUE(differs);
}

TEST(Prng, IsEvenBelowABound) {
  prng random{3};
  std::array<int, 10> seen{};
  for (int i = 0; i < 100'000; ++i) ++seen.at(random.below(10));
  const auto [least, most] = std::minmax_element(seen.begin(), seen.end());
  EXPECT_GT(*least, 9'500);
  EXPECT_LT(*most, 10'500);
  EXPECT_EQ(random.below(1), 0U);
}

TEST(Prng, SetsEveryBitHalfOfTheTime) {
  prng random{0};
  std::array<int, 64> ones{};
  for (int i = 0; i < 10'000; ++i) {
    const auto value = random();
    for (unsigned bit = 0; bit < 64; ++bit) ones.at(bit) += static_cast<int>((value >> bit) & 1U);
  }
  for (const int count : ones) {
    EXPECT_GT(count, 4'700);
    EXPECT_LT(count, 5'300);
  }
}

}  // namespace
}  // namespace godwit::base
