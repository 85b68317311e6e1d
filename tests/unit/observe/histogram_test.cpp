#include <godwit/base/random.hpp>
#include <godwit/observe/histogram.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace godwit::observe {
namespace {

TEST(HistogramBuckets, LieSideBySideOverTheWholeRange) {
  std::size_t last = 0;
  for (std::uint64_t value = 0; value < 200'000; ++value) {
    const auto index = histogram_buckets::index_of(value);
    ASSERT_TRUE(index == last || index == last + 1) << value;
    ASSERT_LE(histogram_buckets::lowest_of(index), value);
    ASSERT_GT(histogram_buckets::lowest_of(index + 1), value);
    last = index;
  }
  EXPECT_EQ(histogram_buckets::index_of(histogram_buckets::largest), histogram_buckets::count - 1);
  EXPECT_EQ(histogram_buckets::index_of(~std::uint64_t{0}), histogram_buckets::count - 1);
}

TEST(HistogramBuckets, MiddleIsWithinTwoPercentOfEveryValue) {
  base::prng random{1};
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t value = random() >> (28 + random.below(36));
    const auto middle =
        static_cast<double>(histogram_buckets::middle_of(histogram_buckets::index_of(value)));
    ASSERT_NEAR(middle, static_cast<double>(value), 0.02 * static_cast<double>(value)) << value;
  }
}

TEST(Histogram, IsEmptyAtFirst) {
  histogram_totals all;
  all.merge(histogram{});
  EXPECT_EQ(all.count(), 0U);
  EXPECT_EQ(all.percentile(50), 0U);
}

TEST(Histogram, PercentilesAgreeWithSortedValues) {
  constexpr std::uint64_t seed = 2;
  SCOPED_TRACE(seed);
  base::prng random{seed};
  histogram shards[2];
  std::vector<std::uint64_t> values;
  std::uint64_t sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t value = random() >> (40 + random.below(24));
    values.push_back(value);
    sum += value;
    shards[i % 2].record(value);
  }
  std::sort(values.begin(), values.end());
  histogram_totals all;
  all.merge(shards[0]);
  all.merge(shards[1]);
  EXPECT_EQ(all.count(), values.size());
  EXPECT_EQ(all.sum(), sum);
  for (const std::size_t percent : {1U, 10U, 50U, 90U, 99U, 100U}) {
    const auto exact = static_cast<double>(values[percent * values.size() / 100 - 1]);
    EXPECT_NEAR(static_cast<double>(all.percentile(static_cast<double>(percent))), exact,
                0.02 * exact)
        << percent;
  }
  EXPECT_NEAR(static_cast<double>(all.percentile(0)), static_cast<double>(values.front()), 1);
}

}  // namespace
}  // namespace godwit::observe
