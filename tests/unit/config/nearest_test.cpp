#include <godwit/config/nearest.hpp>

#include <gtest/gtest.h>

namespace godwit::config {
namespace {

TEST(EditDistance, CountsInsertionsRemovalsChangesAndSwaps) {
  EXPECT_EQ(edit_distance("expiry", "expiry"), 0U);
  EXPECT_EQ(edit_distance("expirey", "expiry"), 1U);
  EXPECT_EQ(edit_distance("exiry", "expiry"), 1U);
  EXPECT_EQ(edit_distance("axpiry", "expiry"), 1U);
  EXPECT_EQ(edit_distance("expriy", "expiry"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
}

TEST(Nearest, FindsWhatWasProbablyMeant) {
  const std::vector<std::string_view> names{"expiry", "queue", "inflight_max", "log"};
  EXPECT_EQ(nearest("expirey", names), "expiry");
  EXPECT_EQ(nearest("max_inflight", names), std::nullopt);
  EXPECT_EQ(nearest("infligth_max", names), "inflight_max");
  EXPECT_EQ(nearest("lg", names), "log");
}

TEST(Nearest, SuggestsNothingFarFetchedOrForVeryLongWords) {
  const std::vector<std::string_view> names{"expiry", "queue"};
  EXPECT_EQ(nearest("tls", names), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'e'), names), std::nullopt);
}

}  // namespace
}  // namespace godwit::config
